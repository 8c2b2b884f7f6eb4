from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graphring import model
from graphring.errors import SourceError
from graphring.intake import COMPACT, compact, text_hash
from tests.unit.intake.worlds import START, account, exchange, intake, link, payment, prints, small_world, write_logs

SCHEMAS = {name: getattr(model, name.upper()) for name in ("accounts", "payments", "links", "exchanges", "ips")}


def settled(tmp_path: Path, *nights: Mapping[str, Sequence[Any]]) -> tuple[dict[str, list[dict[str, Any]]], Any]:
    for number, world in enumerate(nights):
        write_logs(tmp_path / "logs" / f"night-{number}", world, "jsonl")
    files, counts, _ = intake(tmp_path / "logs", tmp_path / "work")
    tables = {name.removesuffix(".parquet"): pq.read_table(io.BytesIO(data)) for name, data in files.items()}
    assert {name: table.schema for name, table in tables.items()} == SCHEMAS
    return {name: table.to_pylist() for name, table in tables.items()}, counts


def test_codes_are_row_numbers_and_everything_is_sorted(tmp_path: Path) -> None:
    tables, counts = settled(tmp_path, small_world())
    ids = [row["account_id"] for row in tables["accounts"]]
    ips = [row["ip"] for row in tables["ips"]]
    assert (ids, ips) == (sorted(ids), sorted(ips))
    rows = tables["exchanges"]
    assert [(r["account"], r["ts"], r["exchange_id"]) for r in rows] == sorted(
        (r["account"], r["ts"], r["exchange_id"]) for r in rows
    )
    world = {row["exchange_id"]: row for row in small_world()["exchanges"]}
    for row in rows:
        original = world[row["exchange_id"]]
        assert (ids[row["account"]], ips[row["ip"]]) == (original["account_id"], original["ip"])
        assert (row["ts"], row["input_tokens"], row["model"]) == (original["ts"], original["input_tokens"], "m")
        assert row["conversation"] == text_hash(original["conversation_id"])
        assert row["shingles"] == [row["prompt"], row["prompt"] + 1]
    assert counts == {
        "accounts": 3, "unknown_accounts": 0, "replaced_accounts": 0, "payments": 3, "repeated_payments": 0,
        "links": 2, "repeated_links": 0, "ips": 5, "exchanges": 20, "duplicates": 0,
    }  # fmt: skip


def test_ids_sort_by_their_bytes(tmp_path: Path) -> None:
    ids = ["a10", "a2", "B", "é", "z", "漢", " ", "🎈"]
    tables, _ = settled(
        tmp_path, {"exchanges": [exchange(i, account_id=name) for i, name in enumerate(ids) if name.strip()]}
    )
    named = [row["account_id"] for row in tables["accounts"]]
    assert named == sorted((name for name in ids if name.strip()), key=str.encode)


def test_an_account_that_only_traffic_names_is_a_stub(tmp_path: Path) -> None:
    world = {
        "accounts": [account(0, plan="pro")], "payments": [payment(1)], "links": [link(2)],
        "exchanges": [exchange(0, account_id="a3")],
    }  # fmt: skip
    tables, counts = settled(tmp_path, world)
    assert [row["known"] for row in tables["accounts"]] == [True, False, False, False]
    stub = tables["accounts"][1]
    assert {name for name, value in stub.items() if value is not None} == {"account_id", "known"}
    assert (tables["payments"][0]["account"], tables["links"][0]["account"]) == (1, 2)
    assert counts["unknown_accounts"] == 3


class TestDuplicateExchanges:
    def kept(self, tmp_path: Path, *nights: Sequence[Any]) -> tuple[dict[str, Any], int]:
        tables, counts = settled(tmp_path, *({"exchanges": rows} for rows in nights))
        (row,) = [row for row in tables["exchanges"] if row["exchange_id"] == "e0"]
        return row, counts["duplicates"]

    def test_of_the_same_row_count_once(self, tmp_path: Path) -> None:
        row, dropped = self.kept(tmp_path, [exchange(0), exchange(1), exchange(0)], [exchange(0), exchange(2)])
        assert (row["source"], dropped) == (1, 2)

    def test_the_later_file_wins_even_with_an_earlier_time(self, tmp_path: Path) -> None:
        old, new = exchange(0, input_tokens=5), exchange(0, ts=START - timedelta(days=1), input_tokens=1)
        row, dropped = self.kept(tmp_path, [old], [new])
        assert (row["input_tokens"], dropped) == (1, 1)

    def test_within_a_file_the_latest_wins_whatever_the_order(self, tmp_path: Path) -> None:
        rows = [exchange(0, input_tokens=n, ts=START + timedelta(seconds=s)) for n, s in ((9, 0), (1, 7), (8, 3))]
        for number, order in enumerate((rows, rows[::-1])):
            assert self.kept(tmp_path / str(number), order)[0]["input_tokens"] == 1

    def test_at_the_same_time_the_content_decides_whatever_the_order(self, tmp_path: Path) -> None:
        rows = [exchange(0, prompt=f"p{i}", model=m) for i, m in enumerate(["b", None, "c", "c"])]
        found = [
            self.kept(tmp_path / str(n), order)[0] for n, order in enumerate((rows, rows[::-1], rows[2:] + rows[:2]))
        ]
        assert found[0] == found[1] == found[2]
        assert found[0]["model"] == "c"

    def test_the_account_and_ip_of_a_row_that_does_not_count_are_not_there(self, tmp_path: Path) -> None:
        tables, _ = settled(
            tmp_path, {"exchanges": [exchange(0, account_id="gone", ip="9.9.9.9")]}, {"exchanges": [exchange(0)]}
        )
        assert [row["account_id"] for row in tables["accounts"]] == ["a0"]
        assert [row["ip"] for row in tables["ips"]] == ["10.0.0.0"]

    def test_a_whole_night_delivered_twice(self, tmp_path: Path) -> None:
        rows = [exchange(i) for i in range(200)]
        tables, counts = settled(tmp_path, {"exchanges": rows}, {"exchanges": rows})
        assert (len(tables["exchanges"]), counts["duplicates"]) == (200, 200)


