"""The Cypher that writes the graph: one statement for a chunk of rows, which come as a map `$c` of a list per column,
and `$rows`, how many there are.

Nodes and relationships of ours carry the property `graphring`; nothing without it is ever removed. A node is
"created" where we made it and "adopted" where another system had.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from graphring.model import GRAPH_ACCOUNTS, OBJECTS, SIGHTINGS
from graphring.store.neo4j.columns import property_map
from graphring.store.neo4j.schema import EXPIRED, KINDS, OTHER, Kind

__all__ = ["ACCOUNT", "create_nodes", "expire_nodes", "merge_nodes", "remove_sightings", "sweep", "write_sightings"]

ACCOUNT: Final = Kind("Account", "")
"""Accounts as a kind of node."""

_EDGE: Final = SIGHTINGS.names[3:]
_MARK: Final = (
    "ON CREATE SET n.graphring = 'created' "
    f"ON MATCH SET n.graphring = coalesce(n.graphring, 'adopted') REMOVE n:{EXPIRED} "
)
_SEEK_ACCOUNT: Final = "USING INDEX SEEK a:Account(account_id)"
_EACH: Final = "UNWIND range(0, $rows - 1) AS i "
_KEEP: Final = "CYPHER replan=skip "
"""Hints decide these plans, whatever the database holds; left to itself, the server plans anew as it grows or shrinks
(measured: 0.2 to 0.4 s of processor a statement, 17 statements a night)."""


def _schema(kind: Kind) -> pa.Schema:
    return GRAPH_ACCOUNTS if kind is ACCOUNT else OBJECTS


def _key_names(kind: Kind) -> list[str]:
    if kind is ACCOUNT:
        return ["account_id"]
    return ["object_type", "object_id"] if kind is OTHER else ["object_id"]


def _key(kind: Kind) -> str:
    return f"{{{property_map(_schema(kind), _key_names(kind))}}}"


def _seek(kind: Kind, node: str = "o") -> str:
    """A hint: a plan made while the database was empty must not scan labels when it has filled."""
    return f"USING INDEX SEEK {node}:{kind.label}({', '.join(_key_names(kind))})"


def create_nodes(kind: Kind) -> str:
    """Nodes that nobody has made; a constraint refuses them where somebody has."""
    schema = _schema(kind)
    return f"{_KEEP}{_EACH}CREATE (n:{kind.label} {{graphring: 'created', {property_map(schema, schema.names)}}})"


def merge_nodes(kind: Kind) -> str:
    """Nodes that may be there, of ours or of others."""
    schema = _schema(kind)
    values = [name for name in schema.names if name not in _key_names(kind)]
    return f"{_KEEP}{_EACH}MERGE (n:{kind.label} {_key(kind)}) {_MARK}SET n += {{{property_map(schema, values)}}}"


def write_sightings(kind: Kind, *, new: bool) -> str:
    """Relationships; `who` has [account_id, first row, last row]. CREATE where we have none: no search for it."""
    ends = (
        f"UNWIND $c.who AS w MATCH (a:Account {{account_id: w[0]}}) {_SEEK_ACCOUNT} UNWIND range(w[1], w[2]) AS i "
        f"MATCH (o:{kind.label} {_key(kind)}) {_seek(kind)} "
    )
    values, mark = property_map(SIGHTINGS, _EDGE), "graphring: true"
    if new:
        write = f"CREATE (a)-[r:{kind.relationship} {{{mark}, {values}}}]->(o)"
    else:
        write = f"MERGE (a)-[r:{kind.relationship} {{{mark}}}]->(o) SET r += {{{values}}}"
    return f"{_KEEP}{ends}{write} RETURN count(*) AS written"


def remove_sightings(kind: Kind) -> str:
    """Relationships of ours that are no more."""
    one_by_one = "UNWIND [at] AS i "  # one seek after the other, where the planner would make a product of both
    return (
        f"{_KEEP}UNWIND range(0, $rows - 1) AS at MATCH (a:Account {{account_id: $c.account_id[at]}}) {_SEEK_ACCOUNT} "
        f"{one_by_one}MATCH (o:{kind.label} {_key(kind)}) {_seek(kind)} "
        f"MATCH (a)-[r:{kind.relationship} {{graphring: true}}]->(o) DELETE r"
    )


def expire_nodes(kind: Kind) -> str:
    """Mark nodes that left; `sweep` removes them when no published ring names them any more."""
    found = f"{_KEEP}{_EACH}MATCH (n:{kind.label} {_key(kind)}) {_seek(kind, 'n')} "
    return f"{found}WHERE n.graphring IS NOT NULL SET n:{EXPIRED}"


def sweep(kind: Kind) -> tuple[str, list[str]]:
    """Remove `$size` expired nodes, and only what is ours of those that others use; with it, our properties `$ours`."""
    ours = list(dict.fromkeys(["graphring", *_schema(kind).names]))
    dropped = ", ".join(f"n.`{name}`" for name in ours if name not in _key_names(kind))
    cypher = (
        f"MATCH (n:{kind.label}:{EXPIRED}) WITH n LIMIT $size "
        "WITH n, n.graphring = 'created' AND NOT EXISTS { (n)--() } AND size(labels(n)) = 2 "
        "AND all(k IN keys(n) WHERE k IN $ours) AS alone "
        "FOREACH (_ IN CASE WHEN alone THEN [1] ELSE [] END | DELETE n) "
        f"FOREACH (_ IN CASE WHEN alone THEN [] ELSE [1] END | REMOVE n:{EXPIRED}, {dropped}) "
        "RETURN count(*) AS swept"
    )
    return cypher, ours


NODES: Final = (ACCOUNT, *KINDS.values(), OTHER)
"""Every kind of node."""
