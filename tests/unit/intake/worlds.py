"""Small logs in every format, for the tests of intake."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from graphring.config import Settings
from graphring.engine import Engine
from graphring.intake import CONTRACT, Reader, compact, discover, settle, text_hash

Row = Mapping[str, Any]
FORMATS = ("parquet", "csv", "csv.gz", "jsonl", "jsonl.gz", "ndjson")
START = datetime(2026, 1, 31, tzinfo=UTC)
_ARROW = {"time": pa.timestamp("us", "UTC"), "count": pa.int64(), "flag": pa.bool_()}


def exchange(number: int, **other: Any) -> dict[str, Any]:
    return {
        "exchange_id": f"e{number}", "account_id": f"a{number % 3}", "ts": START + timedelta(minutes=number),
        "ip": f"10.0.0.{number % 5}", "model": "m", "system_prompt": "Be brief.", "prompt": f"say {number}",
        "template_id": None, "input_tokens": number, "output_tokens": None, "conversation_id": f"c{number % 2}",
        "user_agent": "sdk/1", **other,
    }  # fmt: skip


def account(number: int, **other: Any) -> dict[str, Any]:
    return {"account_id": f"a{number}", "created_at": START, "verified": number % 2 == 0, "closed_at": None, **other}


def payment(number: int, **other: Any) -> dict[str, Any]:
    return {"account_id": f"a{number}", "payment_method": f"pm_{number}", "ts": START, "kind": "card", **other}


def link(number: int, **other: Any) -> dict[str, Any]:
    return {"account_id": f"a{number}", "object_type": "device", "object_id": f"d{number}", "count": 2, **other}


def small_world() -> dict[str, list[dict[str, Any]]]:
    return {
        "accounts": [account(i) for i in range(3)],
        "payments": [payment(i) for i in range(3)],
        "exchanges": [exchange(i) for i in range(20)],
        "links": [link(i) for i in range(2)],
    }


def encode(table: str, rows: Sequence[Row], kind: str) -> bytes:
    if kind == "parquet":
        return _parquet(table, rows)
    text = _csv(rows) if kind.startswith("csv") else "".join(json.dumps(_plain(row)) + "\n" for row in rows)
    return gzip.compress(text.encode()) if kind.endswith(".gz") else text.encode()


def _parquet(table: str, rows: Sequence[Row]) -> bytes:
    kinds = {column.name: _ARROW.get(column.kind.value, pa.string()) for column in CONTRACT[table]}
    names = list(rows[0])
    sink = io.BytesIO()
    pq.write_table(pa.table({n: pa.array([row[n] for row in rows], kinds[n]) for n in names}), sink)
    return sink.getvalue()


def _csv(rows: Sequence[Row]) -> str:
    sink = io.StringIO(newline="")
    writer = csv.DictWriter(sink, list(rows[0]))
    writer.writeheader()
    writer.writerows(_plain(row) for row in rows)
    return sink.getvalue()


def _plain(row: Row) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}


def write_logs(folder: Path, world: Mapping[str, Sequence[Row]], kind: str = "csv") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in world.items():
        if rows:
            (folder / f"{table}.{kind}").write_bytes(encode(table, rows, kind))
    return folder


def prints(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A stand-in for the fingerprints of templates."""

    def hashes(name: str) -> pa.Array:
        return pa.array([text_hash(text) if text else 0 for text in batch.column(name).to_pylist()], pa.uint64())

    prompt = hashes("prompt")
    shingles = pa.array([[value, value + 1] for value in prompt.to_pylist()], pa.list_(pa.uint64()))
    return pa.record_batch({"system": hashes("system_prompt"), "prompt": prompt, "shingles": shingles})


def intake(
    logs: Sequence[Path] | Path, work: Path, *, threads: int = 2, part_rows: int = 7, **settings: Any
) -> tuple[dict[str, bytes], Mapping[str, int], Reader]:
    """Discover, read and settle; returns the bytes of each settled file, the counts and the reader."""
    chosen = Settings(**settings)
    with Engine(threads=threads) as engine:
        reader = Reader(engine, discover([logs] if isinstance(logs, Path) else logs, chosen), chosen)
        reader.read_tables(work / "tables")
        (work / "parts").mkdir()
        number = 0
        for batch in reader.stream_exchanges():
            kept = pa.Table.from_batches([compact(batch, prints(batch))])
            for first in range(0, kept.num_rows, part_rows):
                pq.write_table(kept.slice(first, part_rows), work / "parts" / f"{number:04}.parquet")
                number += 1
        counts = settle(engine, work / "out", tables=work / "tables", parts=work / "parts")
    return {path.name: path.read_bytes() for path in sorted((work / "out").iterdir())}, counts, reader


def read(path: Path, **settings: Any) -> tuple[list[dict[str, Any]], list[tuple[str, int, str]]]:
    """The good exchanges of a folder, and (file, row, reason) of the bad ones."""
    chosen = Settings(**settings)
    with Engine(threads=1) as engine:
        reader = Reader(engine, discover([path], chosen), chosen)
        rows = [row for batch in reader.stream_exchanges() for row in batch.to_pylist()]
        return rows, [(bad["file"], bad["row"], bad["reason"]) for bad in reader.quarantine().to_pylist()]
