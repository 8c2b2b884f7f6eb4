"""The way to the casebook's database: one connection for one piece of work, and one clear line for what goes wrong."""

from __future__ import annotations

import contextlib
import errno
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from graphring.cases.schema import is_current, prepare
from graphring.errors import ConfigError, DiskFullError, StoreError

__all__ = ["Database"]

_WRITING: Final = "graphring_writing"


class Database:
    """Transactions on the casebook.

    Connections are not kept: a file that was deleted or replaced under a running server is noticed at the next use,
    where a kept connection would go on writing into a file without a name.

    Parameters
    ----------
    url: a SQLAlchemy URL.
    timeout: seconds to wait for another writer.
    """

    def __init__(self, url: str, *, timeout: float = 30.0) -> None:
        try:
            parsed = sa.make_url(url)
        except ArgumentError as error:
            raise ConfigError(
                "GRAPHRING_CASEBOOK is no database URL", "It looks like sqlite:////path/to/casebook.sqlite"
            ) from error
        if parsed.get_backend_name() != "sqlite":
            raise ConfigError(
                f"the casebook cannot be kept in {parsed.get_backend_name()} yet",
                "Use SQLite: sqlite:////path/to/casebook.sqlite",
            )
        if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
            raise ConfigError("the casebook needs a file to be kept in", "Use sqlite:////path/to/casebook.sqlite")
        self.path = Path(parsed.database)
        self.timeout = timeout
        self.engine = sa.create_engine("sqlite://", creator=self._connect, poolclass=NullPool)
        sa.event.listen(self.engine, "begin", _begin)

    def create(self) -> None:
        """Make the file and its tables where they are missing.

        Raises
        ------
        StoreError: it cannot be used, or is no casebook, or a newer one.
        """
        with self._telling():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            existed = self.path.exists()
            self.path.touch()
            if not existed:
                self.path.chmod(0o600)
            self._use_wal()
        with self.reading() as connection:
            if is_current(connection):
                return
        with self.writing() as connection:
            prepare(connection)

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the casebook."""
        with self._telling(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that holds the only writer's lock from its start, so that the head it reads stays the head."""
        with self._telling(), self.engine.connect() as connection:
            connection.execution_options(**{_WRITING: True})
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Free what is held."""
        self.engine.dispose()

    def _connect(self) -> sqlite3.Connection:
        # mode=rw: a file that is gone is an error, not a new and empty casebook
        connection = sqlite3.connect(
            self.path.absolute().as_uri() + "?mode=rw", uri=True, timeout=self.timeout, isolation_level=None
        )
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def _use_wal(self) -> None:
        """Switching needs the file for itself and does not wait for it, so try until the time is up."""
        deadline = time.monotonic() + self.timeout
        while True:
            with contextlib.closing(self._connect()) as connection:
                try:
                    connection.execute("PRAGMA journal_mode = WAL")  # stays with the file
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                        raise
                else:
                    return
            time.sleep(0.02)

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, DBAPIError, OSError) as error:
            raise self._told(error) from error

    def _told(self, error: Exception) -> StoreError | DiskFullError:
        origin = error.orig if isinstance(error, DBAPIError) else error
        code = getattr(origin, "sqlite_errorcode", 0) & 0xFF
        where = f"the casebook {self.path}"
        known: dict[int, tuple[str, str]] = {
            sqlite3.SQLITE_BUSY: ("is locked by another program", "Wait until it is done and try again"),
            sqlite3.SQLITE_READONLY: ("is read-only", "Give the user that runs graphring the right to write it"),
            sqlite3.SQLITE_NOTADB: ("is not a database", "Restore it from a backup"),
            sqlite3.SQLITE_CORRUPT: ("is damaged", "Restore it from a backup"),
            sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "Check that the file is there and may be read and written"),
            sqlite3.SQLITE_IOERR: ("could not be read or written", "Check the disk"),
        }
        if code == sqlite3.SQLITE_FULL or getattr(origin, "errno", None) == errno.ENOSPC:
            return DiskFullError(f"the disk is full: {where} was not changed", "Free some space and try again")
        what, remedy = known.get(code, (f"could not be used: {origin}", "Check the file and the disk"))
        return StoreError(f"{where} {what}", remedy)


def _begin(connection: sa.Connection) -> None:
    """The driver's own transactions are off: it would take the writer's lock only at the first write."""
    writing = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
