from __future__ import annotations

import gzip
import io
import random
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graphring.config import Settings
from graphring.engine import Engine
from graphring.errors import ConfigError, SourceError
from graphring.intake import Reader, discover
from tests.unit.intake.strangers import as_stranger, stranger
from tests.unit.intake.worlds import FORMATS, encode, exchange, read, write_logs

HEADER = "exchange_id,account_id,ts,ip\n"
GOOD = "e1,a1,2026-01-31,10.0.0.1\n"
LAX: dict[str, Any] = {"intake": {"quarantine_share": 1.0}}


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def put_parquet(folder: Path, **columns: Any) -> Path:
    base = {"exchange_id": ["x"], "account_id": ["a"], "ts": [datetime(2026, 1, 31, tzinfo=UTC)], "ip": ["1.1.1.1"]}
    pq.write_table(pa.table({**base, **columns}), folder / "exchanges.parquet")
    return folder


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_has_the_same_rows(tmp_path: Path, kind: str) -> None:
    rows = [exchange(i, prompt='a "quoted",\r\nlong\t text é 漢 🎈') for i in range(5)]
    found, bad = read(write_logs(tmp_path, {"exchanges": rows}, kind))
    assert bad == []
    assert [{k: row[k] for k in rows[0]} for row in found] == rows
    assert {row["source"] for row in found} == {0}


class TestCsv:
    def test_broken_rows_are_counted_in_the_file(self, tmp_path: Path) -> None:
        lines = [GOOD, "e2,a1\n", GOOD, "\n", "e4,a,b,c,d\n", "e5,a1,never,1\n", '"e\n6",a1,2026-01-31,1\n', "x\n"]
        rows, bad = read(put(tmp_path, "exchanges.csv", HEADER + "".join(lines)), **LAX)
        assert [row["exchange_id"] for row in rows] == ["e1", "e1", "e\n6"]
        assert [(row, reason) for _, row, reason in bad] == [
            (2, "the row has fewer fields than the header"), (4, "the row has more fields than the header"),
            (5, "ts is not an ISO 8601 time"), (7, "the row has fewer fields than the header"),
        ]  # fmt: skip

    def test_rows_are_numbered_across_batches(self, tmp_path: Path) -> None:
        lines = [f"e{i},a1,2026-01-31,1\n" if i % 1000 else "short\n" for i in range(1, 5001)]
        rows, bad = read(put(tmp_path, "exchanges.csv", HEADER + "".join(lines)), intake={"batch_rows": 1024})
        assert len(rows) == 4995
        assert [row for _, row, _ in bad] == [1000, 2000, 3000, 4000, 5000]

    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    @pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
    def test_delimiters_line_ends_and_the_mark_of_utf8(
        self, tmp_path: Path, delimiter: str, end: str, mark: bytes
    ) -> None:
        text = (HEADER + GOOD).replace(",", delimiter).replace("\n", end)
        rows, bad = read(put(tmp_path, "exchanges.csv", mark + text.encode()))
        assert ([row["ip"] for row in rows], bad) == (["10.0.0.1"], [])

    def test_columns_may_be_in_any_order_and_further_ones_are_not_read(self, tmp_path: Path) -> None:
        text = "secret,ip,ts,account_id,exchange_id\n\xff,1,2026-01-31,a,e\n"
        rows, _ = read(put(tmp_path, "exchanges.csv", text))
        assert (rows[0]["exchange_id"], "secret" in rows[0]) == ("e", False)

    def test_a_quote_that_never_closes_counts_every_row_it_swallows(self, tmp_path: Path) -> None:
        many = "".join(f"e{i},a1,2026-01-31,1\n" for i in range(2000))
        logs = put(tmp_path, "exchanges.csv", HEADER + many + 'e,"a1,2026-01-31,1\n' + many)
        with pytest.raises(SourceError, match=r"2001 of 4001 rows are bad.*closing quote"):
            read(logs)

    def test_a_quote_that_swallows_rows_unseen_is_warned_of(self, tmp_path: Path) -> None:
        text = "ip,account_id,ts,exchange_id\n1,a,2026-01-31,e1\n" + '1,a,2026-01-31,"e2\n' + "1,a,2026-01-31,e3\n"
        settings = Settings()
        with Engine(threads=1) as engine:
            reader = Reader(engine, discover([put(tmp_path, "exchanges.csv", text)], settings), settings)
            assert sum(batch.num_rows for batch in reader.stream_exchanges()) == 2
        assert any("odd number of quotes" in warning for warning in reader.warnings())


