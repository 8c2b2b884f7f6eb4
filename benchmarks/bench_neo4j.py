"""The Neo4j store against its bars: first load, a night of 1 % delta, reading, neighbourhoods with hubs.

    python benchmarks/bench_neo4j.py [--accounts 1000000] [--url bolt://… | --heap 2g]

Makes a graph of N accounts, 2 N objects and 5 N sightings, with ten hubs of 10,000 accounts, on a server of its own
(or `--url`, whose database is EMPTIED first). Bars at a million accounts on two cores and a 2 GB heap: load ≤ 8 min,
delta ≤ 15 s, read ≤ 45 s, neighbourhood p95 ≤ 100 ms. Beside wall-clock seconds it prints processor seconds of client
and server, and how busy the machine was: with others at work, half the sum of processor seconds is what two idle cores
would need at best. Most of what the first night costs a server that has only just started is code that it runs for the
first time (its compiler's threads took 5.5 of 11.8 s of processor at 300,000 accounts), so it reads twice, and more
nights follow. Below some 300,000 accounts the compiler is most of what is measured everywhere.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from graphring import model
from graphring.config import Neo4jSettings, Settings
from graphring.model import GraphTables, NodeRef, RunInfo
from graphring.store.neo4j import open_neo4j

sys.path.insert(0, str(Path(__file__).parents[1]))
from tools.neo4j import server as maven

HUBS, HUB_DEGREE = 10, 10_000
NIGHTS = 3
DAY = 86_400_000_000
START = 1_767_225_600_000_000
CHANGED = 0.01
KINDS = np.array(["Device", "ip", "payment_method", "template"])


def world(accounts: int, seed: int = 1, nights: int = 0) -> GraphTables:
    """The graph after some nights: in each, `CHANGED` of the accounts get other counts, and sightings come and go."""
    rng = np.random.default_rng(seed)
    objects, sightings = 2 * accounts, 5 * accounts
    kinds = np.sort(rng.choice(4, objects, p=[0.1, 0.5, 0.2, 0.2]))
    who = rng.integers(0, accounts, sightings)
    what = (rng.random(sightings) ** 1.3 * objects).astype(np.int64)
    for hub in range(HUBS):
        members = rng.choice(accounts, min(HUB_DEGREE, accounts), replace=False)
        who[hub * HUB_DEGREE : hub * HUB_DEGREE + len(members)] = members
        what[hub * HUB_DEGREE : hub * HUB_DEGREE + len(members)] = objects // 2 + hub
    count = rng.integers(1, 50, sightings)
    requests = rng.integers(1, 500, accounts)
    for night in (np.random.default_rng(seed + number) for number in range(1, nights + 1)):
        touched = night.random(accounts) < CHANGED
        requests = requests + touched
        mine = touched[who]
        count = count + mine
        replaced = mine & (night.random(sightings) < 0.2)
        what = np.where(replaced, (night.random(sightings) * objects).astype(np.int64), what)
    pair, first = np.unique(who * objects + what, return_index=True)
    who, what, count = pair // objects, pair % objects, count[first]
    names = pa.array([f"acct-{n:08d}" for n in range(accounts)])
    ids = pa.array([f"{KINDS[kind][:2]}-{n:08d}" for n, kind in enumerate(kinds)])
    degree = np.bincount(what, minlength=objects)
    total = np.bincount(what, weights=count, minlength=objects).astype(np.int64)
    weight = np.log2(accounts / np.maximum(degree, 1))
    seen = pa.array(START + (pair % 30) * DAY, pa.int64()).cast(model.TIME)
    return GraphTables(
        accounts=_full(
            model.GRAPH_ACCOUNTS, account_id=names, created_at=_times(accounts),
            email_domain=_same("example.org", accounts),
            plan=_same("pro", accounts), country=_same("DE", accounts), verified=pa.array(requests % 2 == 0),
            known=pa.array(np.ones(accounts, bool)), requests=pa.array(requests), active_days=_ints(requests % 30),
            first_seen=_times(accounts), last_seen=_times(accounts),
        ),
        objects=_full(
            model.OBJECTS, object_type=pa.array(KINDS[kinds]), object_id=ids, label=ids, accounts=pa.array(degree),
            count=pa.array(total), weight=pa.array(weight), damped=pa.array(degree > 200),
        ),
        sightings=_full(
            model.SIGHTINGS, account_id=names.take(pa.array(who)), object_type=pa.array(KINDS[kinds[what]]),
            object_id=ids.take(pa.array(what)), count=pa.array(count), first_seen=seen, last_seen=seen,
            active_days=_ints(1 + count % 30),
        ),
    )  # fmt: skip


def _full(schema: pa.Schema, **columns: pa.Array) -> pa.Table:
    rows = len(next(iter(columns.values())))
    return pa.table({f.name: columns.get(f.name, pa.nulls(rows, f.type)) for f in schema}, schema=schema)


def _times(rows: int) -> pa.Array:
    return pa.array(START + (np.arange(rows) * 7919 % 90) * DAY).cast(model.TIME)


def _same(value: str, rows: int) -> pa.Array:
    return pa.array(np.full(rows, value))


def _ints(values: np.ndarray) -> pa.Array:
    return pa.array(values.astype(np.int32))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--url", default="")
    parser.add_argument("--heap", default="2g")
    parser.add_argument("--page-cache", default="3g")
    parser.add_argument("--batch-rows", type=int, default=10_000)
    given = parser.parse_args()
    with ExitStack() as stack:
        state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="graphring-bench-")))
        url, server = given.url, None
        if not url:
            server = stack.enter_context(maven.temporary(heap=given.heap, page_cache=given.page_cache))
            url = server.url
        neo4j = Neo4jSettings.model_validate({"password": maven.PASSWORD, "batch_rows": given.batch_rows})
        store = open_neo4j(Settings(state=state, store=url, neo4j=neo4j))
        stack.callback(store.close)
        if given.url:
            store.connection.schema("MATCH (n) CALL (n) {DETACH DELETE n} IN TRANSACTIONS OF 10000 ROWS")
        graph = world(given.accounts)
        share = given.accounts / 1_000_000
        rows = ", ".join(f"{len(getattr(graph, name)):,} {name}" for name in ("accounts", "objects", "sightings"))
        print(f"{rows}; client {_mebibytes():,.0f} MiB before", flush=True)
        with store.lock():
            _timed("first load", 480 * share, lambda: store.load(graph), server)
            _timed("read", 45 * share, store.read_graph, server)
            _timed("read again", 45 * share, store.read_graph, server)
            now = datetime(2026, 1, 31, tzinfo=UTC)
            run = RunInfo("bench", 1, now, now, "0", "0" * 64)
            store.publish(run, {name: schema.empty_table() for name, schema in model.RUN_TABLES.items()})
            for number in range(1, NIGHTS + 1):
                delta = world(given.accounts, nights=number)
                _timed(f"1 % delta, night {number}", 15 * share, lambda: store.load(delta), server)  # noqa: B023
        snapshot = store.current()
        hubs = [NodeRef(str(row["object_type"]), str(row["object_id"])) for row in _largest(delta.objects)]
        others = [NodeRef("account", f"acct-{n:08d}") for n in range(0, given.accounts, max(given.accounts // 50, 1))]
        for node in hubs:
            snapshot.neighbours(node)  # the server plans each query once
        seconds, busy = [], _busy(server)[1]
        for node in [*hubs, *others] * 4:
            started = time.perf_counter()
            snapshot.neighbours(node)
            seconds.append(time.perf_counter() - started)
        for name, part in (
            ("hubs", [s for n, s in enumerate(seconds) if n % (len(hubs) + len(others)) < len(hubs)]),
            ("all", seconds),
        ):
            print(f"neighbourhood p95, {name}: {np.percentile(part, 95) * 1000:.0f} ms (bar 100 ms), "
                  f"median {np.median(part) * 1000:.0f} ms", flush=True)  # fmt: skip
        java = (_busy(server)[1] - busy) / len(seconds) * 1000
        print(f"server {java:.0f} ms of processor for each neighbourhood, load {os.getloadavg()[0]:.1f}")
        print(f"client peak {_mebibytes():,.0f} MiB", flush=True)
        if server:
            files = sum(p.stat().st_size for p in (server.home / "data" / "databases" / "neo4j").rglob("*")) / 2**20
            print(f"server peak {_server(server.pid):,.0f} MiB, store files {files:,.0f} MiB")


def _largest(objects: pa.Table) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = objects.sort_by([("accounts", "descending")]).slice(0, HUBS).to_pylist()
    return rows


def _timed(name: str, bar: float, work: Callable[[], object], server: maven.Server | None) -> None:
    started, busy = time.perf_counter(), _busy(server)
    found = work()
    seconds = time.perf_counter() - started
    client, java = (after - before for after, before in zip(_busy(server), busy, strict=True))
    what = f": {found}" if isinstance(found, dict) else ""
    print(f"{name}: {seconds:.1f} s (bar {bar:.1f} s), processor {client:.1f} s + server {java:.1f} s{what}; "
          f"client peak {_mebibytes():,.0f} MiB, load {os.getloadavg()[0]:.1f}", flush=True)  # fmt: skip


def _busy(server: maven.Server | None) -> tuple[float, float]:
    """Processor seconds of this process and of the server so far."""
    if server is None:
        return time.process_time(), 0.0
    fields = Path(f"/proc/{server.pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return time.process_time(), (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _server(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


if __name__ == "__main__":
    main()