def test_accounts_of_later_files_replace_earlier_ones(tmp_path: Path) -> None:
    first = {"accounts": [account(0, plan="free"), account(1, plan="free")], "links": [link(0)]}
    tables, counts = settled(tmp_path, first, {"accounts": [account(1, plan="pro")]})
    assert [row["plan"] for row in tables["accounts"]] == ["free", "pro"]
    assert counts["replaced_accounts"] == 1


def test_equal_payments_and_links_count_once(tmp_path: Path) -> None:
    world = {"accounts": [account(0)], "payments": [payment(0), payment(0), payment(0, kind=None)], "links": [link(0)]}
    tables, counts = settled(tmp_path, world, {"payments": [payment(0)], "links": [link(0), link(0, count=3)]})
    assert [(row["kind"], row["issuer"]) for row in tables["payments"]] == [("card", None), (None, None)]
    assert [row["count"] for row in tables["links"]] == [2, 3]
    assert (counts["repeated_payments"], counts["repeated_links"]) == (2, 1)


def test_logs_without_exchanges(tmp_path: Path) -> None:
    tables, counts = settled(tmp_path, {"links": [link(0)]})
    assert (tables["exchanges"], tables["ips"], counts["exchanges"]) == ([], [], 0)


def test_logs_without_a_row_of_traffic(tmp_path: Path) -> None:
    logs = write_logs(tmp_path / "logs", {"accounts": [account(0)]})
    (logs / "links.csv").write_text("account_id,object_type,object_id\n")
    with pytest.raises(SourceError, match="no good row of payments, exchanges or links"):
        intake(logs, tmp_path / "work")


def test_paths_that_look_like_patterns_and_partitions(tmp_path: Path) -> None:
    odd = tmp_path / "model=[x]" / "ip=*"
    files, _, _ = intake(write_logs(tmp_path / "logs", small_world()), odd)
    assert {row["model"] for row in pq.read_table(io.BytesIO(files["exchanges.parquet"])).to_pylist()} == {"m"}


class TestCompact:
    def batch(self, **columns: Any) -> pa.RecordBatch:
        table = pa.Table.from_pylist([exchange(0, source=3, **columns)], schema=model.RAW_EXCHANGES)
        return table.to_batches()[0]

    def test_has_its_schema_and_no_text_of_prompts(self) -> None:
        batch = self.batch(prompt="a secret")
        kept = compact(batch, prints(batch))
        assert kept.schema == COMPACT
        assert "secret" not in str(kept.to_pylist())
        assert kept.column("source").to_pylist() == [3]

    def test_hashes_are_the_same_for_ever_and_none_is_zero(self) -> None:
        batch = self.batch(conversation_id=None, user_agent="sdk/1")
        kept = compact(batch, prints(batch)).to_pylist()[0]
        assert (kept["conversation"], kept["user_agent"]) == (0, 9_156_157_323_254_472_063)

    @pytest.mark.parametrize(
        ("ip", "kept"),
        [
            ("2001:DB8:0:0::1", "2001:db8::1"), ("::ffff:10.0.0.1", "10.0.0.1"), ("10.0.0.1", "10.0.0.1"),
            ("fe80::1%eth0", "fe80::1%eth0"), ("pseudonym:17", "pseudonym:17"), ("10.0.0.1:443", "10.0.0.1:443"),
        ],
    )  # fmt: skip
    def test_one_address_has_one_spelling(self, ip: str, kept: str) -> None:
        batch = self.batch(ip=ip)
        assert compact(batch, prints(batch)).column("ip").to_pylist() == [kept]