class TestJsonLines:
    def test_broken_lines_are_counted_in_the_file(self, tmp_path: Path) -> None:
        good = '{"exchange_id":"e","account_id":"a","ts":"2026-01-31","ip":"1"}'
        lines = [
            good,
            "",
            '{"exchange_id":',
            "[1]",
            "null",
            "  ",
            '{"exchange_id":"\\ud800"}',
            "a\x01b",
            good,
            '{"a":1} 2',
        ]
        rows, bad = read(put(tmp_path, "exchanges.jsonl", "\r\n".join(lines)), **LAX)
        assert len(rows) == 2
        assert [row for _, row, _ in bad] == [3, 4, 5, 7, 8, 10]
        assert {reason for *_, reason in bad} == {
            "the line is not a JSON object",
            "the line holds a bare control character",
        }

    def test_keys_may_be_absent_repeated_and_odd(self, tmp_path: Path) -> None:
        lines = [
            '{"exchange_id":"e1","exchange_id":"no","a/b~c":"acc","ts":"2026-01-31","ip":"1","model":null}',
            '{"exchange_id":"e2","a/b~c":"acc","ts":"2026-01-31","ip":"1","model":"m","more":{"x":[]}}',
        ]
        logs = put(tmp_path, "exchanges.jsonl", "\n".join(lines))
        rows, _ = read(logs, columns={"exchanges": {"account_id": "a/b~c"}})
        assert [(r["exchange_id"], r["account_id"], r["model"]) for r in rows] == [
            ("e1", "acc", None),
            ("e2", "acc", "m"),
        ]

    def test_another_format_under_its_name(self, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match=r"exchanges\.jsonl is not JSON Lines"):
            read(put(tmp_path, "exchanges.jsonl", HEADER + GOOD))

    def test_deep_nesting_is_no_harm(self, tmp_path: Path) -> None:
        deep = "[" * 50_000 + "]" * 50_000
        line = f'{{"exchange_id":"e","account_id":"a","ts":"2026-01-31","ip":"1","prompt":{deep}}}\n'
        rows, bad = read(put(tmp_path, "exchanges.jsonl", line), **LAX)
        assert len(rows) + len(bad) == 1


class TestParquet:
    @pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
    @pytest.mark.parametrize("zone", [None, "UTC", "Asia/Tokyo"])
    def test_timestamps_of_any_unit_and_zone(self, tmp_path: Path, unit: str, zone: str | None) -> None:
        moment = pa.array([datetime(2026, 1, 31, 10, 20, 30, tzinfo=UTC)]).cast(pa.timestamp(unit, zone))
        rows, _ = read(put_parquet(tmp_path, ts=moment))
        assert rows[0]["ts"] == datetime(2026, 1, 31, 10, 20, 30, tzinfo=UTC)

    def test_dates(self, tmp_path: Path) -> None:
        rows, _ = read(put_parquet(tmp_path, ts=pa.array([date(2026, 1, 31)])))
        assert rows[0]["ts"] == datetime(2026, 1, 31, tzinfo=UTC)

    @pytest.mark.parametrize(("unit", "ticks"), [("ms", 9 * 10**17), ("us", -(9 * 10**18)), ("ns", 2**62)])
    def test_timestamps_beyond_what_others_can_hold(self, tmp_path: Path, unit: str, ticks: int) -> None:
        absurd = pa.array([ticks], pa.int64()).cast(pa.timestamp(unit))
        assert read(put_parquet(tmp_path, ts=absurd), **LAX)[1][0][2] == "ts is before 2000 or after 2099"

    def test_epoch_integers_are_no_times(self, tmp_path: Path) -> None:
        assert read(put_parquet(tmp_path, ts=[1769854830]), **LAX)[1][0][2] == "ts is not an ISO 8601 time"

    @pytest.mark.parametrize(
        ("values", "text"),
        [
            (pa.array([7], pa.int8()), "7"), (pa.array([2**64 - 1], pa.uint64()), str(2**64 - 1)),
            (pa.array([7.0]), "7"), (pa.array([7.5]), "7.5"), (pa.array([b"x"]), "x"),
            (pa.array(["x"], pa.large_string()), "x"), (pa.array(["x"], pa.string_view()), "x"),
            (pa.array(["x"]).dictionary_encode(), "x"), (pa.array([Decimal(12)]), "12"), (pa.array([True]), "true"),
        ],
    )  # fmt: skip
    def test_ids_of_any_type_are_text(self, tmp_path: Path, values: pa.Array, text: str) -> None:
        rows, _ = read(put_parquet(tmp_path, account_id=values))
        assert rows[0]["account_id"] == text

    def test_a_gap_in_a_column_of_floats_is_empty(self, tmp_path: Path) -> None:
        assert read(put_parquet(tmp_path, account_id=[float("nan")]), **LAX)[1][0][2] == "account_id is empty"

    def test_counts_of_any_type(self, tmp_path: Path) -> None:
        rows, _ = read(put_parquet(tmp_path, input_tokens=[3.0], output_tokens=pa.array([4], pa.uint64())))
        assert (rows[0]["input_tokens"], rows[0]["output_tokens"]) == (3, 4)

    def test_nested_prompts_are_json(self, tmp_path: Path) -> None:
        rows, _ = read(put_parquet(tmp_path, prompt=pa.array([[{"role": "user", "content": "é"}]])))
        assert rows[0]["prompt"] == '[{"role":"user","content":"é"}]'

    def test_columns_of_nothing(self, tmp_path: Path) -> None:
        rows, _ = read(put_parquet(tmp_path, model=pa.nulls(1), prompt=pa.nulls(1), input_tokens=pa.nulls(1)))
        assert (rows[0]["model"], rows[0]["prompt"], rows[0]["input_tokens"]) == (None, None, None)

    def test_rows_are_numbered_across_row_groups(self, tmp_path: Path) -> None:
        rows = [exchange(i, ip=None if i in {99, 2999} else "1") for i in range(3000)]
        table = pq.read_table(io.BytesIO(encode("exchanges", rows, "parquet")))
        pq.write_table(table, tmp_path / "exchanges.parquet", row_group_size=700)
        assert [row for _, row, _ in read(tmp_path)[1]] == [100, 3000]

    def test_text_that_is_not_utf8(self, tmp_path: Path) -> None:
        broken = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff\xfe"]).buffers())
        with pytest.raises(SourceError, match=r"exchanges\.parquet is not valid UTF-8"):
            read(put_parquet(tmp_path, prompt=broken))

    def test_damage_anywhere_is_one_error_or_none(self, tmp_path: Path) -> None:
        whole = encode("exchanges", [exchange(i) for i in range(200)], "parquet")
        rng = random.Random(7)
        for _ in range(25):
            data = bytearray(whole)
            for _ in range(rng.randint(1, 20)):
                data[rng.randrange(len(data))] = rng.randrange(256)
            (tmp_path / "exchanges.parquet").write_bytes(data[: rng.choice([None, rng.randrange(1, len(data))])])
            try:
                read(tmp_path, **LAX)
            except SourceError as error:
                assert "exchanges.parquet" in str(error)  # noqa: PT017


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


