from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from graphring.config import Settings
from graphring.engine import Engine
from graphring.errors import SourceError
from graphring.intake import Reader, discover
from tests.unit.intake.worlds import account, exchange, link, payment, read, write_logs

LAX: dict[str, Any] = {"intake": {"quarantine_share": 1.0}}


def one(tmp_path: Path, kind: str = "csv", **values: Any) -> tuple[list[dict[str, Any]], list[str]]:
    folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
    rows, bad = read(write_logs(folder, {"exchanges": [exchange(0, **values), exchange(1)]}, kind), **LAX)
    assert all((name, row) == (f"exchanges.{kind}", 1) for name, row, _ in bad)
    return [row for row in rows if row["exchange_id"] != "e1"], [reason for *_, reason in bad]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T10:20:30Z", datetime(2026, 1, 31, 10, 20, 30, tzinfo=UTC)),
        ("2026-01-31 10:20:30", datetime(2026, 1, 31, 10, 20, 30, tzinfo=UTC)),
        ("2026-01-31T10:20:30.123456+02:00", datetime(2026, 1, 31, 8, 20, 30, 123456, tzinfo=UTC)),
        ("2026-01-31T10:20:30.123456789-0530", datetime(2026, 1, 31, 15, 50, 30, 123456, tzinfo=UTC)),
        ("2026-01-31T10:20", datetime(2026, 1, 31, 10, 20, tzinfo=UTC)),
        (" 2026-01-31 ", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2000-01-01T00:00:00Z", datetime(2000, 1, 1, tzinfo=UTC)),
        ("2099-12-31T23:59:59.999999Z", datetime(2099, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_times_of_iso_8601(tmp_path: Path, kind: str, text: str, moment: datetime) -> None:
    rows, bad = one(tmp_path, kind, ts=text)
    assert (rows[0]["ts"], bad) == (moment, [])


@pytest.mark.parametrize(
    "text", ["1769854830", "1769854830000", "yesterday", "31.01.2026", "2026-13-01", "2026-02-30", "10:20:30", "0x10"]
)
def test_what_is_no_time(tmp_path: Path, text: str) -> None:
    assert one(tmp_path, ts=text) == ([], ["ts is not an ISO 8601 time"])


@pytest.mark.parametrize("text", ["1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z", "0001-01-01", "infinity", "epoch"])
def test_absurd_times(tmp_path: Path, text: str) -> None:
    assert one(tmp_path, ts=text) == ([], ["ts is before 2000 or after 2099"])


@pytest.mark.parametrize("name", ["exchange_id", "account_id", "ts", "ip"])
@pytest.mark.parametrize("value", ["", "  ", None])
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_required_value_is_not_empty(tmp_path: Path, kind: str, name: str, value: str | None) -> None:
    assert one(tmp_path, kind, **{name: value}) == ([], [f"{name} is empty"])


@pytest.mark.parametrize(("text", "number"), [("12", 12), ("0", 0), (" 7 ", 7), ("12.0", 12), ("", None), (None, None)])
def test_counts(tmp_path: Path, text: str | None, number: int | None) -> None:
    rows, bad = one(tmp_path, input_tokens=text)
    assert (rows[0]["input_tokens"], bad) == (number, [])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("-1", "negative"),
        ("1.5", "whole number"),
        ("many", "whole number"),
        ("9" * 30, "whole number"),
        ("0x1f", "whole"),
    ],
)
def test_what_is_no_count(tmp_path: Path, text: str, reason: str) -> None:
    rows, (said,) = one(tmp_path, input_tokens=text)
    assert not rows
    assert said.startswith("input_tokens is ")
    assert reason in said


def test_ids_are_kept_byte_for_byte_and_bounded(tmp_path: Path) -> None:
    rows, bad = one(tmp_path, exchange_id=' ünï,"code"\n ')
    assert (rows[0]["exchange_id"], bad) == (' ünï,"code"\n ', [])
    assert one(tmp_path, exchange_id="x" * 1024)[1] == []
    assert one(tmp_path, exchange_id="x" * 1025)[1] == ["exchange_id is longer than 1024 characters"]


def test_a_nul_byte_is_refused_in_what_is_kept_and_passes_in_prompts(tmp_path: Path) -> None:
    assert one(tmp_path, "jsonl", model="a\0b") == ([], ["model holds a NUL byte"])
    assert one(tmp_path, "csv", account_id="a\0b") == ([], ["account_id holds a NUL byte"])
    rows, bad = one(tmp_path, "jsonl", prompt="a\0b")
    assert (rows[0]["prompt"], bad) == ("a\0b", [])


def test_empty_text_is_none(tmp_path: Path) -> None:
    rows, _ = one(tmp_path, "jsonl", model="", prompt="", system_prompt="", user_agent="", conversation_id="")
    assert {rows[0][n] for n in ("model", "prompt", "system_prompt", "user_agent", "conversation_id")} == {None}


def tables(logs: Path, work: Path, **settings: Any) -> tuple[dict[str, list[dict[str, Any]]], list[str]]:
    chosen = Settings(**{**LAX, **settings})
    with Engine(threads=1) as engine:
        reader = Reader(engine, discover([logs], chosen), chosen)
        reader.read_tables(work)
        found = {path.stem: pq.read_table(path).to_pylist() for path in work.glob("*.parquet")}
        return found, [f"{bad['table']} {bad['row']}: {bad['reason']}" for bad in reader.quarantine().to_pylist()]


def test_flags_and_domains(tmp_path: Path) -> None:
    flags = ["true", "T", "YES", "1", "False", "n", "0", "", "maybe"]
    domains = ["Example.COM", "Some.One@Mail.Example.org ", "", "x", "@", "a@b@c.de", "d", "e", "f"]
    accounts = [
        account(i, verified=flag, email_domain=domain)
        for i, (flag, domain) in enumerate(zip(flags, domains, strict=True))
    ]
    logs = write_logs(tmp_path / "logs", {"accounts": accounts, "links": [link(0)]})
    found, bad = tables(logs, tmp_path / "work")
    assert [row["verified"] for row in found["accounts"]] == [True] * 4 + [False] * 3 + [None]
    assert [row["email_domain"] for row in found["accounts"]][:6] == [
        "example.com", "mail.example.org", None, "x", None, "c.de",
    ]  # fmt: skip
    assert bad == ["accounts 9: verified is neither true nor false"]


def test_links_count_from_one_and_their_type_is_not_account(tmp_path: Path) -> None:
    links = [link(0, count=None, ts=None), link(1, count=0), link(2, object_type="account"), link(3, count=5)]
    found, bad = tables(write_logs(tmp_path / "logs", {"links": links}), tmp_path / "work")
    assert [row["count"] for row in found["links"]] == [1, 5]
    assert bad == ["links 2: count is below 1", "links 3: object_type is a reserved word"]


def test_each_table_is_judged_by_itself_and_says_the_commonest_reasons(tmp_path: Path) -> None:
    payments = [payment(i) for i in range(197)] + [payment(i, ts="x") for i in range(3)]
    payments[7] = payment(7, account_id="")
    world = {"accounts": [account(i) for i in range(1000)], "payments": payments}
    logs = write_logs(tmp_path / "logs", world)
    with pytest.raises(SourceError) as caught:
        tables(logs, tmp_path / "work", intake={"quarantine_share": 0.019})
    said = str(caught.value)
    assert "payments: 4 of 200 rows are bad" in said
    assert "ts is not an ISO 8601 time (3 rows); account_id is empty (1 rows)" in said
    assert "payments.csv, row 8" in said
    assert not (tmp_path / "work" / "payments.parquet").exists()
    assert len(tables(logs, tmp_path / "work", intake={"quarantine_share": 0.02})[1]) == 4


def test_the_reason_never_quotes_the_log(tmp_path: Path) -> None:
    secret = "sk-secret"
    rows = [exchange(i, ts=secret, input_tokens=secret) for i in range(3)]
    with pytest.raises(SourceError) as caught:
        read(write_logs(tmp_path, {"exchanges": rows}))
    assert secret not in str(caught.value)


def test_a_time_with_an_offset_at_the_edge_of_the_day(tmp_path: Path) -> None:
    rows, _ = one(tmp_path, ts="2026-01-01T00:30:00+01:00")
    assert rows[0]["ts"] == datetime(2026, 1, 1, tzinfo=UTC) - timedelta(minutes=30)


def test_json_numbers_and_nested_values_are_text(tmp_path: Path) -> None:
    row = {"exchange_id": 17, "account_id": True, "ts": "2026-01-31", "ip": "1", "prompt": [{"role": "user", "n": 1}]}
    (tmp_path / "exchanges.jsonl").write_text(json.dumps(row))
    (rows, _) = read(tmp_path)
    assert [rows[0][name] for name in ("exchange_id", "account_id", "prompt")] == [
        "17",
        "true",
        '[{"role":"user","n":1}]',
    ]
