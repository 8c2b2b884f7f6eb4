"""The stages of a refresh. Each reads what earlier ones stored and stores its own outputs; none keeps anything in
memory for the next, so that a killed run goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graphring.config import Settings
from graphring.detect import detect
from graphring.engine import Engine, atomic, parquet_writer, writing
from graphring.graph import build_graph
from graphring.intake import COMPACT, Reader, Sources, compact, settle
from graphring.model import GRAPH_ACCOUNTS, OBJECTS, RUN_TABLES, SIGHTINGS, GraphTables
from graphring.refresh.workspace import Workspace
from graphring.store import GraphStore
from graphring.templates import find_families, fingerprint

__all__ = ["STAGES", "Context", "Progress", "Stage", "found_tables"]

Progress = Callable[[str, int, int | None], None]
"""(what, done, total or None)."""

Counts = Mapping[str, int]

PART_ROWS: Final = 1_000_000
FOUND: Final = ("rings", "members", "evidence", "ring_objects", "activity", "ledger", "lineage")


@dataclass(frozen=True)
class Context:
    """What a stage may use."""

    settings: Settings
    engine: Engine
    sources: Sources
    reader: Reader
    work: Workspace
    store: GraphStore
    run_id: str
    known_families: Path | None
    """The templates folder of the last published run."""
    previous: Mapping[str, pa.Table] | None
    """rings, members, ledger and lineage of the last published run."""
    first_number: int
    """The first ring number that was never given to a ring."""
    progress: Progress


@dataclass(frozen=True)
class Stage:
    """One step with stored outputs."""

    name: str
    title: str
    run: Callable[[Context], Counts]
    resumable: bool = True
    """False: runs again after a kill, because its output lies where the store may have cleaned up, or because others
    may have changed the store's graph meanwhile: rings that name what is gone could never be published."""


def _read(context: Context) -> Counts:
    """Accounts, payments and links, validated; bad rows to the quarantine."""
    out = context.work.fresh(context.work.tables)
    rows = context.reader.read_tables(out)
    _save(context.reader.quarantine(), out / "quarantine.parquet")
    return {f"{table}_read": count for table, count in rows.items()}


def _fingerprint(context: Context) -> Counts:
    """The one pass over raw prompts: text in, hashes out. Hashing runs beside reading and writing."""
    parts = context.work.fresh(context.work.parts)
    total = 0
    with ThreadPoolExecutor(max_workers=1) as pool:
        batches = _compacted(context.reader.stream_exchanges(), pool)
        for number, rows in enumerate(_grouped(batches, PART_ROWS)):
            path = parts / f"part-{number:05d}.parquet"
            with writing(path), atomic(path) as part, parquet_writer(part, COMPACT) as writer:
                for batch in rows:
                    writer.write_batch(batch)
                    total += batch.num_rows
    bad = context.reader.quarantine()
    bad = bad.filter(pc.equal(bad["table"], "exchanges"))
    _save(bad, context.work.exchange_quarantine)
    return {"exchanges_read": total, "exchanges_quarantined": bad.num_rows}


def _compacted(raw: Iterator[pa.RecordBatch], pool: ThreadPoolExecutor) -> Iterator[pa.RecordBatch]:
    waiting: Future[pa.RecordBatch] | None = None
    for batch in raw:
        started = pool.submit(lambda rows: compact(rows, fingerprint(rows)), batch)
        if waiting is not None:
            yield waiting.result()
        waiting = started
    if waiting is not None:
        yield waiting.result()


def _grouped(batches: Iterator[pa.RecordBatch], rows: int) -> Iterator[Iterator[pa.RecordBatch]]:
    """Consecutive batches in groups of about `rows`; each group is read to its end before the next."""
    following = next(batches, None)

    def group() -> Iterator[pa.RecordBatch]:
        nonlocal following
        taken = 0
        while following is not None and taken < rows:
            taken += following.num_rows
            yield following
            following = next(batches, None)

    while following is not None:
        yield group()


def _settle(context: Context) -> Counts:
    """Duplicates dropped, codes given, everything sorted."""
    work = context.work
    return settle(context.engine, work.fresh(work.settled), tables=work.tables, parts=work.parts)


def _templates(context: Context) -> Counts:
    """Wrapper and payload families."""
    context.work.fresh(context.work.parts)  # settled and marked so: the parts are no longer needed
    out = context.work.fresh(context.work.templates)
    exchanges = context.work.traffic.exchanges
    find_families(context.engine, exchanges, context.reader.texts, context.known_families, context.settings, out)
    return {"families": pq.read_metadata(context.work.traffic.families).num_rows}


def _graph(context: Context) -> Counts:
    """Sightings, and what objects weigh."""
    out = context.work.fresh(context.work.graph)
    graph = build_graph(context.engine, context.work.traffic)
    for name, table in _named(graph).items():
        _save(table, out / f"{name}.parquet")
    return {name: table.num_rows for name, table in _named(graph).items()}


def _load(context: Context) -> Counts:
    """The store's graph made equal to this run's."""
    out = context.work.graph
    graph = GraphTables(
        accounts=pq.read_table(out / "accounts.parquet", schema=GRAPH_ACCOUNTS),
        objects=pq.read_table(out / "objects.parquet", schema=OBJECTS),
        sightings=pq.read_table(out / "sightings.parquet", schema=SIGHTINGS),
    )
    return context.store.load(graph)


def _detect(context: Context) -> Counts:
    """Rings with their evidence, from the graph as the store has it."""
    found = detect(
        context.engine, context.work.traffic, context.store.read_graph(), context.previous, context.settings,
        context.run_id, context.first_number,
    )  # fmt: skip
    out = context.work.fresh(context.work.found)
    for name in FOUND:
        _save(found[name], out / f"{name}.parquet")
    tiers: list[str] = found["rings"]["tier"].to_pylist()
    return {"rings": len(tiers), **{f"rings_{tier}": tiers.count(tier) for tier in ("high", "medium", "watch")}}


def found_tables(work: Workspace) -> dict[str, pa.Table]:
    """The tables that a run publishes, from what its stages stored."""
    paths = {name: work.found / f"{name}.parquet" for name in FOUND}
    paths["families"] = work.traffic.families
    tables = {name: pq.read_table(path, schema=RUN_TABLES[name]) for name, path in paths.items()}
    bad = [pq.read_table(path) for path in (work.tables / "quarantine.parquet", work.exchange_quarantine)]
    order = [("table", "ascending"), ("file", "ascending"), ("row", "ascending"), ("reason", "ascending")]
    return {**tables, "quarantine": pa.concat_tables(bad).sort_by(order)}


def _named(graph: GraphTables) -> dict[str, pa.Table]:
    return {"accounts": graph.accounts, "objects": graph.objects, "sightings": graph.sightings}


def _save(table: pa.Table, path: Path) -> None:
    with writing(path), atomic(path) as part:
        pq.write_table(table, part, compression="zstd")


STAGES: Final[Sequence[Stage]] = (
    Stage("read", "reading accounts, payments, links", _read),
    Stage("fingerprint", "fingerprinting exchanges", _fingerprint),
    Stage("settle", "dropping duplicates", _settle),
    Stage("templates", "finding template families", _templates),
    Stage("graph", "building the graph", _graph),
    Stage("load", "loading the store", _load, resumable=False),
    Stage("detect", "finding rings", _detect, resumable=False),
)
"""In order; publishing follows the last one."""
