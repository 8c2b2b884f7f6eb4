"""Every query of a reader, by name: each starts from an index, and each is bounded at hubs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import pyarrow as pa

from graphring import model
from graphring.store.neo4j.columns import collected, expression
from graphring.store.neo4j.read import SIGHTING_SOURCES
from graphring.store.neo4j.schema import AUXILIARY, EXPIRED, KINDS, OTHER, TYPES, object_type_of

__all__ = ["HUB_BOUND", "POSITION", "QUERIES", "node_query"]

HUB_BOUND: Final = 20_000
"""Relationships of one node that a reader looks at: exact below it, the most frequent of so many above it."""

POSITION: Final = pa.field("position", pa.int64())


def _neighbours(match: str, far: Mapping[str, str]) -> str:
    """Sightings of what `match` finds as (a)-[r]->(o), the most frequent first; `far` names the other end's key.

    Parallel relationships of one pair are one sighting, as when the graph is read whole. Of a hub only counts and the
    other ends' keys are looked at; the rest is fetched for the few that are returned.
    """
    near = {"account_id": "$id", "object_type": "$type", "object_id": "$id"}
    keys = ", ".join(f"{value} AS {name}" for name, value in {**near, **far}.items())
    usable = " AND ".join(f"{name} IS :: STRING NOT NULL" for name in far)
    merged = {name: name for name in model.SIGHTINGS.names}
    return (
        f"{match} WITH a, r, o LIMIT $bound "
        "WITH a, o, sum(CASE WHEN r.count IS :: INTEGER NOT NULL THEN r.count ELSE 1 END) AS count "
        f"WITH a, o, count, {keys} WHERE {usable} "
        f"WITH * ORDER BY count DESC, {', '.join(far)} SKIP $offset LIMIT $limit "
        f"MATCH (a)-[r:{TYPES}]->(o) "
        "WITH account_id, object_type, object_id, count, "
        "min(CASE WHEN r.first_seen IS :: ZONED DATETIME NOT NULL THEN r.first_seen END) AS first_seen, "
        "max(CASE WHEN r.last_seen IS :: ZONED DATETIME NOT NULL THEN r.last_seen END) AS last_seen, "
        "max(CASE WHEN r.active_days IS :: INTEGER NOT NULL THEN r.active_days ELSE 1 END) AS active_days "
        f"ORDER BY count DESC, {', '.join(far)} " + collected(model.SIGHTINGS, merged)
    )


def _of_account() -> str:
    far = {"object_type": object_type_of("o"), "object_id": "o.object_id"}
    return _neighbours(f"MATCH (a:Account {{account_id: $id}}) MATCH (a)-[r:{TYPES}]->(o)", far)


def _of_object(label: str, key: str) -> str:
    far = {"account_id": "a.account_id"}
    return _neighbours(f"MATCH (o:{label} {{{key}}}) MATCH (o)<-[r:{TYPES}]-(a:Account)", far)


def _seek(variable: str, label: str, properties: str) -> str:
    """A hint: with few nodes the planner would rather subtract the expired from all."""
    return f"USING INDEX SEEK {variable}:{label}({properties})"


def _search(label: str, key: str, condition: str = "", properties: str = "") -> str:
    properties = properties or key
    return (
        f"MATCH (n:{label}) {_seek('n', label, properties)} "
        f"WHERE {condition}n.{key} STARTS WITH $text AND NOT n:{EXPIRED} "
        f"WITH n ORDER BY n.{key} LIMIT $limit RETURN collect(n.{key}) AS ids"
    )


def _objects(label: str, key: str) -> str:
    sources = {**{name: f"o.{name}" for name in model.OBJECTS.names}, "object_type": "$type"}
    hint = _seek("o", label, "object_type, object_id" if label == OTHER.label else "object_id")
    return f"UNWIND $ids AS id MATCH (o:{label} {{{key}}}) {hint} WHERE NOT o:{EXPIRED} " + collected(
        model.OBJECTS, sources
    )


def _auxiliary(name: str, schema: pa.Schema, *, by_ring: bool = False) -> dict[str, str]:
    """Pages of all rows, and the rows of a ring where an index has them."""
    label, found = AUXILIARY[name], {}
    if by_ring:
        found[f"{name} of a ring"] = (
            f"MATCH (n:{label}) WHERE n.published_by = $run AND n.ring_id = $ring "
            f"WITH n ORDER BY n.position {collected(schema, 'n')}"
        )
    found[f"all {name}"] = (
        f"MATCH (n:{label}) WHERE n.published_by = $run AND n.position >= $low AND n.position < $high "
        f"WITH n ORDER BY n.position {collected(schema, 'n')}"
    )
    return found


def _members(match: str) -> str:
    sources = {
        "ring_id": "r.ring_id",
        "account_id": "a.account_id",
        **{name: f"m.{name}" for name in model.MEMBERS.names[2:]},
    }
    return f"{match} " + collected(model.MEMBERS, sources)


_SHARED: Final = {
    "ring_id": "r.ring_id",
    "object_type": object_type_of("o"),
    "object_id": "o.object_id",
    **{name: f"m.{name}" for name in model.RING_OBJECTS.names[3:]},
    "position": "m.position",
}
_HOURS: Final = expression("t", model.TIME)

QUERIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "current": "MATCH (s:GraphringState {name: 'graph'}) RETURN s.current AS current",
        "run": "MATCH (u:Run {run_id: $run}) RETURN u.info AS info",
        "rings": "MATCH (r:Ring) WHERE r.published_by = $run " + collected(model.RINGS, "r"),
        "members of a ring": _members(
            "MATCH (r:Ring {ring_id: $ring})<-[m:MEMBER_OF {published_by: $run}]-(a:Account)"
        ),
        "all members": _members("MATCH (r:Ring {published_by: $run})<-[m:MEMBER_OF {published_by: $run}]-(a:Account)"),
        "shared objects of a ring": "MATCH (r:Ring {ring_id: $ring})-[m:SHARES {published_by: $run}]->(o) "
        + collected(model.RING_OBJECTS.append(POSITION), _SHARED),
        **_auxiliary("evidence", model.EVIDENCE, by_ring=True),
        **_auxiliary("ledger", model.LEDGER, by_ring=True),
        **_auxiliary("lineage", model.LINEAGE),
        **_auxiliary("families", model.FAMILIES),
        **_auxiliary("quarantine", model.QUARANTINE),
        "activity of a ring": (
            "MATCH (n:Activity) WHERE n.published_by = $run AND n.ring_id = $ring "
            f"RETURN [t IN n.hours | {_HOURS}] AS hours, n.exchanges AS exchanges, n.accounts AS accounts"
        ),
        "accounts": (
            f"UNWIND $ids AS id MATCH (a:Account {{account_id: id}}) {_seek('a', 'Account', 'account_id')} "
            f"WHERE NOT a:{EXPIRED} " + collected(model.GRAPH_ACCOUNTS, "a")
        ),
        "sightings": (
            f"UNWIND $ids AS id MATCH (a:Account {{account_id: id}}) MATCH (a)-[r:{TYPES}]->(o) "
            f"WHERE {object_type_of('o')} IS NOT NULL AND o.object_id IS :: STRING NOT NULL "
            "WITH a, o, properties(r) AS p " + collected(model.SIGHTINGS, SIGHTING_SOURCES)
        ),
        "neighbours of account": _of_account(),
        "search account": _search("Account", "account_id"),
        **{f"neighbours of {name}": _of_object(kind.label, "object_id: $id") for name, kind in KINDS.items()},
        "neighbours of others": _of_object(OTHER.label, "object_type: $type, object_id: $id"),
        **{f"search {name}": _search(kind.label, "object_id") for name, kind in KINDS.items()},
        "search others": _search(OTHER.label, "object_id", "n.object_type = $type AND ", "object_type, object_id"),
        **{f"objects {name}": _objects(kind.label, "object_id: id") for name, kind in KINDS.items()},
        "objects others": _objects(OTHER.label, "object_type: $type, object_id: id"),
    }
)


def node_query(verb: str, kind: str) -> str:
    """The query of `verb` for nodes of a kind: an account, an object type of ours, or another."""
    return QUERIES.get(f"{verb} {kind}", QUERIES[f"{verb} others"])
