"""The published run of a Neo4j database, for reading.

The graph is one and alive: accounts, objects and sightings are as they are now. Rings and everything about them are of
the run that this reader was opened on; when another one replaced it, a clear error says so instead of a mixture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from neo4j import ManagedTransaction

from graphring import model
from graphring.engine.duck import Engine
from graphring.errors import StoreError
from graphring.model import NodeRef, RunInfo
from graphring.store.neo4j.columns import SENTINELS, table
from graphring.store.neo4j.connection import Connection
from graphring.store.neo4j.queries import HUB_BOUND, POSITION, QUERIES, node_query
from graphring.store.neo4j.read import object_types
from graphring.store.neo4j.schema import KINDS
from graphring.store.neo4j.stored import weigh

__all__ = ["Neo4jSnapshot"]

PAGE: Final = 10_000
ACCOUNT: Final = "account"


class Neo4jSnapshot:
    """The current run.

    Parameters
    ----------
    weights: of the classes of objects, from the state node.
    """

    def __init__(self, connection: Connection, run: RunInfo, weights: pa.Table) -> None:
        self._connection, self._run, self._weights = connection, run, weights

    @property
    def run(self) -> RunInfo:
        """The run that published this snapshot."""
        return self._run

    def rings(self) -> pa.Table:
        """RINGS, sorted by ring_id."""
        return table(model.RINGS, self._of_run("rings")).sort_by("ring_id")

    def members(self, ring_id: str | None = None) -> pa.Table:
        """MEMBERS of one ring, or of all."""
        pages = self._of_run("all members") if ring_id is None else self._of_run("members of a ring", ring=ring_id)
        return table(model.MEMBERS, pages).sort_by([("ring_id", "ascending"), ("account_id", "ascending")])

    def evidence(self, ring_id: str) -> pa.Table:
        """EVIDENCE of a ring, by rank."""
        return table(model.EVIDENCE, self._of_run("evidence of a ring", ring=ring_id))

    def ring_objects(self, ring_id: str) -> pa.Table:
        """RING_OBJECTS of a ring, most shared first."""
        schema = model.RING_OBJECTS.append(POSITION)
        found = table(schema, self._of_run("shared objects of a ring", ring=ring_id))
        return found.sort_by("position").drop_columns(["position"])

    def activity(self, ring_id: str) -> pa.Table:
        """ACTIVITY of a ring by hour."""
        pages = [
            {
                "ring_id": [ring_id] * len(row["hours"]),
                "hour": row["hours"],
                "exchanges": row["exchanges"],
                "accounts": row["accounts"],
            }
            for row in self._of_run("activity of a ring", ring=ring_id)
        ]
        return table(model.ACTIVITY, pages)

    def ledger(self, ring_id: str | None = None) -> pa.Table:
        """LEDGER of one ring, or of all, in order."""
        if ring_id is None:
            return self._all("ledger")
        return table(model.LEDGER, self._of_run("ledger of a ring", ring=ring_id))

    def lineage(self) -> pa.Table:
        """LINEAGE: what is remembered of all rings, by ring_id."""
        return self._all("lineage")

    def families(self) -> pa.Table:
        """FAMILIES of prompt templates, by family_id."""
        return self._all("families")

    def quarantine(self) -> pa.Table:
        """QUARANTINE of the run."""
        return self._all("quarantine")

    def accounts(self, account_ids: Sequence[str]) -> pa.Table:
        """GRAPH_ACCOUNTS of these accounts, by account_id; unknown ids are left out."""
        return table(model.GRAPH_ACCOUNTS, self._by_ids("accounts", account_ids)).sort_by("account_id")

    def sightings(self, account_ids: Sequence[str]) -> pa.Table:
        """SIGHTINGS of these accounts, those of other systems beside ours added up."""
        found = table(model.SIGHTINGS, self._by_ids("sightings", account_ids))
        key = ["account_id", "object_type", "object_id"]
        found = found.set_column(3, "count", pc.coalesce(found.column("count"), 1))
        found = found.set_column(6, "active_days", pc.coalesce(found.column("active_days"), pa.scalar(1, pa.int32())))
        merged = found.group_by(key, use_threads=False).aggregate(
            [("count", "sum"), ("first_seen", "min"), ("last_seen", "max"), ("active_days", "max")]
        )
        merged = merged.rename_columns([name.removesuffix(_suffix(name)) for name in merged.column_names])
        return model.conform(merged.sort_by([(name, "ascending") for name in key]), model.SIGHTINGS)

    def objects(self, refs: Sequence[NodeRef]) -> pa.Table:
        """OBJECTS of these references, sorted; unknown ones are left out."""
        pages = []
        for kind in sorted({ref.kind for ref in refs} - {ACCOUNT}):
            ids = sorted({ref.id for ref in refs if ref.kind == kind})
            pages += self._connection.read(node_query("objects", kind), ids=ids, type=kind, **SENTINELS)
        with Engine(threads=1) as engine:
            return weigh(engine, table(model.OBJECTS, pages), self._weights)

    def neighbours(self, node: NodeRef, *, limit: int = 50, offset: int = 0) -> pa.Table:
        """SIGHTINGS that touch a node, by count descending then ids; bounded, so that a hub costs no more."""
        given = {"id": node.id, "type": node.kind, "limit": limit, "offset": offset, "bound": HUB_BOUND}
        query = node_query("neighbours of", node.kind)
        return table(model.SIGHTINGS, self._connection.read(query, **given, **SENTINELS))

    def search(self, text: str, *, limit: int = 20) -> Sequence[NodeRef]:
        """Accounts and objects whose id begins with `text`, in order of (kind, id); no patterns, no case folding."""
        found: list[NodeRef] = []
        for kind in sorted({ACCOUNT, *KINDS, *object_types(self._connection)}):
            rows = self._connection.read(node_query("search", kind), text=text, type=kind, limit=limit - len(found))
            found += [NodeRef(kind, name) for name in sorted(rows[0]["ids"])]
            if len(found) >= limit:
                break
        return found

    def _by_ids(self, name: str, account_ids: Sequence[str]) -> list[Mapping[str, Any]]:
        ids = sorted(set(account_ids))
        pages: list[Mapping[str, Any]] = []
        for start in range(0, len(ids), PAGE):
            pages += self._connection.read(QUERIES[name], ids=ids[start : start + PAGE], **SENTINELS)
        return pages

    def _all(self, name: str) -> pa.Table:
        pages: list[Mapping[str, Any]] = []
        while True:
            page = self._of_run(f"all {name}", low=len(pages) * PAGE, high=(len(pages) + 1) * PAGE)[0]
            if not page[model.RUN_TABLES[name].names[0]]:
                return table(model.RUN_TABLES[name], pages)
            pages.append(page)

    def _of_run(self, name: str, **given: Any) -> list[Mapping[str, Any]]:
        """Rows of a query about the run. The run is looked at last: while it is current, what was read is whole."""

        def work(tx: ManagedTransaction) -> tuple[list[Mapping[str, Any]], str | None]:
            rows: list[Mapping[str, Any]] = [
                dict(record) for record in tx.run(QUERIES[name], {"run": self._run.run_id, **given, **SENTINELS})
            ]
            current = tx.run(QUERIES["current"]).single()
            return rows, current["current"] if current is not None else None

        rows, current = self._connection.reading(work)
        if current != self._run.run_id:
            raise StoreError(
                f"run {self._run.run_id} was replaced by run {current} in Neo4j", "Read the current run again"
            )
        return rows


def _suffix(name: str) -> str:
    return next((end for end in ("_sum", "_min", "_max") if name.endswith(end)), "")