NOISE = "".join(f"e{i},a{random.Random(i).random()},2026-01-31,1\n" for i in range(5000))
BROKEN: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "empty parquet": ("exchanges.parquet", bytes, "is empty"),
    "empty csv": ("exchanges.csv", bytes, "is empty"),
    "blank csv": ("exchanges.csv", lambda: b"\n\n", "is empty"),
    "empty jsonl": ("exchanges.jsonl", bytes, "is empty"),
    "empty gz": ("exchanges.csv.gz", bytes, "is empty"),
    "gz of nothing": ("exchanges.jsonl.gz", lambda: gzip.compress(b"\n"), "is empty"),
    "truncated csv.gz": ("exchanges.csv.gz", lambda: cut(gzip.compress((HEADER + NOISE).encode())), "is cut short"),
    "truncated small gz": ("exchanges.csv.gz", lambda: gzip.compress((HEADER + GOOD).encode())[:-9], "is cut short"),
    "truncated jsonl.gz": ("exchanges.jsonl.gz", lambda: cut(gzip.compress(NOISE.encode())), "is cut short"),
    "no gz": ("exchanges.csv.gz", (HEADER + GOOD).encode, "not a readable CSV"),
    "corrupt parquet": ("exchanges.parquet", lambda: b"PAR1" + bytes(40) + b"PAR1", "not a readable Parquet"),
    "latin-1": ("exchanges.csv", lambda: (HEADER + "é,a,2026-01-31,1\n").encode("latin-1"), "UTF-8.*iconv"),
    "latin-1 header": ("exchanges.csv", lambda: ("é," + HEADER + "1," + GOOD).encode("latin-1"), "UTF-8.*iconv"),
    "latin-1 json": ("exchanges.jsonl", lambda: '{"exchange_id":"é"}'.encode("latin-1"), "UTF-8.*iconv"),
    "utf-16": ("exchanges.csv", lambda: (HEADER + GOOD).encode("utf-16"), "UTF-16.*iconv -f UTF-16"),
    "utf-32": ("exchanges.csv", lambda: (HEADER + GOOD).encode("utf-32"), "UTF-32.*iconv -f UTF-32"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_one_clear_line(tmp_path: Path, case: str) -> None:
    name, content, said = BROKEN[case]
    with pytest.raises(SourceError, match=said) as caught:
        read(put(tmp_path, name, content()))
    assert str(tmp_path / name) in str(caught.value)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl.gz"])
def test_a_file_that_may_not_be_read(kind: str) -> None:
    with stranger() as folder:
        write_logs(folder, {"exchanges": [exchange(0)]}, kind)
        (folder / f"exchanges.{kind}").chmod(0)
        with as_stranger(), pytest.raises(SourceError, match="permission denied"):
            read(folder)


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_a_file_that_vanished(tmp_path: Path, kind: str) -> None:
    settings = Settings()
    sources = discover([write_logs(tmp_path, {"exchanges": [exchange(0)]}, kind)], settings)
    (tmp_path / f"exchanges.{kind}").unlink()
    with Engine(threads=1) as engine, pytest.raises(SourceError, match="is not there"):
        list(Reader(engine, sources, settings).stream_exchanges())


def test_a_header_without_rows_is_a_warning(tmp_path: Path) -> None:
    settings = Settings()
    with Engine(threads=1) as engine:
        reader = Reader(engine, discover([put(tmp_path, "exchanges.csv", HEADER)], settings), settings)
        assert list(reader.stream_exchanges()) == []
    assert f"{tmp_path / 'exchanges.csv'} has no rows" in reader.warnings()


class TestColumns:
    def rename(self, tmp_path: Path, kind: str, old: str, new: str) -> Path:
        row = exchange(0)
        rows = [{(new if name == old else name): value for name, value in row.items()}]
        if kind == "parquet":
            pq.write_table(pa.Table.from_pylist(rows), tmp_path / "exchanges.parquet")
            return tmp_path
        return write_logs(tmp_path, {"exchanges": rows}, kind)

    @pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
    def test_a_missing_column_names_table_file_column_and_the_nearest(self, tmp_path: Path, kind: str) -> None:
        logs = self.rename(tmp_path, kind, "account_id", "acount_id")
        with pytest.raises(SourceError) as caught:
            read(logs)
        assert (
            f"exchanges in {tmp_path / f'exchanges.{kind}'} has no column account_id; the nearest is acount_id"
            in str(caught.value)
        )

    @pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
    def test_a_mapping_reads_another_name(self, tmp_path: Path, kind: str) -> None:
        rows, _ = read(self.rename(tmp_path, kind, "account_id", "user"), columns={"exchanges": {"account_id": "user"}})
        assert rows[0]["account_id"] == "a0"

    def test_a_mapped_column_must_exist_even_where_it_is_optional(self, tmp_path: Path) -> None:
        logs = write_logs(tmp_path, {"exchanges": [exchange(0)]})
        with pytest.raises(
            SourceError, match=r"no column model \(called modell by the settings\); the nearest is model"
        ):
            read(logs, columns={"exchanges": {"model": "modell"}})

    def test_two_of_our_columns_may_come_from_one_of_theirs(self, tmp_path: Path) -> None:
        for kind in ("csv", "parquet", "jsonl"):
            logs = write_logs(tmp_path / kind, {"exchanges": [exchange(0)]}, kind)
            rows, _ = read(logs, columns={"exchanges": {"template_id": "model"}})
            assert (rows[0]["model"], rows[0]["template_id"]) == ("m", "m")

    def test_a_column_that_is_there_twice(self, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match="has the column ip 2 times"):
            read(put(tmp_path, "exchanges.csv", "exchange_id,account_id,ts,ip,ip\n"))

    @pytest.mark.parametrize("columns", [{"exchange": {}}, {"exchanges": {"acount_id": "x"}}])
    def test_a_mapping_of_what_the_contract_does_not_have(self, tmp_path: Path, columns: Any) -> None:
        with pytest.raises(ConfigError, match=r"the nearest is (exchanges|account_id)"):
            read(write_logs(tmp_path, {"exchanges": [exchange(0)]}), columns=columns)

    @pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
    def test_a_partition_stands_in_for_a_column(self, tmp_path: Path, kind: str) -> None:
        row = {name: value for name, value in exchange(0).items() if name != "model"}
        write_logs(tmp_path / "exchanges" / "model=big%2D2" / "date=2026-01-31", {"exchanges": [row]}, kind)
        assert read(tmp_path)[0][0]["model"] == "big-2"

    @pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
    def test_a_column_counts_more_than_a_partition(self, tmp_path: Path, kind: str) -> None:
        write_logs(tmp_path / "exchanges" / "model=big-2", {"exchanges": [exchange(0)]}, kind)
        assert read(tmp_path)[0][0]["model"] == "m"
