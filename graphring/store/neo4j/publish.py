"""Publishing a run: what readers see switches in one transaction.

What is many rows and belongs to one run alone (evidence, activity, ledger, lineage, families, quarantine) is written
before it, in batches, under the new run's id, where no reader looks yet. Rings, memberships, shared objects and the run
itself are one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyarrow as pa
from neo4j import ManagedTransaction

from graphring.errors import StoreError
from graphring.model import EVIDENCE, FAMILIES, LEDGER, LINEAGE, MEMBERS, QUARANTINE, RING_OBJECTS, RINGS, RunInfo
from graphring.store.neo4j.columns import nanoseconds, rows, set_clause, time_of
from graphring.store.neo4j.connection import Connection
from graphring.store.neo4j.schema import AUXILIARY, KINDS, OTHER, kind_of
from graphring.store.runinfo import run_to_json

__all__ = ["remove_auxiliary", "stage", "switch"]

_ROW_TABLES: Final = {
    "evidence": EVIDENCE, "ledger": LEDGER, "lineage": LINEAGE, "families": FAMILIES, "quarantine": QUARANTINE,
}  # fmt: skip
_RING: Final = RINGS.names[1:]
_MEMBER: Final = MEMBERS.names[2:]
_SHARED: Final = RING_OBJECTS.names[3:]

CLEAR_RINGS: Final = (
    "MATCH (r:Ring) WHERE r.published_by IS NOT NULL MATCH (r)-[m]-() WHERE m.published_by IS NOT NULL DELETE m"
)
GONE_RINGS: Final = (
    "MATCH (r:Ring) WHERE r.published_by IS NOT NULL AND NOT r.ring_id IN $ids "
    "WITH r, NOT EXISTS { (r)--() } AND size(labels(r)) = 1 AND all(k IN keys(r) WHERE k IN $ours) AS alone "
    "FOREACH (_ IN CASE WHEN alone THEN [1] ELSE [] END | DELETE r) "
    f"FOREACH (_ IN CASE WHEN alone THEN [] ELSE [1] END | "
    f"REMOVE r.published_by, {', '.join(f'r.`{name}`' for name in _RING)})"
)
WRITE_RUN: Final = (
    "MERGE (u:Run {run_id: $run}) SET u.number = $number, u.version = $version, u.fingerprint = $fingerprint, "
    f"u.started = {time_of('$started')}, u.finished = {time_of('$finished')}, u.info = $info"
)
WRITE_RINGS: Final = (
    "MATCH (u:Run {run_id: $run}) UNWIND $rows AS row MERGE (r:Ring {ring_id: row[0]}) "
    f"SET r.published_by = $run, {set_clause('r', RINGS, _RING, 'row[1]')} "
    "MERGE (r)-[f:FOUND_BY {published_by: $run}]->(u) RETURN count(*) AS written"
)
WRITE_MEMBERS: Final = (
    "UNWIND $rows AS row MATCH (r:Ring {ring_id: row[0]}) MATCH (a:Account {account_id: row[1]}) "
    "CREATE (a)-[m:MEMBER_OF {published_by: $run}]->(r) "
    f"SET {set_clause('m', MEMBERS, _MEMBER, 'row[2]')} RETURN count(*) AS written"
)
WRITE_EVIDENCE_LINKS: Final = (
    "MATCH (e:Evidence) WHERE e.published_by = $run AND e.ring_id IS NOT NULL MATCH (r:Ring {ring_id: e.ring_id}) "
    "CREATE (r)-[:HAS_EVIDENCE {published_by: $run}]->(e) RETURN count(*) AS written"
)
WRITE_ACTIVITY_LINKS: Final = (
    "MATCH (e:Activity) WHERE e.published_by = $run AND e.ring_id IS NOT NULL MATCH (r:Ring {ring_id: e.ring_id}) "
    "CREATE (r)-[:HAS_ACTIVITY {published_by: $run}]->(e) RETURN count(*) AS written"
)
WRITE_ACTIVITY: Final = (
    "UNWIND $rows AS row MERGE (n:Activity {published_by: $run, position: row[0]}) SET n.ring_id = row[1], "
    f"n.hours = [t IN row[2] | {time_of('t')}], n.exchanges = row[3], n.accounts = row[4]"
)
DESCRIBE: Final = (
    "MATCH (n:TemplateFamily) WHERE n.published_by = $run AND n.position >= $low AND n.position < $high "
    "MATCH (t:PromptTemplate {object_id: n.family_id}) MERGE (n)-[:DESCRIBES {published_by: $run}]->(t)"
)


def _write_shared(label: str, key: str) -> str:
    return (
        f"UNWIND $rows AS row MATCH (r:Ring {{ring_id: row[0]}}) MATCH (o:{label} {{{key}}}) "
        "CREATE (r)-[m:SHARES {published_by: $run}]->(o) "
        f"SET m.position = row[3], {set_clause('m', RING_OBJECTS, _SHARED, 'row[4]')} RETURN count(*) AS written"
    )


WRITE_SHARED: Final = {
    **{name: _write_shared(kind.label, "object_id: row[2]") for name, kind in KINDS.items()},
    "": _write_shared(OTHER.label, "object_type: row[1], object_id: row[2]"),
}


def stage(connection: Connection, run_id: str, tables: Mapping[str, pa.Table], batch_rows: int) -> None:
    """Write the run's many rows where no reader looks yet; idempotent."""
    for name, schema in _ROW_TABLES.items():
        cypher = (
            f"UNWIND $rows AS row MERGE (n:{AUXILIARY[name]} {{published_by: $run, position: row[0]}}) "
            f"SET {set_clause('n', schema, schema.names, 'row[1]')}"
        )
        for start in range(0, tables[name].num_rows, batch_rows):
            part = rows(tables[name].slice(start, batch_rows))
            data = [[start + n, row] for n, row in enumerate(part)]
            connection.write(cypher, rows=data, run=run_id)
    for low in range(0, tables["families"].num_rows, batch_rows):
        connection.write(DESCRIBE, run=run_id, low=low, high=low + batch_rows)
    activity = list(_activity(tables["activity"]))
    for start in range(0, len(activity), 100):
        connection.write(WRITE_ACTIVITY, rows=activity[start : start + 100], run=run_id)


