"""A truth is read from every format, or refused in one clear line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graphring.errors import SourceError
from graphring.evaluate import Truth, read_truth
from graphring.evaluate.truth import dials

ROWS = [
    {"account_id": "0002", "ring": "r1", "kind": "pool"},
    {"account_id": "0001", "ring": "", "kind": "company"},
    {"account_id": "0003", "ring": None, "kind": ""},
]
TABLE = pa.Table.from_pylist(ROWS)


def write(folder: Path, suffix: str) -> Path:
    path = folder / f"truth{suffix}"
    csv = "account_id,ring,kind\n0002,r1,pool\n0001,,company\n0003,,\n"
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    if suffix == ".parquet":
        pq.write_table(TABLE, path)
    else:
        text = (csv if "csv" in suffix else lines).encode()
        path.write_bytes(gzip.compress(text) if suffix.endswith(".gz") else text)
    return path


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".csv.gz", ".jsonl", ".jsonl.gz"])
def test_every_format_says_the_same(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path, suffix)
    for source in (path, tmp_path, TABLE):
        rows = read_truth(source).accounts
        assert rows["account_id"].to_pylist() == ["0001", "0002", "0003"]
        assert rows["ring"].to_pylist() == ["", "r1", ""]
        assert rows["kind"].to_pylist() == ["company", "pool", ""]


def test_victims_and_customers_of_a_ring_are_innocent() -> None:
    table = pa.table({"account_id": ["a", "b", "c"], "ring": ["r", "r", "r"], "role": ["member", "victim", "customer"]})
    assert read_truth(table).accounts["ring"].to_pylist() == ["r", "", ""]


def test_rings_beside_the_truth_bring_their_dials(tmp_path: Path) -> None:
    path = write(tmp_path, ".csv")
    pq.write_table(
        pa.table({"ring": ["r1"], "kind": ["pool"], "unrelated_share": [0.8]}), tmp_path / "truth_rings.parquet"
    )
    rings = read_truth(path).rings
    assert rings is not None
    assert rings["unrelated_share"].to_pylist() == [0.8]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("truth.csv", b"acount_id,ring\na,\n", "no column 'account_id'; the nearest is 'acount_id'"),
        ("truth.csv", b"account_id,kind\na,\n", "no column 'ring'"),
        ("truth.csv", b"account_id,ring\na,r1\na,r2\n", "different things of 1 accounts, such as a"),
        ("truth.csv", b"account_id,ring\n,r1\n", "1 rows without an account_id"),
        ("truth.csv", b"account_id,ring\n\xff\xfe,r1\n", "cannot be read"),
        ("truth.csv", b"", "cannot be read"),
        ("truth.parquet", b"PAR1 not really", "cannot be read"),
        ("truth.jsonl", b'{"account_id": "a", "ring": ', "cannot be read"),
        ("truth.xlsx", b"", "unknown format"),
    ],
)
def test_bad_truth_gives_one_clear_line(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=message) as caught:
        read_truth(tmp_path / name)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_a_missing_file_or_a_folder_without_truth_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no truth file"):
        read_truth(tmp_path / "nothing.csv")
    with pytest.raises(SourceError, match="holds no truth file"):
        read_truth(tmp_path)


def test_dials_are_columns_or_entries_of_one_json_column() -> None:
    rings = pa.table(
        {"ring": ["b", "a"], "kind": ["k", "k"], "size": [3, None], "dials": ['{"jitter": 0.5}', "not json"]}
    )
    assert dials(Truth(accounts=TABLE, rings=rings)) == {"a": {}, "b": {"jitter": 0.5, "size": 3}}
