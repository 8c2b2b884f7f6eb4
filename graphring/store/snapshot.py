"""The embedded store: immutable snapshots of Parquet files, made current by one rename.

    state/lock                      the writer's lock
    state/CURRENT                   the id of the run that readers see
    state/staging/                  a loaded graph that no run has published yet
    state/snapshots/<run>/          run.json and one Parquet file per table; never changed, only pruned

Whatever is half-made has a name that begins with a dot, and the next writer removes it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from graphring.engine.duck import Engine, writing
from graphring.errors import NoRunError, StoreError
from graphring.model import RUN_TABLES, GraphTables, RunInfo, conform
from graphring.store.lock import file_lock
from graphring.store.parquet import fsync_directory, write_table
from graphring.store.protocol import Snapshot
from graphring.store.reader import GRAPH_FILES, SnapshotReader
from graphring.store.runinfo import run_from_json, run_to_json

__all__ = ["SnapshotStore"]

_ORDER: Final[Mapping[str, tuple[str, tuple[Any, ...]]]] = {
    "accounts": ("accounts", ("account_id",)),
    "objects": ("objects", ("object_type", "object_id")),
    "sightings": ("sightings", ("account_id", "object_type", "object_id")),
    "sightings_by_object": ("sightings", ("object_type", "object_id", ibis.desc("count"), "account_id")),
}
"""Each file of the graph: the table that it holds and its order."""


class SnapshotStore:
    """Snapshots in a state directory.

    Parameters
    ----------
    state: the directory; made when something is first written.
    keep_runs: how many published runs stay; the current one always does.
    threads, memory_limit: what sorting may use.
    """

    def __init__(self, state: Path, *, keep_runs: int = 30, threads: int = 2, memory_limit: str = "2GB") -> None:
        self.state = state
        self._keep_runs = max(keep_runs, 1)
        self._threads, self._memory_limit = threads, memory_limit
        self._snapshots, self._staging, self._current = state / "snapshots", state / "staging", state / "CURRENT"

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the only writer's lock, and remove what killed writers left half-made."""
        with file_lock(self.state):
            self._clean()
            yield

    def load(self, graph: GraphTables) -> Mapping[str, int]:
        """Stage `graph` for the next `publish`; readers do not see it. Returns the rows written of each table."""
        part = self.state / ".staging"
        counts: dict[str, int] = {}
        with _storing(part):
            _fresh_directory(part)
            scratch = part / ".scratch"
            with Engine(threads=self._threads, memory_limit=self._memory_limit, scratch=scratch) as engine:
                for name, (source, order) in _ORDER.items():
                    table = engine.table(engine.arrow(getattr(graph, source)), order_by=order)
                    counts[name] = write_table(table, part / f"{name}.parquet", GRAPH_FILES[name])
            shutil.rmtree(scratch, ignore_errors=True)
            fsync_directory(part)
            self._remove(self._staging)
            part.rename(self._staging)
            fsync_directory(self.state)
        del counts["sightings_by_object"]
        return {**counts, "expired": 0}

    def read_graph(self) -> GraphTables:
        """The graph that was loaded and waits for `publish`, or else that of the current run."""
        where = self._staging if self._staging.is_dir() else self._directory(self._current_id())
        try:
            tables = {name: pq.read_table(where / f"{name}.parquet") for name in ("accounts", "objects", "sightings")}
        except (OSError, pa.ArrowException) as error:
            raise _unreadable(where, error) from error
        return GraphTables(**{name: conform(table, GRAPH_FILES[name]) for name, table in tables.items()})

    def publish(self, run: RunInfo, tables: Mapping[str, pa.Table]) -> None:
        """Complete the staged graph with a run's tables and make it current by one rename.

        Publishing the run that is current already changes nothing, so that a killed refresh may repeat it.

        Raises
        ------
        StoreError: no graph was loaded for this run.
        """
        if set(tables) != set(RUN_TABLES):
            raise ValueError(f"a run has the tables {sorted(RUN_TABLES)}, not {sorted(tables)}")
        if self._read_current() != run.run_id:
            self._complete(run, tables)
        with _storing(self.state):
            self._remove(self._staging)
            self._prune()

    def current(self) -> Snapshot:
        """The last published run."""
        for _ in range(100):  # a run can be replaced and pruned between reading CURRENT and opening it
            run_id = self._current_id()
            try:
                return self._open(run_id)
            except NoRunError:
                if self._read_current() == run_id:
                    raise
        raise StoreError(f"the runs of {self.state} change faster than they can be opened", "Raise keep_runs")

    def snapshot(self, run_id: str) -> Snapshot:
        """A published run by its id."""
        if run_id not in {run.run_id for run in self.runs()}:
            raise _no_run(self.state, run_id)
        return self._open(run_id)

    def runs(self) -> Sequence[RunInfo]:
        """Published runs, newest first."""
        try:
            newest = run_from_json(self._run_file(self._current_id()).read_text(encoding="utf-8")).number
        except NoRunError:
            return ()
        except (OSError, ValueError) as error:
            raise _unreadable(self._snapshots, error) from error
        found = [run for run in self._described() if run.number <= newest]
        return tuple(sorted(found, key=lambda run: (-run.number, run.run_id)))

    def close(self) -> None:
        """Nothing is held between calls."""

    def _complete(self, run: RunInfo, tables: Mapping[str, pa.Table]) -> None:
        if not self._staging.is_dir():
            raise StoreError(f"no graph is loaded for run {run.run_id}", "Run the refresh again")
        final, part = self._directory(run.run_id), self._snapshots / f".{run.run_id}"
        with _storing(part):
            _fresh_directory(part)
            for name in GRAPH_FILES:
                _link(self._staging / f"{name}.parquet", part / f"{name}.parquet")
            for name, schema in RUN_TABLES.items():
                write_table(tables[name], part / f"{name}.parquet", schema)
            _write_text(part / "run.json", run_to_json(run) + "\n")
            fsync_directory(part)
            self._remove(final)  # left by a writer killed just before it was made current
            part.rename(final)
            fsync_directory(self._snapshots)
            self._switch(run.run_id)

    def _described(self) -> Iterator[RunInfo]:
        """Every complete snapshot on disk, whether it was made current or not."""
        for directory in sorted(self._snapshots.glob("[!.]*")):
            # a snapshot may be pruned while we list
            with contextlib.suppress(OSError, ValueError):
                yield run_from_json((directory / "run.json").read_text(encoding="utf-8"))

    def _open(self, run_id: str) -> SnapshotReader:
        directory = self._directory(run_id)
        try:
            return SnapshotReader(directory)
        except FileNotFoundError as error:
            if directory.is_dir():
                raise _unreadable(directory, error) from error
            raise _no_run(self.state, run_id) from error
        except (OSError, ValueError, pa.ArrowException) as error:
            raise _unreadable(directory, error) from error

    def _directory(self, run_id: str) -> Path:
        if not run_id or run_id.startswith(".") or "/" in run_id or "\0" in run_id:
            raise _no_run(self.state, run_id)
        return self._snapshots / run_id

    def _run_file(self, run_id: str) -> Path:
        return self._directory(run_id) / "run.json"

    def _read_current(self) -> str | None:
        try:
            return self._current.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise _unreadable(self._current, error) from error

    def _current_id(self) -> str:
        run_id = self._read_current()
        if run_id is None:
            raise NoRunError(f"nothing has been published in {self.state} yet", "Run `graphring refresh` first")
        return run_id

    def _switch(self, run_id: str) -> None:
        part = self.state / ".CURRENT"
        _write_text(part, run_id + "\n")
        part.replace(self._current)
        fsync_directory(self.state)

    def _prune(self) -> None:
        current = self._read_current()
        for run in self.runs()[self._keep_runs :]:
            if run.run_id != current:
                self._remove(self._directory(run.run_id))

    def _clean(self) -> None:
        """Remove what is half-made, and complete snapshots that their writer did not live to make current."""
        for path in sorted([*self.state.glob(".staging*"), *self.state.glob(".CURRENT"), *self._snapshots.glob(".*")]):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        if self._read_current() is not None:
            published = {run.run_id for run in self.runs()}
            for run in self._described():
                if run.run_id not in published:
                    self._remove(self._directory(run.run_id))

    def _remove(self, directory: Path) -> None:
        """Remove a directory so that nobody ever sees a half of it under its name."""
        if directory.is_dir():
            doomed = directory.with_name(f".{directory.name}.removed")
            shutil.rmtree(doomed, ignore_errors=True)
            directory.rename(doomed)
            shutil.rmtree(doomed)


@contextlib.contextmanager
def _storing(where: Path) -> Iterator[None]:
    """Turn what the disk refuses into one clear error."""
    try:
        with writing(where):
            yield
    except OSError as error:
        raise StoreError(f"{where} cannot be written: {error.strerror or error}", "Check its permissions") from error


def _fresh_directory(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)


def _link(source: Path, target: Path) -> None:
    """The same bytes under a second name; a copy where the file system has no hard links."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EXDEV, errno.EMLINK):
            raise
        shutil.copyfile(source, target)
        with target.open("rb") as file:
            os.fsync(file.fileno())


def _write_text(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _unreadable(where: Path, error: Exception) -> StoreError:
    return StoreError(f"{where} cannot be read: {error}", "Restore it from a backup, or refresh into a new state")


def _no_run(state: Path, run_id: str) -> NoRunError:
    return NoRunError(f"{state} has no run {run_id!r} (any more)", "`graphring rings` shows the current one")