def _activity(table: pa.Table) -> Iterator[list[Any]]:
    """[position, ring_id, hours, exchanges, accounts], one for each ring."""
    by_ring: dict[str, list[list[Any]]] = {}
    for row in rows(table):
        by_ring.setdefault(row[0], []).append(row[1:])
    for position, (ring, values) in enumerate(sorted(by_ring.items())):
        yield [position, ring, *(list(column) for column in zip(*values, strict=True))]


def switch(connection: Connection, run: RunInfo, tables: Mapping[str, pa.Table]) -> None:
    """Replace the published rings by those of `run`, in one transaction.

    Raises
    ------
    StoreError: a ring names an account or object that the graph does not have.
    """
    data = _prepared(tables)

    def work(tx: ManagedTransaction) -> None:
        given: dict[str, Any] = {"run": run.run_id}
        tx.run(CLEAR_RINGS).consume()
        ours = ["published_by", *RINGS.names]
        tx.run(GONE_RINGS, ids=tables["rings"].column("ring_id").to_pylist(), ours=ours).consume()
        tx.run(
            WRITE_RUN,
            **given,
            number=run.number,
            version=run.version,
            fingerprint=run.fingerprint,
            started=nanoseconds(int(run.started.timestamp()) * 1_000_000 + run.started.microsecond),
            finished=nanoseconds(int(run.finished.timestamp()) * 1_000_000 + run.finished.microsecond),
            info=run_to_json(run),
        ).consume()
        for what, cypher, batch in data:
            record = tx.run(cypher, rows=batch, **given).single()
            if (record["written"] if record is not None else 0) != len(batch):
                raise StoreError(f"{what} of run {run.run_id} are not in the graph", "Load it and publish again")
        tx.run(WRITE_EVIDENCE_LINKS, **given).consume()
        tx.run(WRITE_ACTIVITY_LINKS, **given).consume()
        tx.run(
            "MERGE (s:GraphringState {name: 'graph'}) SET s.current = $run, s.staged = null", **given
        ).consume()  # fmt: skip

    connection.writing(work)


def _prepared(tables: Mapping[str, pa.Table]) -> list[tuple[str, str, list[list[Any]]]]:
    rings = tables["rings"]
    prepared = [
        ("rings", WRITE_RINGS, _keyed(rings, RINGS.names[:1], _RING)),
        ("members", WRITE_MEMBERS, _keyed(tables["members"], MEMBERS.names[:2], _MEMBER)),
    ]
    shared = tables["ring_objects"]
    all_rows = _keyed(shared, RING_OBJECTS.names[:3], _SHARED)
    by_type: dict[str, list[list[Any]]] = {}
    for position, row in enumerate(all_rows):
        name = row[1] if kind_of(row[1]) is not OTHER else ""
        by_type.setdefault(name, []).append([*row[:3], position, row[3]])
    prepared += [("shared objects", WRITE_SHARED[name], part) for name, part in sorted(by_type.items())]
    return [entry for entry in prepared if entry[2]]


def _keyed(table: pa.Table, key: list[str], values: list[str]) -> list[list[Any]]:
    pairs = zip(rows(table.select(key)), rows(table.select(values)), strict=True)
    return [[*names, properties] for names, properties in pairs]


def remove_auxiliary(connection: Connection, keep: str | None, batch_rows: int) -> None:
    """Remove rows of every run but `keep`, in batches."""
    for label in AUXILIARY.values():
        cypher = (
            f"MATCH (n:{label}) WHERE n.published_by <> $keep AND n.position IS NOT NULL "
            "WITH n LIMIT $size DETACH DELETE n RETURN count(*) AS removed"
        )
        while int(connection.write(cypher, keep=keep or "", size=batch_rows)[0]["removed"]) == batch_rows:
            pass
