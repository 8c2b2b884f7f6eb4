"""The driver, and what can go wrong with a server, each as one clear line."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from neo4j import Driver, GraphDatabase, ManagedTransaction, Session
from neo4j.exceptions import (
    ClientError,
    ConfigurationError,
    DriverError,
    IncompleteCommit,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
)

from graphring.config import Settings
from graphring.errors import ConfigError, StoreError

__all__ = ["SERVER", "SESSIONS", "Address", "Connection", "TakenError", "address_of", "connect", "translated"]

T = TypeVar("T")

logging.getLogger("neo4j").addHandler(logging.NullHandler())
"""The driver warns of each attempt that it repeats; without a handler that would go to the terminal."""

OLDEST: Final = (5, 26)
SCHEMES: Final = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")
SESSIONS: Final = 2
"""At work at once in a load; its plan is made for two. A server gives each one processor."""
CONNECT_SECONDS: Final = 15.0
SERVER: Final = (
    "CALL dbms.components() YIELD name, versions, edition WHERE name = 'Neo4j Kernel' "
    "RETURN versions[0] AS version, edition"
)
"""Version and edition; calendar versions list the versions of Cypher beside the kernel."""
WAIT: Final = "Wait until it is up and run again: what was written so far is taken up"


class TakenError(StoreError):
    """A node of that key is there already."""


@dataclass(frozen=True)
class Address:
    """Where a graph lives and who we are there."""

    url: str
    user: str
    password: str = field(repr=False)
    database: str
    retry_seconds: float = 120.0
    """How long a write is tried again when the server goes away: a restart takes less."""


class Connection:
    """One driver for one database; sessions are opened for each call. Threads may share it."""

    def __init__(self, address: Address, driver: Driver) -> None:
        self.address = address
        self._driver = driver

    def session(self) -> Session:
        """A new session on our database. Hints to the authors of queries are not asked for."""
        return self._driver.session(database=self.address.database, notifications_min_severity="OFF")

    def read(self, cypher: str, **parameters: Any) -> list[Mapping[str, Any]]:
        """The rows of one query, in a managed read transaction."""
        return self.reading(lambda tx: [dict(record) for record in tx.run(cypher, parameters)])

    def reading(self, work: Callable[[ManagedTransaction], T]) -> T:
        """Several queries in one managed read transaction."""
        with translated(self.address), self.session() as session:
            return session.execute_read(work)

    def writing(self, work: Callable[[ManagedTransaction], T]) -> T:
        """One managed write transaction: whole or not at all, tried again on passing errors; `work` is idempotent."""
        with translated(self.address):
            while True:
                with contextlib.suppress(IncompleteCommit), self.session() as session:
                    # lost while committing: nobody knows whether it was done, and doing it again does no harm
                    return session.execute_write(work)

    def write(self, cypher: str, **parameters: Any) -> list[Mapping[str, Any]]:
        """One statement in a managed write transaction."""
        return self.writing(lambda tx: [dict(record) for record in tx.run(cypher, parameters)])

    def schema(self, cypher: str) -> None:
        """One schema statement, which needs a transaction of its own."""
        with translated(self.address), self.session() as session:
            session.run(cypher).consume()

    def close(self) -> None:
        """Close the driver."""
        self._driver.close()


def address_of(settings: Settings) -> Address:
    """The address and credentials that the settings name.

    Raises
    ------
    ConfigError: `settings.store` is no Bolt address, or carries a password.
    """
    parts = urlsplit(settings.store)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise ConfigError("the store is no address of Neo4j", "Give bolt://host:7687 or neo4j://host:7687")
    if parts.username or parts.password:
        raise ConfigError(
            "the store's address carries a user or password",
            "Set GRAPHRING_NEO4J_USER and GRAPHRING_NEO4J_PASSWORD instead",
        )
    neo4j = settings.neo4j
    return Address(settings.store, neo4j.user, neo4j.password.get_secret_value(), neo4j.database)


def connect(address: Address) -> Connection:
    """Connect, and make sure that the server, the database and the version will do.

    Raises
    ------
    StoreError: the server does not answer, refuses us, is too old, or lacks the database.
    """
    with translated(address):
        driver = GraphDatabase.driver(
            address.url,
            auth=(address.user, address.password),
            connection_timeout=CONNECT_SECONDS,
            connection_acquisition_timeout=CONNECT_SECONDS * 2,
            max_transaction_retry_time=address.retry_seconds,
            user_agent="graphring",
        )
    try:
        with translated(address), driver.session(database=address.database) as session:
            record = session.run(SERVER).single()
        _check_version(address, record["version"] if record is not None else "")
    except BaseException:
        driver.close()
        raise
    return Connection(address, driver)


def _check_version(address: Address, version: str) -> None:
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < OLDEST:
        raise StoreError(
            f"Neo4j at {address.url} has version {version or 'unknown'}; graphring needs 5.26 or later",
            "Upgrade the server",
        )


@contextlib.contextmanager
def translated(address: Address) -> Iterator[None]:
    """Turn the driver's errors into a `StoreError` that names the server and the remedy, never the password."""
    try:
        yield
    except Neo4jError as error:
        raise _server_error(address, error) from error
    except ConfigurationError as error:
        raise ConfigError(f"the store's address {address.url} cannot be used: {_first_line(error)}") from error
    except (ServiceUnavailable, SessionExpired, DriverError, OSError) as error:
        raise StoreError(f"Neo4j at {address.url} does not answer: {_first_line(error)}", WAIT) from error


