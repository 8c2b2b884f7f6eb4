from __future__ import annotations

import errno
from pathlib import Path

import duckdb
import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graphring.engine import Engine
from graphring.engine.duck import atomic, writing
from graphring.errors import ConfigError, DiskFullError, GraphringError

SCHEMA = pa.schema([("key", pa.int64()), ("text", pa.string())])


def numbers(rows: int, seed: int) -> pa.Table:
    keys = np.random.default_rng(seed).permutation(rows)
    return pa.table({"key": keys, "text": pa.array([f"t{key % 977}" for key in keys])}, schema=SCHEMA)


def test_the_same_rows_are_the_same_bytes_whatever_their_order_and_the_threads(tmp_path: Path) -> None:
    written = []
    for threads, seed, parts in ((1, 1, 1), (2, 2, 7), (4, 3, 3)):
        folder = tmp_path / str(seed)
        folder.mkdir()
        table = numbers(300_000, seed)
        for part in range(parts):
            pq.write_table(table.filter(pa.array(np.arange(300_000) % parts == part)), folder / f"{part}.parquet")
        with Engine(threads=threads) as engine:
            expr = engine.parquet(*sorted(folder.iterdir()))
            assert engine.write(expr, tmp_path / "out.parquet", SCHEMA, order_by=["key"]) == 300_000
        written.append((tmp_path / "out.parquet").read_bytes())
    assert written[0] == written[1] == written[2]
    groups = pq.ParquetFile(tmp_path / "out.parquet").metadata
    assert [groups.row_group(i).num_rows for i in range(groups.num_row_groups)] == [122_880, 122_880, 54_240]


def test_an_empty_result_is_a_file_with_the_schema(tmp_path: Path) -> None:
    with Engine() as engine:
        assert engine.write(engine.arrow(SCHEMA.empty_table()), tmp_path / "o.parquet", SCHEMA, order_by=["key"]) == 0
    assert pq.read_table(tmp_path / "o.parquet").schema == SCHEMA


def test_paths_are_taken_by_the_letter(tmp_path: Path) -> None:
    folder = tmp_path / "text=other" / "[a]*?"
    folder.mkdir(parents=True)
    pq.write_table(numbers(3, 1), folder / "x[1].parquet")
    with Engine() as engine:
        table = engine.table(engine.parquet(folder / "x[1].parquet", numbered=True), order_by=["file_row_number"])
    assert table.drop_columns("file_row_number").equals(numbers(3, 1))
    assert table.column("file_row_number").to_pylist() == [0, 1, 2]


def test_prepared_expressions_keep_to_utc_and_leave_streams_alone() -> None:
    with Engine() as engine:
        batch = ibis.table({"text": "string"}, name="batch")
        run = engine.prepare(batch.select(ts=batch.text.try_cast("timestamp('UTC')")), "batch")
        stream = engine.stream(ibis.range(500_000).unnest().name("n").as_table(), batch_rows=1000)
        seen = next(stream).num_rows
        times = run(pa.table({"text": ["2026-01-31T00:00:00", "no", None]})).column("ts")
        assert times.cast(pa.int64()).to_pylist() == [1_769_817_600_000_000, None, None]
        assert run(pa.table({"text": ["2026-01-31T01:00:00+01:00"]})).column("ts")[0] == times[0]
        assert seen + sum(rows.num_rows for rows in stream) == 500_000


def test_what_is_kept_is_gone_after_the_block() -> None:
    with Engine() as engine:
        with engine.kept(engine.arrow(pa.table({"x": [1, 2]}))) as table:
            name = table.get_name()
            assert engine.table(table.x.sum().name("n").as_table()).column("n").to_pylist() == [3]
        left = engine.con.con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", [name]).fetchone()
        assert left == (0,)


def test_a_file_takes_its_place_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("old")

    def fail() -> None:
        with atomic(path) as part:
            part.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"]
    with atomic(path) as part:
        part.write_text("new")
    assert [p.read_text() for p in tmp_path.iterdir()] == ["new"]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "x"), OSError(errno.EDQUOT, "x"), duckdb.IOException("… No space left on device"),
        duckdb.OutOfMemoryException("failed to offload: max_temp_directory_size"),
    ],
)  # fmt: skip
def test_a_full_disk_is_said(error: Exception) -> None:
    with pytest.raises(DiskFullError, match=r"the disk is full: there.* could not be written"), writing("there"):
        raise error


def test_other_errors_pass() -> None:
    with pytest.raises(OSError, match="other"), writing("there"):
        raise OSError(errno.EIO, "other")
    with pytest.raises(duckdb.CatalogException), writing("there"):
        raise duckdb.CatalogException


def test_too_little_memory_is_said(tmp_path: Path) -> None:
    pq.write_table(numbers(300_000, 1), tmp_path / "x.parquet")
    with (
        Engine(threads=1, memory_limit="1MB") as engine,
        pytest.raises(GraphringError, match=r"memory limit .* is too low"),
    ):
        engine.table(engine.parquet(tmp_path / "x.parquet"), order_by=["text", "key"])


def test_a_size_that_is_none() -> None:
    with pytest.raises(ConfigError, match="memory_limit cannot be 'lots'"):
        Engine(memory_limit="lots")
