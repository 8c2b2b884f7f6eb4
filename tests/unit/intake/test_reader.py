from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graphring.config import Settings
from graphring.engine import Engine
from graphring.errors import DiskFullError, SourceError
from graphring.intake import RAW_ACCOUNTS, RAW_LINKS, RAW_PAYMENTS, Reader, discover
from graphring.model import QUARANTINE, RAW_EXCHANGES
from tests.unit.intake.worlds import account, exchange, payment, small_world, write_logs


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(threads=2) as made:
        yield made


def reader(engine: Engine, *logs: Path, progress: Any = None, **settings: Any) -> Reader:
    chosen = Settings(**settings)
    return Reader(engine, discover(logs, chosen), chosen, progress)


def test_tables_are_written_in_their_schemas_in_the_order_of_the_files(tmp_path: Path, engine: Engine) -> None:
    write_logs(tmp_path / "n1", small_world(), "jsonl")
    write_logs(tmp_path / "n2", {"payments": [payment(9)]}, "parquet")
    counts = reader(engine, tmp_path / "n2", tmp_path / "n1").read_tables(tmp_path / "work")
    assert counts == {"accounts": 3, "payments": 4, "links": 2}
    for name, schema in (("accounts", RAW_ACCOUNTS), ("payments", RAW_PAYMENTS), ("links", RAW_LINKS)):
        assert pq.read_schema(tmp_path / "work" / f"{name}.parquet") == schema
    payments = pq.read_table(tmp_path / "work" / "payments.parquet")
    assert payments.column("source").to_pylist() == [0, 0, 0, 1]


def test_a_table_that_is_not_there_is_written_empty(tmp_path: Path, engine: Engine) -> None:
    reader(engine, write_logs(tmp_path / "logs", {"exchanges": [exchange(0)]})).read_tables(tmp_path / "work")
    assert pq.read_table(tmp_path / "work" / "links.parquet").num_rows == 0


def test_exchanges_stream_in_batches_of_bounded_size(tmp_path: Path, engine: Engine) -> None:
    rows = [exchange(i) for i in range(2500)]
    for kind in ("csv", "parquet", "jsonl"):
        logs = write_logs(tmp_path / kind, {"exchanges": rows}, kind)
        batches = list(reader(engine, logs, intake={"batch_rows": 1024}).stream_exchanges())
        assert [batch.num_rows for batch in batches] == [1024, 1024, 452]
        assert all(batch.schema == RAW_EXCHANGES for batch in batches)
        assert [i for batch in batches for i in batch.column("exchange_id").to_pylist()] == [
            f"e{i}" for i in range(2500)
        ]


def test_other_work_of_the_engine_does_not_disturb_a_stream(tmp_path: Path, engine: Engine) -> None:
    logs = write_logs(tmp_path, {"exchanges": [exchange(i) for i in range(3000)]}, "jsonl")
    seen = 0
    for batch in reader(engine, logs, intake={"batch_rows": 1024}).stream_exchanges():
        seen += batch.num_rows
        engine.table(engine.arrow(pa.table({"x": [1, 2]})))
    assert seen == 3000


def test_progress_is_told_with_the_total_where_it_is_known(tmp_path: Path, engine: Engine) -> None:
    told: list[tuple[str, int, int | None]] = []
    rows = [exchange(i) for i in range(1500)]
    for kind in ("parquet", "csv"):
        logs = write_logs(tmp_path / kind, {"exchanges": rows}, kind)
        read = reader(engine, logs, progress=lambda *step: told.append(step), intake={"batch_rows": 1024})
        list(read.stream_exchanges())
    assert told[:2] == [("exchanges", 1024, 1500), ("exchanges", 1500, 1500)]
    assert told[2:4] == [("exchanges", 1024, None), ("exchanges", 1500, None)]