def _server_error(address: Address, error: Neo4jError) -> StoreError:
    """By the server's status code, the last part of which says what happened."""
    code = (error.code or "").rsplit(".", 1)[-1]
    said = _first_line(error)
    if code in ("Unauthorized", "CredentialsExpired", "AuthenticationRateLimit", "TokenExpired"):
        return _refused(address, code)
    if code.startswith("Forbidden") or "ReadOnly" in code or code == "AccessMode":
        return StoreError(
            f"'{address.user}' may not write to database '{address.database}' at {address.url}",
            "Give the user write access, or make the database writable",
        )
    what, remedy = f"Neo4j at {address.url} failed: {error.code}: {said}", WAIT
    if code == "DatabaseNotFound":
        what = f"Neo4j at {address.url} has no database '{address.database}'"
        remedy = "Create it, or set GRAPHRING_NEO4J_DATABASE"
    elif code in ("ConstraintCreationFailed", "ConstraintValidationFailed"):
        what = f"data of other systems under graphring's labels breaks a constraint: {said}"
        remedy = "Merge or rename those nodes; docs/neo4j.md lists labels and keys"
        return TakenError(what, remedy) if code == "ConstraintValidationFailed" else StoreError(what, remedy)
    elif code in ("IndexAlreadyExists", "ConstraintAlreadyExists", "EquivalentSchemaRuleAlreadyExists"):
        what = f"an index of another system stands where a constraint must be: {said}"
        remedy = "Drop it; the constraint brings its own index"
    elif isinstance(error, ClientError):
        what = f"Neo4j at {address.url} refused a statement: {error.code}: {said}"
        remedy = "Please report it"
    elif "Memory" in code:
        remedy = "Lower [neo4j] batch_rows, or give the server more memory"
    return StoreError(what, remedy)


def _refused(address: Address, code: str) -> StoreError:
    if code == "CredentialsExpired":
        return StoreError(f"the password of '{address.user}' at {address.url} must be changed first", "Change it")
    if code == "AuthenticationRateLimit":
        return StoreError(f"Neo4j at {address.url} refuses '{address.user}' after too many attempts", "Wait a little")
    return StoreError(
        f"Neo4j at {address.url} refuses the password of '{address.user}'",
        "Check GRAPHRING_NEO4J_USER and GRAPHRING_NEO4J_PASSWORD",
    )


def _first_line(error: Exception) -> str:
    text = getattr(error, "message", None) or str(error) or type(error).__name__
    return str(text).splitlines()[0][:300].rstrip(" :.")
