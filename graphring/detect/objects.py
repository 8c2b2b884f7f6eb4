"""What the accounts of a ring share in the graph, and which of it holds them together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graphring.detect.dissolve import Cut, dissolve
from graphring.detect.parameters import Parameters
from graphring.model import RING_OBJECTS, GraphTables, Role

__all__ = ["shared_objects"]

_OBJECTS_PER_RING: Final = 200
_CUT_OBJECTS: Final = 50
"""A ring that only more objects than this dissolve is held together by no few that one could name."""
_KEY: Final = ["object_type", "object_id"]


def shared_objects(
    graph: GraphTables, ring_ids: Sequence[str], members: pa.Table, p: Parameters
) -> tuple[pa.Table, list[Cut]]:
    """RING_OBJECTS: what at least two members share, with its lift in bits against the other accounts; and the cuts.

    A ring is cut along its own objects: those of whose users a share `exclusive` are members. What everybody uses
    connects everybody.

    Parameters
    ----------
    ring_ids: in the order in which the cuts are wanted.
    members: MEMBERS.
    """
    people = members.filter(pc.equal(members["role"], Role.MEMBER.value)).select(["account_id", "ring_id"])
    seen = graph.sightings.select(["account_id", *_KEY]).join(people, "account_id", join_type="inner")
    shared = seen.group_by(["ring_id", *_KEY]).aggregate([("account_id", "count_distinct")])
    shared = shared.rename_columns(["ring_id", *_KEY, "members"])
    shared = shared.filter(pc.greater_equal(shared["members"], 2))
    shared = shared.join(graph.objects.select([*_KEY, "label", "accounts"]), _KEY)
    order = [("ring_id", "ascending"), ("members", "descending"), *((name, "ascending") for name in _KEY)]
    rows = shared.sort_by(order).to_pylist()
    sizes = {row["ring_id"]: row["account_id_count"] for row in _counts(people)}
    own = [row for row in rows if row["members"] >= p.exclusive * max(row["accounts"] or 0, row["members"])]
    edges = _edges(seen, own)
    cuts = {name: _cut(edges.get(name, []), sizes.get(name, 0), p.seed) for name in ring_ids}
    table = _table(rows, sizes, {name: _named(cut, edges.get(name, [])) for name, cut in cuts.items()}, graph)
    return table, [cuts[name] for name in ring_ids]


def _counts(people: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = people.group_by("ring_id").aggregate([("account_id", "count")]).to_pylist()
    return rows


_Edge = tuple[str, str, str]
"""Object type, object id, account id."""


def _edges(seen: pa.Table, own: Sequence[dict[str, Any]]) -> dict[str, list[_Edge]]:
    """Ring → its edges to its own objects, sorted."""
    names = ["ring_id", *_KEY]
    if not own:
        return {}
    kept = pa.table({name: pa.array([row[name] for row in own], pa.string()) for name in names})
    table = seen.join(kept, names, join_type="inner").select([*names, "account_id"])
    table = table.group_by(table.column_names).aggregate([])
    found: dict[str, list[_Edge]] = {}
    for ring, kind, name, account in zip(*(table[c].to_pylist() for c in [*names, "account_id"]), strict=True):
        found.setdefault(ring, []).append((kind, name, account))
    return {ring: sorted(edges) for ring, edges in found.items()}


def _cut(edges: list[_Edge], n: int, seed: int) -> Cut:
    accounts = sorted({account for _, _, account in edges})
    place = {account: i for i, account in enumerate(accounts)}
    objects = {key: i for i, key in enumerate(sorted({(kind, name) for kind, name, _ in edges}))}
    user = np.array([place[account] for _, _, account in edges], dtype=np.int64)
    item = np.array([objects[kind, name] for kind, name, _ in edges], dtype=np.int64)
    return dissolve(user, item, n, seed)


def _named(cut: Cut, edges: list[_Edge]) -> dict[tuple[str, str], tuple[int, int]]:
    """Object → its place in the cut and the members that remain; empty where the cut is too long to be named."""
    if len(cut.objects) > _CUT_OBJECTS:
        return {}
    keys = sorted({(kind, name) for kind, name, _ in edges})
    return {
        keys[o]: (place, left) for place, (o, left) in enumerate(zip(cut.objects, cut.remain, strict=True), start=1)
    }


def _table(
    rows: Sequence[dict[str, Any]],
    sizes: dict[str, int],
    cuts: dict[str, dict[tuple[str, str], tuple[int, int]]],
    graph: GraphTables,
) -> pa.Table:
    """The most shared objects of each ring, and every one of its cut."""
    n = graph.accounts.num_rows
    kept: dict[str, int] = {}
    found = []
    for row in rows:
        ring, key, k = row["ring_id"], (row["object_type"], row["object_id"]), row["members"]
        place, left = cuts.get(ring, {}).get(key, (None, None))
        kept[ring] = kept.get(ring, 0) + 1
        if kept[ring] > _OBJECTS_PER_RING and place is None:
            continue
        of, outside = sizes[ring], max((row["accounts"] or 0) - k, 0)
        lift = float(np.log2((k / of) / ((outside + 0.5) / max(n - of, 1))))
        found.append((ring, *key, row["label"] or "", k, outside, lift, place, left))
    columns: list[Any] = list(zip(*found, strict=True)) if found else [[] for _ in RING_OBJECTS]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, RING_OBJECTS, strict=True)], schema=RING_OBJECTS)
