"""Writing the graph: batched, parameterised, idempotent transactions; expiry in batches.

Nodes and relationships of ours carry the property `graphring`; nothing without it is ever removed. A node is
"created" where we made it and "adopted" where another system had.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from neo4j import ManagedTransaction

from graphring.errors import StoreError
from graphring.model import GRAPH_ACCOUNTS, OBJECTS, SIGHTINGS
from graphring.store.neo4j.columns import rows, set_clause
from graphring.store.neo4j.connection import Connection
from graphring.store.neo4j.schema import EXPIRED, KINDS, OTHER, Kind, kind_of
from graphring.store.neo4j.stored import Changes

__all__ = ["MissingNodesError", "apply", "sweep"]

_PROFILE: Final = GRAPH_ACCOUNTS.names[1:]
_OBJECT: Final = OBJECTS.names[2:]
_EDGE: Final = SIGHTINGS.names[3:]
_MARK: Final = (
    "ON CREATE SET n.graphring = 'created' "
    f"ON MATCH SET n.graphring = coalesce(n.graphring, 'adopted') REMOVE n:{EXPIRED} "
)

MERGE_ACCOUNTS: Final = (
    "UNWIND $rows AS row MERGE (n:Account {account_id: row[0]}) "
    f"{_MARK}SET {set_clause('n', GRAPH_ACCOUNTS, _PROFILE, 'row[1]')}"
)
KNOWN_ACCOUNTS: Final = "UNWIND $ids AS id MATCH (a:Account {account_id: id}) RETURN collect(id) AS ids"


class MissingNodesError(StoreError):
    """A node that an earlier run wrote is no longer there."""


def _key(kind: Kind, type_and_id: str) -> str:
    if kind is OTHER:
        return f"{{object_type: {type_and_id}[0], object_id: {type_and_id}[1]}}"
    return f"{{object_id: {type_and_id}[1]}}"


def _seek(kind: Kind) -> str:
    """A hint: a plan made while the database was empty must not scan labels when it has filled."""
    return f"USING INDEX SEEK o:{kind.label}({'object_type, object_id' if kind is OTHER else 'object_id'})"


_SEEK_ACCOUNT: Final = "USING INDEX SEEK a:Account(account_id)"


def _merge_objects(kind: Kind) -> str:
    return (
        f"UNWIND $rows AS row MERGE (n:{kind.label} {_key(kind, 'row[0]')}) {_MARK}"
        f"SET n.object_type = row[0][0], {set_clause('n', OBJECTS, _OBJECT, 'row[1]')}"
    )


def _write_sightings(kind: Kind, verb: str) -> str:
    """One row per account: [account_id, [[key, [properties]], …]]."""
    return (
        f"UNWIND $rows AS row MATCH (a:Account {{account_id: row[0]}}) {_SEEK_ACCOUNT} UNWIND row[1] AS s "
        f"MATCH (o:{kind.label} {_key(kind, 's[0]')}) {_seek(kind)} "
        f"{verb} (a)-[r:{kind.relationship} {{graphring: true}}]->(o) "
        f"SET {set_clause('r', SIGHTINGS, _EDGE, 's[1]')} RETURN count(*) AS written"
    )


def _remove_sightings(kind: Kind) -> str:
    return (
        f"UNWIND $rows AS row MATCH (a:Account {{account_id: row[0]}}) {_SEEK_ACCOUNT} "
        f"MATCH (o:{kind.label} {_key(kind, 'row[1]')}) {_seek(kind)} "
        f"MATCH (a)-[r:{kind.relationship} {{graphring: true}}]->(o) DELETE r"
    )


def apply(connection: Connection, changes: Changes, batch_rows: int) -> None:
    """Bring the database from one graph to another; the same call again ends in the same graph.

    Raises
    ------
    MissingNodesError: a node that should be there is not.
    """
    changed, removed = changes.changed, changes.removed
    for batch in _batches(changed["objects"], batch_rows):
        for kind, part in _by_kind(batch):
            data = _paired(part, ("object_type", "object_id"), _OBJECT)
            connection.write(_merge_objects(kind), rows=data)
    with_edges = pc.is_in(
        changed["accounts"].column("account_id"), value_set=changed["sightings"].column("account_id").unique()
    )
    for batch in _batches(changed["accounts"].filter(pc.invert(with_edges)), batch_rows):
        connection.write(MERGE_ACCOUNTS, rows=_account_rows(batch))
    waiting = changed["accounts"].filter(with_edges)
    for batch in _batches(changed["sightings"], batch_rows):
        profiles, waiting = _profiles_of(batch, waiting)
        connection.writing(_sightings_work(profiles, batch))
    for batch in _batches(removed["sightings"], batch_rows):
        for kind, part in _by_kind(batch):
            data = [[account, [kind_name, name]] for account, kind_name, name in rows(part)]
            connection.write(_remove_sightings(kind), rows=data)
    _expire(connection, removed, batch_rows)


def _sightings_work(profiles: pa.Table, batch: pa.Table) -> Any:
    """One transaction: profiles of accounts and their sightings.

    An account that is not there yet has no relationships, so those are created without a search: three times faster
    than MERGE. It is idempotent all the same, because on a second try the account is there.
    """
    data = {kind: _grouped(part) for kind, part in _by_kind(batch)}
    accounts = _account_rows(profiles)
    ids = [row[0] for row in accounts]

    def work(tx: ManagedTransaction) -> None:
        record = tx.run(KNOWN_ACCOUNTS, ids=ids).single()
        new = set(ids) - set(record["ids"] if record is not None else [])
        tx.run(MERGE_ACCOUNTS, rows=accounts).consume()
        for kind, grouped in data.items():
            for verb, part in (
                ("CREATE", [row for row in grouped if row[0] in new]),
                ("MERGE", [row for row in grouped if row[0] not in new]),
            ):
                written = tx.run(_write_sightings(kind, verb), rows=part).single() if part else None
                expected = sum(len(row[1]) for row in part)
                if (written["written"] if written is not None else 0) != expected:
                    raise MissingNodesError(
                        "nodes that an earlier run wrote to Neo4j are gone",
                        "Run again: the whole graph is compared then",
                    )

    return work


def _profiles_of(batch: pa.Table, waiting: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Split the sorted `waiting` profiles: those up to the batch's last account, and the rest."""
    last = batch.column("account_id")[-1]
    count = pc.sum(pc.less_equal(waiting.column("account_id"), last)).as_py() or 0
    return waiting.slice(0, count), waiting.slice(count)


