"""The tables of the casebook, their creation and their version.

`VERSION` counts layouts. A casebook that is older is brought forward by the steps in `MIGRATIONS` (none so far); one
that is newer is refused. On SQLite, triggers refuse to change or delete, and to add anything but the next entry.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    inspect,
    select,
    text,
)

from graphring.errors import StoreError

__all__ = ["ENTRIES", "MEMBER_SETS", "VERSION", "VERSIONS", "is_current", "prepare"]

VERSION: Final = 1

_METADATA: Final = MetaData()

VERSIONS: Final = Table(
    "casebook_version",
    _METADATA,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("pseudonym_key", LargeBinary(32), nullable=False),
)
"""One row. The key makes the pseudonyms of redacted case files and never leaves the casebook."""

MEMBER_SETS: Final = Table(
    "member_sets",
    _METADATA,
    Column("hash", String(64), primary_key=True),
    Column("accounts", Text, nullable=False),
)
"""The accounts that a decision was about, as canonical JSON, under its SHA-256."""

ENTRIES: Final = Table(
    "entries",
    _METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("at", String(27), nullable=False),
    Column("by", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("ring_id", String(16), index=True),
    Column("ring_number", Integer, index=True),
    Column("run_id", Text),
    Column("outcome", String(16)),
    Column("accounts_count", Integer),
    Column("accounts_hash", String(64)),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("previous", name="one_successor"),
    UniqueConstraint("hash", name="one_hash"),
    CheckConstraint("seq > 0", name="counted_from_one"),
)
"""The chain. `previous` is unique: no two entries can follow the same one, whatever writers do."""

MIGRATIONS: Final[Mapping[int, Callable[[Connection], None]]] = MappingProxyType({})
"""Version → the step that leads from it to the next."""


def prepare(connection: Connection) -> None:
    """Create the tables in an empty database, bring older ones forward; call inside a writing transaction.

    Raises
    ------
    StoreError: the database is newer than this program, or is no casebook.
    """
    version = _version(connection)
    if version == 0:
        _create(connection)
    for step in range(max(version, 1), VERSION):
        MIGRATIONS[step](connection)


def is_current(connection: Connection) -> bool:
    """Whether nothing is left to prepare; so that opening a casebook need not wait for writers.

    Raises
    ------
    StoreError: as for `prepare`.
    """
    return _version(connection) == VERSION


def _version(connection: Connection) -> int:
    """The layout that the database has; 0: it is empty."""
    tables = set(inspect(connection).get_table_names())
    if not tables:
        return 0
    if VERSIONS.name not in tables:
        raise StoreError(
            "the database of the casebook has other tables in it", "Point GRAPHRING_CASEBOOK at a database of its own"
        )
    found = connection.execute(select(VERSIONS.c.version)).scalars().all()
    if len(found) != 1:
        raise StoreError("the casebook does not say its version", "Restore it from a backup")
    version = int(found[0])
    if version > VERSION:
        raise StoreError(
            f"the casebook has layout {version}, this graphring knows layouts up to {VERSION}",
            "Use the newer graphring that wrote it",
        )
    return version


def _create(connection: Connection) -> None:
    _METADATA.create_all(connection)
    if connection.dialect.name == "sqlite":
        for statement in _sqlite_triggers():
            connection.execute(text(statement))
    connection.execute(VERSIONS.insert().values(version=VERSION, pseudonym_key=secrets.token_bytes(32)))


def _sqlite_triggers() -> list[str]:
    """INSERT OR REPLACE deletes without a trigger, so what may be added is checked too."""
    refuse = "SELECT RAISE(ABORT, 'the casebook is append-only')"
    triggers = [
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} BEGIN {refuse}; END"
        for table in (ENTRIES.name, MEMBER_SETS.name)
        for verb in ("UPDATE", "DELETE")
    ]
    triggers.append(
        f"CREATE TRIGGER entries_next BEFORE INSERT ON entries BEGIN {refuse} "
        "WHERE NEW.seq <> coalesce((SELECT max(seq) FROM entries), 0) + 1; END"
    )
    triggers.append(
        f"CREATE TRIGGER member_sets_once BEFORE INSERT ON member_sets BEGIN {refuse} "
        "WHERE EXISTS (SELECT 1 FROM member_sets WHERE hash = NEW.hash); END"
    )
    return triggers
