"""Reading the graph: streamed in pages of lists, what other systems wrote included."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from graphring.engine.duck import Engine
from graphring.model import GRAPH_ACCOUNTS, OBJECTS, SIGHTINGS, GraphTables, conform
from graphring.store.neo4j.columns import SENTINELS, collected, table
from graphring.store.neo4j.connection import Connection
from graphring.store.neo4j.schema import EXPIRED, KINDS, OTHER, TYPES, object_type_of
from graphring.store.neo4j.stored import KEYS, in_order, weigh

__all__ = ["SIGHTING_SOURCES", "object_types", "read_managed", "read_merged"]

NODES_PAGE: Final = 20_000
ACCOUNTS_PAGE: Final = 4_000
"""Accounts whose sightings are one page: about 20,000 sightings."""
READERS: Final = 3
"""Sessions at once: one more than the processors of a small server, so that none waits for a page to be unpacked."""

_OURS: Final = pa.field("ours", pa.bool_())
_ACCOUNTS: Final = GRAPH_ACCOUNTS.append(_OURS)
_OBJECTS: Final = OBJECTS.append(_OURS)
_SIGHTINGS: Final = SIGHTINGS.append(_OURS)

SIGHTING_SOURCES: Final = {
    "account_id": "a.account_id",
    "object_type": object_type_of("o"),
    "object_id": "o.object_id",
    **{name: f"p.{name}" for name in SIGHTINGS.names[3:]},
}
"""Columns of SIGHTINGS from (a)-[r]->(o) and `p`, the properties of r."""


def _ours(node: str) -> str:
    return f"(p.graphring IS NOT NULL AND NOT {node}:{EXPIRED})"


ACCOUNTS_QUERY: Final = (
    "MATCH (a:Account) WHERE a.account_id > $after WITH a ORDER BY a.account_id LIMIT $size WITH a, properties(a) AS p "
    + collected(_ACCOUNTS, {**{name: f"p.{name}" for name in GRAPH_ACCOUNTS.names}, "ours": _ours("a")})
)
SIGHTINGS_QUERY: Final = (
    "MATCH (a:Account) WHERE a.account_id >= $low AND a.account_id <= $high "
    f"MATCH (a)-[r:{TYPES}]->(o) WITH a, o, properties(r) AS p "
    + collected(_SIGHTINGS, {**SIGHTING_SOURCES, "ours": "(p.graphring IS NOT NULL)"})
)
NEXT_TYPE_QUERY: Final = (
    f"MATCH (o:{OTHER.label}) WHERE o.object_type > $after AND o.object_id IS NOT NULL "
    "RETURN o.object_type AS object_type ORDER BY o.object_type LIMIT 1"
)


def _objects_query(label: str, condition: str = "") -> str:
    sources = {**{name: f"p.{name}" for name in OBJECTS.names}, "object_type": "$type", "ours": _ours("o")}
    return (
        f"MATCH (o:{label}) WHERE {condition}o.object_id > $after WITH o ORDER BY o.object_id LIMIT $size "
        "WITH o, properties(o) AS p " + collected(_OBJECTS, sources)
    )


OBJECTS_QUERIES: Final = {name: _objects_query(kind.label) for name, kind in KINDS.items()}
OTHERS_QUERY: Final = _objects_query(OTHER.label, "o.object_type = $type AND ")


def object_types(connection: Connection) -> list[str]:
    """Types of `Object` nodes, whoever wrote them; one index seek for each."""
    found: list[str] = []
    while True:
        rows = connection.read(NEXT_TYPE_QUERY, after=found[-1] if found else "")
        if not rows:
            return found
        found.append(rows[0]["object_type"])


def read_managed(connection: Connection) -> dict[str, pa.Table]:
    """What we wrote, as it is stored: the base of a difference where no mirror tells."""
    accounts, objects, sightings = _read(connection)
    parts = {"accounts": accounts, "objects": objects, "sightings": sightings}
    return {name: part.filter(part.column("ours")).drop_columns(["ours"]) for name, part in parts.items()}


def read_merged(connection: Connection, engine: Engine, weights: pa.Table) -> GraphTables:
    """The graph with what other systems wrote.

    Parallel relationships of one account and object are one sighting: counts add up. An account or object of others
    counts as soon as it has a sighting. An object that others touched has its degree, count and (unless it is damped)
    its rarity log2(N/degree) computed again.
    """
    accounts, objects, sightings = _read(connection)
    foreign = pc.any(pc.invert(sightings.column("ours"))).as_py() or False
    ours_only = [part.filter(part.column("ours")).drop_columns(["ours"]) for part in (accounts, objects)]
    weighed = weigh(engine, ours_only[1], weights)
    if not foreign:
        plain = sightings.drop_columns(["ours"])
        return GraphTables(ours_only[0], weighed, in_order(engine, plain, KEYS["sightings"]))
    merged = _merge_sightings(engine, sightings)
    all_accounts = _with_foreign_accounts(engine, accounts, merged)
    all_objects = _with_foreign_objects(
        engine, objects, weighed, merged=merged, sightings=sightings, total=all_accounts.num_rows
    )
    return GraphTables(all_accounts, all_objects, merged)


def _read(connection: Connection) -> tuple[pa.Table, pa.Table, pa.Table]:
    with ThreadPoolExecutor(max_workers=READERS) as pool:
        objects = pool.submit(_read_objects, connection)
        accounts = table(_ACCOUNTS, _pages(connection, ACCOUNTS_QUERY, "account_id", {}))
        ids = accounts.column("account_id")
        bounds = [
            (ids[start].as_py(), ids[min(start + ACCOUNTS_PAGE, len(ids)) - 1].as_py())
            for start in range(0, len(ids), ACCOUNTS_PAGE)
        ]
        pages = list(pool.map(partial(_read_sightings, connection), bounds))
        sightings = pa.concat_tables([_SIGHTINGS.empty_table(), *pages])
        return accounts, objects.result(), sightings


def _read_objects(connection: Connection) -> pa.Table:
    queries = sorted([*OBJECTS_QUERIES.items(), *((name, OTHERS_QUERY) for name in object_types(connection))])
    parts = [table(_OBJECTS, _pages(connection, query, "object_id", {"type": name})) for name, query in queries]
    return pa.concat_tables(parts)


def _read_sightings(connection: Connection, bounds: tuple[str, str]) -> pa.Table:
    """Sightings of the accounts from the one id to the other."""
    low, high = bounds
    found = table(_SIGHTINGS, connection.read(SIGHTINGS_QUERY, low=low, high=high, **SENTINELS))
    return found.filter(pc.and_(pc.is_valid(found.column("object_type")), pc.is_valid(found.column("object_id"))))


def _pages(connection: Connection, query: str, key: str, given: dict[str, str]) -> Iterator[dict[str, list[Any]]]:
    """Pages of a query in order of its key."""
    after = ""
    while True:
        page = dict(connection.read(query, after=after, size=NODES_PAGE, **given, **SENTINELS)[0])
        if not page[key]:
            return
        yield page
        after = page[key][-1]


def _merge_sightings(engine: Engine, sightings: pa.Table) -> pa.Table:
    rows = engine.arrow(sightings)
    merged = rows.group_by(*KEYS["sightings"]).agg(
        count=ibis.coalesce(rows["count"], 1).sum().cast("int64"),
        first_seen=rows.first_seen.min(),
        last_seen=rows.last_seen.max(),
        active_days=ibis.coalesce(rows.active_days.max(), 1),
    )
    return conform(engine.table(merged, order_by=KEYS["sightings"]), SIGHTINGS)


def _with_foreign_accounts(engine: Engine, accounts: pa.Table, merged: pa.Table) -> pa.Table:
    """Ours, and those of others that have sightings, whose traffic we know from these alone."""
    rows, edges = engine.arrow(accounts), engine.arrow(merged)
    seen = edges.group_by("account_id").agg(
        first=edges.first_seen.min(), last=edges.last_seen.max(), days=edges.active_days.max()
    )
    joined = rows.left_join(seen, "account_id")
    kept = joined.filter(joined.ours | joined.account_id_right.notnull())
    completed = kept.mutate(
        known=kept.ours.ifelse(kept.known, False),
        requests=ibis.coalesce(kept.requests, 0),
        active_days=ibis.coalesce(kept.active_days, kept.days),
        first_seen=kept.ours.ifelse(kept.first_seen, ibis.coalesce(kept.first_seen, kept.first)),
        last_seen=kept.ours.ifelse(kept.last_seen, ibis.coalesce(kept.last_seen, kept.last)),
    ).select(*GRAPH_ACCOUNTS.names)
    return conform(engine.table(completed, order_by=KEYS["accounts"]), GRAPH_ACCOUNTS)


def _with_foreign_objects(
    engine: Engine, objects: pa.Table, weighed: pa.Table, *, merged: pa.Table, sightings: pa.Table, total: int
) -> pa.Table:
    """Ours as they are, and those that others touched with what that changes."""
    key = list(KEYS["objects"])
    edges = engine.arrow(merged)
    touched = engine.arrow(sightings.filter(pc.invert(sightings.column("ours")))).select(key).distinct()
    degrees = edges.semi_join(touched, key).group_by(*key).agg(
        degree=edges.account_id.nunique(), total=edges["count"].sum().cast("int64")
    )  # fmt: skip
    names = engine.arrow(objects).select(*key, foreign_label="label", foreign_note="note")
    changed = degrees.left_join(engine.arrow(weighed), key).drop("object_type_right", "object_id_right")
    changed = changed.left_join(names, key).drop("object_type_right", "object_id_right")
    rarity = (ibis.literal(float(max(total, 1))) / changed.degree).log2()
    described = changed.mutate(
        label=ibis.coalesce(changed.label, changed.foreign_label, changed.object_id),
        accounts=changed.degree,
        count=changed.total,
        weight=changed.damped.fill_null(False).ifelse(changed.weight, rarity),
        damped=changed.damped.fill_null(False),
        note=ibis.coalesce(changed.note, changed.foreign_note),
    ).select(*OBJECTS.names)
    untouched = engine.arrow(weighed).anti_join(touched, key).select(*OBJECTS.names)
    new = conform(engine.table(described), OBJECTS)
    return in_order(engine, pa.concat_tables([conform(engine.table(untouched), OBJECTS), new]), KEYS["objects"])