def _expire(connection: Connection, removed: dict[str, pa.Table], batch_rows: int) -> None:
    """Mark nodes that left; `sweep` removes them when no published ring names them any more."""
    mark = f"WHERE n.graphring IS NOT NULL SET n:{EXPIRED}"
    for batch in _batches(removed["accounts"], batch_rows):
        connection.write(f"UNWIND $rows AS row MATCH (n:Account {{account_id: row[0]}}) {mark}", rows=rows(batch))
    for batch in _batches(removed["objects"], batch_rows):
        for kind, part in _by_kind(batch):
            cypher = f"UNWIND $rows AS row MATCH (n:{kind.label} {_key(kind, 'row')}) {mark}"
            connection.write(cypher, rows=rows(part))


def sweep(connection: Connection, batch_rows: int) -> int:
    """Remove expired nodes, but only what is ours of those that other systems use; returns their number."""
    swept = 0
    for label, key, ours in _nodes():
        gone = (
            f"MATCH (n:{label}:{EXPIRED}) WITH n LIMIT $size "
            "WITH n, n.graphring = 'created' AND NOT EXISTS { (n)--() } AND size(labels(n)) = 2 "
            "AND all(k IN keys(n) WHERE k IN $ours) AS alone "
            f"FOREACH (_ IN CASE WHEN alone THEN [1] ELSE [] END | DELETE n) "
            f"FOREACH (_ IN CASE WHEN alone THEN [] ELSE [1] END | "
            f"REMOVE n:{EXPIRED}, {', '.join(f'n.`{name}`' for name in ours if name not in key)}) "
            "RETURN count(*) AS swept"
        )
        while True:
            count = int(connection.write(gone, size=batch_rows, ours=list(ours))[0]["swept"])
            swept += count
            if count < batch_rows:
                break
    return swept


def _nodes() -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Label, key and every property of ours, for each kind of node."""
    yield "Account", ("account_id",), ("graphring", "account_id", *_PROFILE)
    for kind in [*KINDS.values(), OTHER]:
        key = ("object_type", "object_id") if kind is OTHER else ("object_id",)
        yield kind.label, key, ("graphring", "object_type", "object_id", *_OBJECT)


def _batches(data: pa.Table, size: int) -> Iterator[pa.Table]:
    for start in range(0, data.num_rows, size):
        yield data.slice(start, size)


def _by_kind(batch: pa.Table) -> Iterator[tuple[Kind, pa.Table]]:
    """Rows by label; which rows, of which type, in the order that they have."""
    labels = [kind_of(name) for name in batch.column("object_type").to_pylist()]
    for kind in [*KINDS.values(), OTHER]:
        mask = [label is kind for label in labels]
        if any(mask):
            yield kind, batch.filter(pa.array(mask))


def _paired(part: pa.Table, key: Sequence[str], values: Sequence[str]) -> list[list[Any]]:
    return [list(pair) for pair in zip(rows(part.select(list(key))), rows(part.select(list(values))), strict=True)]


def _account_rows(profiles: pa.Table) -> list[list[Any]]:
    names = profiles.column("account_id").to_pylist()
    return [[name, values] for name, values in zip(names, rows(profiles.select(_PROFILE)), strict=True)]


def _grouped(part: pa.Table) -> list[list[Any]]:
    """[account_id, [[key, properties], …]] of sightings that are sorted by account."""
    grouped: list[list[Any]] = []
    pairs = _paired(part, ("object_type", "object_id"), _EDGE)
    for account, pair in zip(part.column("account_id").to_pylist(), pairs, strict=True):
        if not grouped or grouped[-1][0] != account:
            grouped.append([account, []])
        grouped[-1][1].append(pair)
    return grouped
