"""What every store does; `tests/contract` holds each implementation to it.

A refresh loads the graph, reads it back (so that what other systems wrote into the store counts), detects, and
publishes. Readers see the last published run, whole, until the next one is published whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import pyarrow as pa

from graphring.model import GraphTables, NodeRef, RunInfo

__all__ = ["GraphStore", "Snapshot"]


class Snapshot(Protocol):
    """One published run, for reading. Every table has its schema from `graphring.model` and is sorted as said there."""

    @property
    def run(self) -> RunInfo:
        """The run that published this snapshot."""

    def rings(self) -> pa.Table:
        """RINGS, sorted by ring_id."""

    def members(self, ring_id: str | None = None) -> pa.Table:
        """MEMBERS of one ring, or of all."""

    def evidence(self, ring_id: str) -> pa.Table:
        """EVIDENCE of a ring, by rank."""

    def ring_objects(self, ring_id: str) -> pa.Table:
        """RING_OBJECTS of a ring, most shared first."""

    def activity(self, ring_id: str) -> pa.Table:
        """ACTIVITY of a ring by hour."""

    def ledger(self, ring_id: str | None = None) -> pa.Table:
        """LEDGER of one ring, or of all, in order."""

    def lineage(self) -> pa.Table:
        """LINEAGE: what is remembered of all rings, by ring_id."""

    def families(self) -> pa.Table:
        """FAMILIES of prompt templates, by family_id."""

    def quarantine(self) -> pa.Table:
        """QUARANTINE of the run."""

    def accounts(self, account_ids: Sequence[str]) -> pa.Table:
        """GRAPH_ACCOUNTS of these accounts, by account_id; unknown ids are left out."""

    def sightings(self, account_ids: Sequence[str]) -> pa.Table:
        """SIGHTINGS of these accounts."""

    def objects(self, refs: Sequence[NodeRef]) -> pa.Table:
        """OBJECTS of these references, sorted; unknown ones are left out."""

    def neighbours(self, node: NodeRef, *, limit: int = 50, offset: int = 0) -> pa.Table:
        """SIGHTINGS that touch a node, by count descending then ids; bounded, so that a hub costs no more."""

    def search(self, text: str, *, limit: int = 20) -> Sequence[NodeRef]:
        """Accounts and objects whose id begins with `text`, in order of (kind, id); no patterns, no case folding."""


class GraphStore(Protocol):
    """A place for the graph and its runs."""

    def lock(self) -> AbstractContextManager[None]:
        """Hold the only writer's lock; freed when the process ends, however it ends.

        Raises
        ------
        LockHeldError: another process holds it.
        """

    def load(self, graph: GraphTables) -> Mapping[str, int]:
        """Make the stored graph equal to `graph`, leaving alone what other systems wrote.

        Returns the rows written of `accounts`, `objects` and `sightings` (those that changed, where the store can
        tell), and the sightings `expired`.

        Idempotent: after a kill, the same call again ends in the same graph. Not visible to readers of snapshots
        where the store can keep it so.
        """

    def read_graph(self) -> GraphTables:
        """The graph as it is in the store now, what other systems wrote included."""

    def publish(self, run: RunInfo, tables: Mapping[str, pa.Table]) -> None:
        """Make a run visible, whole or not at all; `tables` has the keys of `graphring.model.RUN_TABLES`.

        Publishing the current run again changes nothing, so that a killed refresh may repeat it.

        Raises
        ------
        StoreError: no graph was loaded for it.
        """

    def current(self) -> Snapshot:
        """The last published run.

        Raises
        ------
        NoRunError: there is none yet.
        """

    def snapshot(self, run_id: str) -> Snapshot:
        """A published run by its id.

        Raises
        ------
        NoRunError: there is none of that id (any more).
        """

    def runs(self) -> Sequence[RunInfo]:
        """Published runs that can still be read, newest first."""

    def close(self) -> None:
        """Free connections and files."""
