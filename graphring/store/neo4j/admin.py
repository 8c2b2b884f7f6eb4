"""What an administrator asks: make the schema, say how things stand."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphring.config import Settings
from graphring.store.neo4j.connection import SERVER, Connection, address_of, connect
from graphring.store.neo4j.schema import EXPIRED, KINDS, OTHER, SCHEMA_VERSION, installed_version, migrate, state
from graphring.store.neo4j.store import Neo4jStore

__all__ = ["Neo4jStatus", "neo4j_init", "neo4j_status", "open_neo4j"]

_LABELS: Final = ("Account", *(kind.label for kind in KINDS.values()), OTHER.label, "Ring", "Run", EXPIRED)
_RELATIONSHIPS: Final = (*(kind.relationship for kind in KINDS.values()), OTHER.relationship, "MEMBER_OF")


@dataclass(frozen=True)
class Neo4jStatus:
    """How a database stands."""

    url: str
    database: str
    version: str
    edition: str
    schema_version: int
    """0: `graphring neo4j init` has not run."""
    schema_known: int
    """The version that this graphring makes."""
    indexes_online: bool
    run_id: str | None
    """The published run."""
    staged: bool
    """A graph is loaded that no run has published yet."""
    pending: bool
    """A load was cut short; the next refresh takes it up."""
    nodes: Mapping[str, int]
    """By label, those of other systems included."""
    relationships: Mapping[str, int]
    """By type, those of other systems included."""


def open_neo4j(settings: Settings) -> Neo4jStore:
    """The store at `settings.store`; it connects when it is first used.

    Raises
    ------
    ConfigError: `settings.store` is no address of Neo4j.
    """
    return Neo4jStore(
        address_of(settings),
        settings.state,
        batch_rows=settings.neo4j.batch_rows,
        threads=settings.worker_threads,
        memory_limit=settings.memory_limit,
    )


def neo4j_init(settings: Settings) -> Neo4jStatus:
    """Make constraints and indexes, or bring them up to date; says how things stand then.

    Raises
    ------
    StoreError: the server does not answer or refuses, or data of other systems breaks a constraint.
    """
    with contextlib.closing(connect(address_of(settings))) as connection:
        migrate(connection)
        return _status(connection)


def neo4j_status(settings: Settings) -> Neo4jStatus:
    """How the database stands; changes nothing.

    Raises
    ------
    StoreError: the server does not answer or refuses.
    """
    with contextlib.closing(connect(address_of(settings))) as connection:
        return _status(connection)


def _status(connection: Connection) -> Neo4jStatus:
    server = connection.read(SERVER)[0]
    offline = connection.read(
        "SHOW INDEXES YIELD name, state WHERE name STARTS WITH 'graphring_' AND state <> 'ONLINE' RETURN count(*) AS n"
    )[0]["n"]
    version = installed_version(connection)
    values: dict[str, Any] = state(connection)
    count = "MATCH {} RETURN count(*) AS n"
    return Neo4jStatus(
        url=connection.address.url,
        database=connection.address.database,
        version=server["version"],
        edition=server["edition"],
        schema_version=version,
        schema_known=SCHEMA_VERSION,
        indexes_online=version > 0 and offline == 0,
        run_id=values.get("current"),
        staged=bool(values.get("staged")),
        pending=bool(values.get("pending")),
        nodes={label: connection.read(count.format(f"(n:{label})"))[0]["n"] for label in _LABELS},
        relationships={name: connection.read(count.format(f"()-[r:{name}]->()"))[0]["n"] for name in _RELATIONSHIPS},
    )
