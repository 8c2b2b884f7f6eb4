"""Throughput and peak memory of intake, by format and number of exchanges.

    python benchmarks/bench_intake.py [--rows 500000 2000000] [--formats parquet csv jsonl] [--memory-limit 1GB]

Each measurement runs in a process of its own; its peak is that process's resident set, DuckDB's memory included. On
a machine that others use too, rows by second of processor time (/cpu-s) say more than rows by second.
Fingerprints of prompts are stand-ins: what is measured is reading, checking and settling.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from graphring.config import Settings
from graphring.engine import Engine
from graphring.intake import Reader, compact, discover, settle

PROMPT_CHARACTERS = 440
SHINGLES = 16
BATCH = 50_000
START = 1_767_225_600_000_000


def exchanges(rows: int, first: int, accounts: int) -> pa.Table:
    """`rows` invented exchanges from number `first` on."""
    rng = np.random.default_rng(first)
    words = np.array(["alpha", "beta", "gamma", "delta", "eins", "zwei", "drei", "vier", 'the "word"', "comma, here"])
    pool = pa.array([" ".join(words[rng.integers(0, 10, 90)])[: PROMPT_CHARACTERS - 12] for _ in range(500)])
    number = pa.array(np.arange(first, first + rows))
    text = number.cast(pa.string())
    prompt = pc.binary_join_element_wise(pool.take(pa.array(rng.integers(0, 500, rows))), text, " ")
    accounts_of = pa.array(rng.integers(0, accounts, rows)).cast(pa.string())
    conversations = pa.array(rng.integers(0, 10**9, rows)).cast(pa.string())
    octets = [pa.array(rng.integers(0, 250, rows)).cast(pa.string()) for _ in range(2)]
    return pa.table(
        {
            "exchange_id": pc.binary_join_element_wise("req-7f3a-", text, ""),
            "account_id": pc.binary_join_element_wise("acct-", accounts_of, ""),
            "ts": pa.array(START + rng.integers(0, 30 * 86_400_000_000, rows)).cast(pa.timestamp("us", "UTC")),
            "ip": pc.binary_join_element_wise("10", "20", *octets, "."),
            "model": pa.repeat(pa.scalar("large-2"), rows),
            "system_prompt": pa.repeat(pa.scalar("You are a helpful assistant."), rows),
            "prompt": prompt,
            "input_tokens": pa.array(rng.integers(1, 4000, rows)),
            "output_tokens": pa.array(rng.integers(1, 4000, rows)),
            "conversation_id": pc.binary_join_element_wise("c-", conversations, ""),
            "user_agent": pa.repeat(pa.scalar("python-sdk/1.2"), rows),
        }
    )  # fmt: skip


def write_world(folder: Path, kind: str, rows: int) -> None:
    """A folder of logs in one format."""
    folder.mkdir(parents=True)
    accounts = max(rows // 25, 1)
    ids = pc.binary_join_element_wise("acct-", pa.array(np.arange(accounts)).cast(pa.string()), "")
    pq.write_table(
        pa.table({"account_id": ids, "created_at": pa.repeat(pa.scalar("2025-12-01T00:00:00Z"), accounts)}),
        folder / "accounts.parquet",
    )
    chunks = (exchanges(min(BATCH, rows - first), first, accounts) for first in range(0, rows, BATCH))
    path = folder / f"exchanges.{kind}"
    schema = exchanges(1, 0, 1).schema
    if kind == "parquet":
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for chunk in chunks:
                writer.write_table(chunk)
    elif kind == "csv":
        with pacsv.CSVWriter(path, schema) as writer:
            for chunk in chunks:
                writer.write_table(chunk)
    else:
        with path.open("w", encoding="utf-8") as stream:
            for chunk in chunks:
                stream.writelines(json.dumps(row, default=str) + "\n" for row in chunk.to_pylist())


def run(folder: Path, work: Path, memory_limit: str, threads: int, results: multiprocessing.Queue) -> None:
    """Read and settle one folder; puts seconds and peak MiB of each step."""
    settings = Settings()
    marks: dict[str, float] = {}
    (work / "parts").mkdir(parents=True)
    (work / "scratch").mkdir()
    with Engine(threads=threads, memory_limit=memory_limit, scratch=work / "scratch") as engine:
        reader = Reader(engine, discover([folder], settings), settings)
        reader.read_tables(work / "tables")
        began, worked = time.perf_counter(), time.process_time()
        rows = part = 0
        for batch in reader.stream_exchanges():
            hashes = pa.array(np.arange(rows, rows + batch.num_rows, dtype=np.uint64))
            offsets = pa.array(np.arange(0, (batch.num_rows + 1) * SHINGLES, SHINGLES, dtype=np.int32))
            shingles = pa.array(
                np.random.default_rng(rows).integers(0, 2**63, batch.num_rows * SHINGLES, dtype=np.uint64)
            )
            prints = pa.record_batch(
                {"system": hashes, "prompt": hashes, "shingles": pa.ListArray.from_arrays(offsets, shingles)}
            )
            kept = pa.Table.from_batches([compact(batch, prints)])
            pq.write_table(kept, work / "parts" / f"{part:05}.parquet", compression="zstd")
            rows, part = rows + batch.num_rows, part + 1
        marks["read"], marks["read_peak"] = time.perf_counter() - began, _peak()
        marks["read_cpu"] = time.process_time() - worked
        began, worked = time.perf_counter(), time.process_time()
        settle(engine, work / "out", tables=work / "tables", parts=work / "parts")
        marks["settle"], marks["peak"] = time.perf_counter() - began, _peak()
        marks["settle_cpu"] = time.process_time() - worked
    results.put(marks)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[500_000, 2_000_000])
    parser.add_argument("--formats", nargs="+", default=["parquet", "csv", "jsonl"])
    parser.add_argument("--memory-limit", default="1GB")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    heads = ["read/s", "read/cpu-s", "settle/s", "settle/cpu-s", "read MiB", "peak MiB"]
    print(f"{'format':8} {'exchanges':>10} " + " ".join(f"{head:>12}" for head in heads))
    for kind in options.formats:
        for rows in options.rows:
            base = Path(tempfile.mkdtemp(prefix="graphring-bench-"))
            try:
                write_world(base / "logs", kind, rows)
                results = context.Queue()
                arguments = (base / "logs", base / "work", options.memory_limit, options.threads, results)
                process = context.Process(target=run, args=arguments)
                process.start()
                marks = results.get()
                process.join()
            finally:
                shutil.rmtree(base)
            speeds = [rows / marks[step] for step in ("read", "read_cpu", "settle", "settle_cpu")]
            figures = [*speeds, marks["read_peak"], marks["peak"]]
            print(f"{kind:8} {rows:10,} " + " ".join(f"{figure:12,.0f}" for figure in figures), flush=True)


if __name__ == "__main__":
    main()
