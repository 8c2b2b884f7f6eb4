"""The graph in Neo4j: what other systems write there counts, and people see the same rings in Bloom and Browser."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from graphring.engine.duck import Engine
from graphring.errors import NoRunError, StoreError
from graphring.model import RUN_TABLES, GraphTables, RunInfo, conform
from graphring.store.lock import file_lock
from graphring.store.neo4j.changes import Base, changes
from graphring.store.neo4j.connection import Address, Connection, connect
from graphring.store.neo4j.load import MissingNodesError, apply, begin, finish, rehearse, sweep
from graphring.store.neo4j.lock import ServerLock
from graphring.store.neo4j.mirror import Mirror
from graphring.store.neo4j.plan import stages
from graphring.store.neo4j.publish import remove_auxiliary, stage, switch
from graphring.store.neo4j.queries import QUERIES
from graphring.store.neo4j.read import read_managed, read_merged
from graphring.store.neo4j.reader import Neo4jSnapshot
from graphring.store.neo4j.schema import migrate, state
from graphring.store.neo4j.stored import SCHEMAS, shape, weight_lists, weights_of
from graphring.store.protocol import Snapshot
from graphring.store.runinfo import run_from_json

__all__ = ["Neo4jStore"]

PLAN_FORMAT: Final = "1"
"""Changes with the way a load is cut into chunks: a load that another version began is compared anew."""

REHEARSED: Final = 200_000
"""Sightings from which on comparing two graphs takes as long as planning statements does."""


class Neo4jStore:
    """One database.

    Parameters
    ----------
    directory: the state; its lock file keeps writers of this host apart, and a mirror of what was written lies in it.
    batch_rows: rows of one write transaction.
    threads, memory_limit: what comparing two graphs may use.
    """

    def __init__(
        self, address: Address, directory: Path, *, batch_rows: int, threads: int = 2, memory_limit: str = "2GB"
    ) -> None:
        self._address, self._directory, self._batch_rows = address, directory, batch_rows
        self._threads, self._memory_limit = threads, memory_limit
        self._mirror = Mirror(directory / "neo4j")
        self._opened: Connection | None = None
        self._lock: ServerLock | None = None

    @property
    def connection(self) -> Connection:
        """The connection, opened when it is first needed."""
        if self._opened is None:
            self._opened = connect(self._address)
        return self._opened

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the only writer's lock, here and in the database; the schema is made where it is missing."""
        with file_lock(self._directory):
            migrate(self.connection)
            self._lock = ServerLock(self.connection)
            self._lock.acquire()
            try:
                yield
            finally:
                lock, self._lock = self._lock, None
                with contextlib.suppress(StoreError):  # a lost server has freed it
                    lock.release()

    def load(self, graph: GraphTables) -> Mapping[str, int]:
        """Write what changed since the last load; returns the rows written of each table, and sightings expired."""
        self._ensure_lock()
        before = state(self.connection)
        with ThreadPoolExecutor(2) as aside, self._engine() as engine:
            if before.get("token") and graph.sightings.num_rows >= REHEARSED:
                aside.submit(rehearse, self.connection)
            stored = shape(engine, graph)
            pending = [str(name) for name in _listed(before.get("pending"))]
            base = _text(before.get("token"))
            mirrors = [self._mirror.read(name) for name in dict.fromkeys([*([base] if base else []), *pending])]
            kept = aside.submit(lambda: self._mirror.find(stored, pending) or self._mirror.write(stored))
            whole = None not in mirrors and bool(mirrors)
            resumed = whole and bool(pending) and self._resumes(before, base, pending, kept.result())
            bases = self._bases(mirrors, base, pending, resumed=resumed)
            what = changes(engine, bases, stored.tables)
            token = kept.result()
        if not resumed:
            # what is only known from the database cannot be cut into the same chunks again
            repeatable = pending == [] and (whole or not bases)
            tokens = [*(name for name in pending if name != token), token]
            plan = _plan(base, token, self._batch_rows) if repeatable else None
            begin(self.connection, pending=tokens, plan=plan)
        try:
            apply(self.connection, stages(what, self._batch_rows))
        except MissingNodesError:
            self._mirror.keep(())  # nothing is assumed of the database next time
            raise
        finish(self.connection, pending=None, plan=None, token=token, staged=True, **weight_lists(stored.weights))
        self._mirror.keep((token,))
        return {**{name: what.written(name) for name in SCHEMAS}, "expired": what.removed["sightings"].num_rows}

    def read_graph(self) -> GraphTables:
        """The graph as it is in the database, what other systems wrote included."""
        with self._engine() as engine:
            return read_merged(self.connection, engine, weights_of(state(self.connection)))

    def publish(self, run: RunInfo, tables: Mapping[str, pa.Table]) -> None:
        """Make a run visible in one transaction; what it replaces and what expired is removed afterwards."""
        if set(tables) != set(RUN_TABLES):
            raise ValueError(f"a run has the tables {sorted(RUN_TABLES)}, not {sorted(tables)}")
        conformed = {name: conform(tables[name], schema) for name, schema in RUN_TABLES.items()}
        self._ensure_lock()
        before = state(self.connection)
        if before.get("current") != run.run_id:
            if not before.get("staged"):
                raise StoreError(f"no graph is loaded for run {run.run_id}", "Run the refresh again")
            remove_auxiliary(self.connection, _text(before.get("current")), self._batch_rows)
            stage(self.connection, run.run_id, conformed, self._batch_rows)
            switch(self.connection, run, conformed)
        self._set_state(staged=None)
        remove_auxiliary(self.connection, run.run_id, self._batch_rows)
        sweep(self.connection, self._batch_rows)

    def current(self) -> Snapshot:
        """The last published run."""
        found = state(self.connection)
        run_id = _text(found.get("current"))
        rows = self.connection.read(QUERIES["run"], run=run_id) if run_id is not None else []
        if not rows:
            raise NoRunError(
                f"nothing has been published in Neo4j at {self._address.url} yet", "Run `graphring refresh`"
            )
        try:
            run = run_from_json(str(rows[0]["info"]))
        except ValueError as error:
            raise StoreError(f"run {run_id} in Neo4j is damaged: {error}", "Run the refresh again") from error
        return Neo4jSnapshot(self.connection, run, weights_of(found))

    def snapshot(self, run_id: str) -> Snapshot:
        """The current run by its id: Neo4j keeps the rings of one run."""
        current = self.current()
        if current.run.run_id != run_id:
            raise NoRunError(f"Neo4j has run {current.run.run_id}, not {run_id!r}", "It keeps the current run only")
        return current

    def runs(self) -> Sequence[RunInfo]:
        """The current run, or none."""
        try:
            return (self.current().run,)
        except NoRunError:
            return ()

    def close(self) -> None:
        """Close the connection."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _engine(self) -> Engine:
        return Engine(
            threads=self._threads, memory_limit=self._memory_limit, scratch=self._directory / ".neo4j-scratch"
        )

    def _ensure_lock(self) -> None:
        if self._lock is not None:
            self._lock.ensure()

    def _bases(
        self, mirrors: Sequence[Base | None], base: str | None, pending: Sequence[str], *, resumed: bool
    ) -> list[Base]:
        """Every graph that the database may hold rows of; none: it is empty of ours.

        A load that is taken up goes on from the graph that it started from. Where a mirror is missing, the database
        itself says what it has.
        """
        known = [mirror for mirror in mirrors if mirror is not None]
        if resumed:
            return known[:1] if base else []
        if len(known) < len(mirrors) or not mirrors:
            managed = read_managed(self.connection)
            return [managed] if any(part.num_rows for part in managed.values()) else []
        if base is None and pending:  # a first load was cut short
            known.insert(0, {name: schema.empty_table() for name, schema in SCHEMAS.items()})
        return known

    def _resumes(self, before: Mapping[str, Any], base: str | None, pending: Sequence[str], token: str) -> bool:
        """Whether the load that was cut short had just this to do."""
        return pending == [token] and before.get("plan") == _plan(base, token, self._batch_rows)

    def _set_state(self, **values: Any) -> None:
        self.connection.write("MERGE (s:GraphringState {name: 'graph'}) SET s += $values", values=values)


def _plan(base: str | None, target: str, size: int) -> str:
    """A name for the work from one mirror to another, chunk by chunk."""
    return hashlib.sha256("\n".join([PLAN_FORMAT, base or "", target, str(size)]).encode()).hexdigest()


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
