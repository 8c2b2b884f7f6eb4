"""Labels, relationship types and keys (docs/neo4j.md), and the numbered migrations that make them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from graphring.errors import StoreError
from graphring.model import ObjectType
from graphring.store.neo4j.connection import Connection

__all__ = [
    "AUXILIARY",
    "EXPIRED",
    "KINDS",
    "OTHER",
    "SCHEMA_VERSION",
    "TYPES",
    "Kind",
    "installed_version",
    "kind_of",
    "migrate",
    "object_type_of",
    "state",
]


@dataclass(frozen=True)
class Kind:
    """How objects of a type are kept."""

    label: str
    relationship: str


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        ObjectType.IP.value: Kind("IP", "CONNECTED_FROM"),
        ObjectType.PAYMENT.value: Kind("PaymentMethod", "PAID_WITH"),
        ObjectType.TEMPLATE.value: Kind("PromptTemplate", "PROMPTED_WITH"),
    }
)
OTHER: Final = Kind("Object", "LINKED")
"""Objects that `links` brings: their type is the property `object_type`, part of the key."""

TYPES: Final = "PAID_WITH|CONNECTED_FROM|PROMPTED_WITH|LINKED"
EXPIRED: Final = "GraphringExpired"
"""A node that left the graph but is still named by the rings of the current run; swept after the next one."""

AUXILIARY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "evidence": "Evidence",
        "activity": "Activity",
        "ledger": "LedgerEvent",
        "lineage": "RingLineage",
        "families": "TemplateFamily",
        "quarantine": "Quarantined",
    }
)
"""Tables of a run that are nodes of their own, one per row (activity: one per ring), and their labels."""


def kind_of(object_type: str) -> Kind:
    """How objects of this type are kept."""
    return KINDS.get(object_type, OTHER)


def object_type_of(node: str) -> str:
    """A Cypher expression for the type of the object `node`; null where it is none."""
    cases = " ".join(f"WHEN {node}:{kind.label} THEN '{name}'" for name, kind in KINDS.items())
    return (
        f"CASE {cases} WHEN {node}:{OTHER.label} AND {node}.object_type IS :: STRING THEN {node}.object_type "
        "ELSE null END"
    )


def _unique(label: str, *properties: str) -> str:
    key = ", ".join(f"n.{name}" for name in properties)
    return f"CREATE CONSTRAINT graphring_{label.lower()} IF NOT EXISTS FOR (n:{label}) REQUIRE ({key}) IS UNIQUE"


def _index(label: str, *properties: str) -> str:
    key = ", ".join(f"n.{name}" for name in properties)
    name = f"graphring_{label.lower()}_{properties[-1]}"
    return f"CREATE INDEX {name} IF NOT EXISTS FOR (n:{label}) ON ({key})"


MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        _unique("GraphringState", "name"),
        _unique("Account", "account_id"),
        *(_unique(kind.label, "object_id") for kind in KINDS.values()),
        _unique(OTHER.label, "object_type", "object_id"),
        _unique("Run", "run_id"),
        _unique("Ring", "ring_id"),
    ),
    (
        _index("Ring", "published_by"),
        *(_unique(label, "published_by", "position") for name, label in AUXILIARY.items() if name != "lineage"),
        *(_index(AUXILIARY[name], "published_by", "ring_id") for name in ("evidence", "activity", "ledger")),
        _index(AUXILIARY["families"], "published_by", "family_id"),
    ),
    (_unique(AUXILIARY["lineage"], "published_by", "position"),),
)
"""Schema version n is reached by the statements of migrations 1 … n; a published one is never edited."""

SCHEMA_VERSION: Final = len(MIGRATIONS)


def installed_version(connection: Connection) -> int:
    """The schema's version in the database; 0: none."""
    rows = connection.read("MATCH (s:GraphringState {name: 'schema'}) RETURN s.version AS version")
    return int(rows[0]["version"]) if rows else 0


def _dropped(connection: Connection) -> bool:
    """Whether an index of ours is missing: the server would scan whole labels instead, and say nothing."""
    expected = {statement.split()[2] for migration in MIGRATIONS for statement in migration}
    rows = connection.read("SHOW INDEXES YIELD name WHERE name STARTS WITH 'graphring_' RETURN name")
    return bool(expected - {row["name"] for row in rows})


def migrate(connection: Connection) -> int:
    """Bring the schema to `SCHEMA_VERSION`; returns the version that was there before.

    Each statement may be repeated, so a migration that was cut short is taken up again; where somebody dropped a
    constraint or an index, all are.

    Raises
    ------
    StoreError: the database is of a newer graphring, or data of other systems breaks a constraint.
    """
    before = installed_version(connection)
    if before > SCHEMA_VERSION:
        raise StoreError(
            f"the database has schema {before}, this graphring knows {SCHEMA_VERSION}", "Upgrade graphring"
        )
    for number in range(1 if _dropped(connection) else before + 1, SCHEMA_VERSION + 1):
        for statement in MIGRATIONS[number - 1]:
            connection.schema(statement)
        connection.schema("CALL db.awaitIndexes(600)")
        if number > before:
            connection.write("MERGE (s:GraphringState {name: 'schema'}) SET s.version = $number", number=number)
    return before


def state(connection: Connection) -> dict[str, object]:
    """What the database says of itself: token, pending, staged, current, weights; empty where nothing was loaded."""
    rows = connection.read("MATCH (s:GraphringState {name: 'graph'}) RETURN properties(s) AS state")
    return dict(rows[0]["state"]) if rows else {}
