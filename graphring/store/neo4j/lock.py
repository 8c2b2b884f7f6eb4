"""The writer's lock, held in the database, so that it also holds between machines.

It is a transaction that stays open and keeps a node locked: the server frees it when the process or its connection
dies. The same host is told apart by the lock file in the state.
"""

from __future__ import annotations

import contextlib
import os
import socket
from typing import Final

from neo4j import Session, Transaction
from neo4j.exceptions import DriverError, Neo4jError

from graphring.errors import LockHeldError
from graphring.store.neo4j.connection import Connection, translated

__all__ = ["ServerLock"]

PROBE_SECONDS: Final = 3.0
FORGET: Final = "MATCH (h:GraphringState {name: 'holder'}) WHERE h.pid = $pid AND h.host = $host REMOVE h.pid, h.host"
GRAB: Final = "MATCH (l:GraphringState {name: 'lock'}) SET l.held = true"


class ServerLock:
    """Use `acquire`, then `ensure` before each phase, then `release`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._session: Session | None = None
        self._transaction: Transaction | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises
        ------
        LockHeldError: another process holds it.
        """
        self._connection.write("MERGE (:GraphringState {name: 'holder'})")
        self._connection.write("MERGE (l:GraphringState {name: 'lock'})")
        with translated(self._connection.address):
            self._session = self._connection.session()
            try:
                self._probe(self._session)
                self._transaction = self._session.begin_transaction(timeout=0)
                self._transaction.run(GRAB).consume()
            except BaseException:
                self._session.close()
                raise
        self._connection.write(
            "MATCH (h:GraphringState {name: 'holder'}) SET h.pid = $pid, h.host = $host",
            pid=os.getpid(),
            host=socket.gethostname(),
        )

    def ensure(self) -> None:
        """Make sure that the lock is still ours; take it again where the server was restarted.

        Raises
        ------
        LockHeldError: another process took it meanwhile.
        """
        if self._transaction is not None:
            try:
                self._transaction.run("RETURN 1").consume()
            except (Neo4jError, DriverError):
                self._drop()
                self.acquire()

    def release(self) -> None:
        """Give it back; a lock that the server lost already is gone all the same, and nobody waits for the server."""
        held = self._transaction is not None
        self._drop()
        if held:
            # one attempt; whoever has taken the lock since keeps the name that he wrote
            with contextlib.suppress(Neo4jError, DriverError, OSError), self._connection.session() as session:
                session.run(FORGET, pid=os.getpid(), host=socket.gethostname()).consume()

    def _probe(self, session: Session) -> None:
        """Try for a few seconds: a transaction that waits for a lock cannot be told how long, only when to end."""
        try:
            with session.begin_transaction(timeout=PROBE_SECONDS) as probe:
                probe.run(GRAB).consume()
                probe.rollback()
        except Neo4jError as error:
            if "Transaction" not in str(error.code) and "LockAcquisition" not in str(error.code):
                raise
            rows = self._connection.read(
                "MATCH (h:GraphringState {name: 'holder'}) RETURN h.pid AS pid, h.host AS host"
            )
            who = f"pid {rows[0]['pid']} on {rows[0]['host']}" if rows else "unknown"
            raise LockHeldError(
                f"another run holds the lock of the graph at {self._connection.address.url} ({who})",
                "Wait for it to end, or stop it",
            ) from error

    def _drop(self) -> None:
        with contextlib.suppress(Neo4jError, DriverError, OSError):
            if self._transaction is not None:
                self._transaction.rollback()
        with contextlib.suppress(Neo4jError, DriverError, OSError):
            if self._session is not None:
                self._session.close()
        self._session = self._transaction = None