def test_quarantine_has_its_schema_and_order_and_is_not_doubled_by_reading_again(
    tmp_path: Path, engine: Engine
) -> None:
    write_logs(tmp_path / "n2", {"exchanges": [exchange(0), exchange(1, ts="x")]})
    write_logs(tmp_path / "n1", {"exchanges": [exchange(0, ip=""), exchange(1, ts="x")]}, "jsonl")
    write_logs(tmp_path / "n1", {"accounts": [account(0, created_at="")]})
    read = reader(engine, tmp_path, intake={"quarantine_share": 1.0})
    for _ in range(2):
        list(read.stream_exchanges())
    read.read_tables(tmp_path / "work")
    table = read.quarantine()
    assert table.schema == QUARANTINE
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        ("accounts", "n1/accounts.csv", 1, "created_at is empty"),
        ("exchanges", "n1/exchanges.jsonl", 1, "ip is empty"),
        ("exchanges", "n1/exchanges.jsonl", 2, "ts is not an ISO 8601 time"),
        ("exchanges", "n2/exchanges.csv", 2, "ts is not an ISO 8601 time"),
    ]
    assert (read.counts()["exchanges"], read.counts()["quarantined"]) == (4, 4)


def test_the_share_is_judged_at_the_end_of_the_stream(tmp_path: Path, engine: Engine) -> None:
    rows = [exchange(i, **({"ts": "x"} if i == 0 else {})) for i in range(99)]
    logs = write_logs(tmp_path, {"exchanges": rows})
    with pytest.raises(SourceError, match=r"1 of 99 rows are bad"):
        list(reader(engine, logs).stream_exchanges())
    write_logs(tmp_path, {"exchanges": [*rows, exchange(99)]})
    assert sum(batch.num_rows for batch in reader(engine, logs).stream_exchanges()) == 99


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl.gz"])
class TestTexts:
    def test_of_a_few_exchanges_sorted(self, tmp_path: Path, engine: Engine, kind: str) -> None:
        rows = [exchange(i, prompt=None if i == 7 else f"say {i}") for i in range(3000)]
        logs = write_logs(tmp_path, {"exchanges": rows}, kind)
        found = reader(engine, logs, intake={"batch_rows": 1024}).texts(["e7", "e2999", "e12", "e7", "nobody"])
        assert found.to_pylist() == [
            {"exchange_id": "e12", "system_prompt": "Be brief.", "prompt": "say 12"},
            {"exchange_id": "e2999", "system_prompt": "Be brief.", "prompt": "say 2999"},
            {"exchange_id": "e7", "system_prompt": "Be brief.", "prompt": None},
        ]

    def test_of_none(self, tmp_path: Path, engine: Engine, kind: str) -> None:
        logs = write_logs(tmp_path, {"exchanges": [exchange(0)]}, kind)
        assert reader(engine, logs).texts([]).num_rows == 0
        assert reader(engine, logs).texts(["nobody"]).column_names == ["exchange_id", "system_prompt", "prompt"]

    def test_are_those_of_the_row_that_counts(self, tmp_path: Path, engine: Engine, kind: str) -> None:
        later = exchange(0, prompt="later in time", ts=exchange(5)["ts"])
        write_logs(tmp_path / "n1", {"exchanges": [later, exchange(0)]}, kind)
        assert reader(engine, tmp_path).texts(["e0"]).column("prompt").to_pylist() == ["later in time"]
        write_logs(tmp_path / "n2", {"exchanges": [exchange(0, prompt="corrected")]}, kind)
        assert reader(engine, tmp_path).texts(["e0"]).column("prompt").to_pylist() == ["corrected"]

    def test_not_of_a_bad_row(self, tmp_path: Path, engine: Engine, kind: str) -> None:
        write_logs(tmp_path / "n1", {"exchanges": [exchange(0)]}, kind)
        write_logs(tmp_path / "n2", {"exchanges": [exchange(0, prompt="bad", ip=None)]}, kind)
        assert reader(engine, tmp_path).texts(["e0"]).column("prompt").to_pylist() == ["say 0"]


def test_a_full_disk_is_one_clear_error_and_leaves_nothing(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(DiskFullError, match="the disk is full") as caught:
        reader(engine, write_logs(tmp_path / "logs", small_world())).read_tables(tmp_path / "work")
    assert caught.value.exit_code == 1
    assert list((tmp_path / "work").iterdir()) == []
