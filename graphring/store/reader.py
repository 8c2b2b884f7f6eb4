"""One published run of the embedded store, for reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pyarrow as pa

from graphring import model
from graphring.model import NodeRef, RunInfo
from graphring.store.parquet import SortedParquet
from graphring.store.runinfo import run_from_json

__all__ = ["ACCOUNT", "GRAPH_FILES", "SnapshotReader"]

ACCOUNT: Final = "account"
"""The kind of an account's `NodeRef`."""

GRAPH_FILES: Final[Mapping[str, pa.Schema]] = MappingProxyType(
    {
        "accounts": model.GRAPH_ACCOUNTS,
        "objects": model.OBJECTS,
        "sightings": model.SIGHTINGS,
        "sightings_by_object": model.SIGHTINGS,
    }
)
"""The graph's files. `sightings_by_object` has the same rows, sorted by (object, count descending, account), so that
the head of a hub's neighbours is the head of its rows."""


class SnapshotReader:
    """Every file is opened at once and kept open, so that pruning cannot take away what is being read.

    Raises
    ------
    FileNotFoundError: a file is missing: the snapshot was pruned meanwhile.
    ValueError: a file is something else.
    """

    def __init__(self, directory: Path) -> None:
        self._run = run_from_json((directory / "run.json").read_text(encoding="utf-8"))
        schemas = {**GRAPH_FILES, **model.RUN_TABLES}
        if not (directory / "lineage.parquet").exists():  # published before rings were remembered beyond a run
            del schemas["lineage"]
        self._files = {name: SortedParquet(directory / f"{name}.parquet", schemas[name]) for name in schemas}

    @property
    def run(self) -> RunInfo:
        """The run that published this snapshot."""
        return self._run

    def rings(self) -> pa.Table:
        """RINGS, sorted by ring_id."""
        return self._files["rings"].all()

    def members(self, ring_id: str | None = None) -> pa.Table:
        """MEMBERS of one ring, or of all."""
        return self._of_ring("members", ring_id)

    def evidence(self, ring_id: str) -> pa.Table:
        """EVIDENCE of a ring, by rank."""
        return self._of_ring("evidence", ring_id)

    def ring_objects(self, ring_id: str) -> pa.Table:
        """RING_OBJECTS of a ring, most shared first."""
        return self._of_ring("ring_objects", ring_id)

    def activity(self, ring_id: str) -> pa.Table:
        """ACTIVITY of a ring by hour."""
        return self._of_ring("activity", ring_id)

    def ledger(self, ring_id: str | None = None) -> pa.Table:
        """LEDGER of one ring, or of all, in order."""
        return self._of_ring("ledger", ring_id)

    def lineage(self) -> pa.Table:
        """LINEAGE: what is remembered of all rings, by ring_id."""
        return self._files["lineage"].all() if "lineage" in self._files else model.LINEAGE.empty_table()

    def families(self) -> pa.Table:
        """FAMILIES of prompt templates, by family_id."""
        return self._files["families"].all()

    def quarantine(self) -> pa.Table:
        """QUARANTINE of the run."""
        return self._files["quarantine"].all()

    def accounts(self, account_ids: Sequence[str]) -> pa.Table:
        """GRAPH_ACCOUNTS of these accounts, by account_id; unknown ids are left out."""
        return self._files["accounts"].where_in("account_id", account_ids)

    def sightings(self, account_ids: Sequence[str]) -> pa.Table:
        """SIGHTINGS of these accounts."""
        return self._files["sightings"].where_in("account_id", account_ids)

    def objects(self, refs: Sequence[NodeRef]) -> pa.Table:
        """OBJECTS of these references, sorted; unknown ones are left out."""
        table = self._files["objects"].where_in("object_id", [ref.id for ref in refs])
        wanted = {(ref.kind, ref.id) for ref in refs}
        pairs = zip(table.column("object_type").to_pylist(), table.column("object_id").to_pylist(), strict=True)
        return table.filter(pa.array([pair in wanted for pair in pairs], pa.bool_()))

    def neighbours(self, node: NodeRef, *, limit: int = 50, offset: int = 0) -> pa.Table:
        """SIGHTINGS that touch a node, by count descending then ids; bounded, so that a hub costs no more."""
        if node.kind == ACCOUNT:
            order = [("count", "descending"), ("object_type", "ascending"), ("object_id", "ascending")]
            table = self._files["sightings"].where_equal(account_id=node.id).sort_by(order)
        else:
            key = {"object_type": node.kind, "object_id": node.id}
            table = self._files["sightings_by_object"].where_equal(limit=offset + limit, **key)
        return table.slice(offset, limit)

    def search(self, text: str, *, limit: int = 20) -> Sequence[NodeRef]:
        """Accounts and objects whose id begins with `text`, in order of (kind, id); no patterns, no case folding."""
        accounts = self._files["accounts"].starting_with("account_id", text, limit)
        found = [NodeRef(ACCOUNT, name) for name in accounts.column("account_id").to_pylist()]
        objects = self._files["objects"].starting_with("object_id", text, limit)
        kinds, names = objects.column("object_type").to_pylist(), objects.column("object_id").to_pylist()
        found += [NodeRef(kind, name) for kind, name in zip(kinds, names, strict=True)]
        return sorted(found)[:limit]

    def _of_ring(self, name: str, ring_id: str | None) -> pa.Table:
        return self._files[name].all() if ring_id is None else self._files[name].where_equal(ring_id=ring_id)
