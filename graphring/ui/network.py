"""The graph of a ring as the widget draws it: at most `limit` nodes, and a line that says what is left out.

Where a ring has more, accounts that use the same set of the most shared objects are drawn as one group ("attribute
compression"): 20,000 accounts become a few dozen nodes.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from graphring.model import NodeRef
from graphring.ui.frames import records
from graphring.ui.words import clean, count, kind_name, plural

__all__ = ["Graph", "Group", "ring_graph"]

LIMIT = 500
TOP = 12
"""Objects that stay single nodes when accounts are grouped."""


@dataclass(frozen=True)
class Group:
    """Accounts that use the same objects."""

    accounts: tuple[str, ...]
    objects: tuple[NodeRef, ...]


@dataclass(frozen=True)
class Graph:
    """What the widget draws, and what its nodes stand for."""

    data: dict[str, Any]
    """The widget's data: nodes, edges, types, summary, version. Ids are ours (a0, o0, g0), never the log's."""
    refs: dict[str, NodeRef | Group]
    left_out: str
    """One line; empty when everything is drawn."""


def ring_graph(
    ring_id: str,
    accounts: pd.DataFrame,
    objects: pd.DataFrame,
    sightings: pd.DataFrame,
    *,
    limit: int = LIMIT,
    top: int = TOP,
) -> Graph:
    """Draw a ring.

    Parameters
    ----------
    accounts: members with `account_id` and `confidence`, surest first.
    objects: RING_OBJECTS of the ring, most shared first.
    sightings: SIGHTINGS between the two.
    limit: most nodes drawn.
    top: objects that stay single nodes when accounts are grouped.
    """
    if len(accounts) + len(objects) <= limit:
        return _single(ring_id, accounts, objects, sightings, "")
    room = limit - len(accounts)
    if room >= min(top, len(objects)):
        left = f"Not drawn: {plural(len(objects) - room, 'less shared object')} of {count(len(objects))}."
        return _single(ring_id, accounts, objects.head(room), sightings, left)
    return _grouped(ring_id, accounts, objects, sightings, limit=limit, top=top)


def _single(
    ring_id: str, accounts: pd.DataFrame, objects: pd.DataFrame, sightings: pd.DataFrame, left_out: str
) -> Graph:
    refs: dict[str, NodeRef | Group] = {}
    nodes = _object_nodes(objects, refs)
    many = len(accounts) > 16
    for i, row in enumerate(records(accounts)):
        refs[f"a{i}"] = NodeRef("account", row["account_id"])
        name = clean(row["account_id"])
        sure = row["confidence"] or 0.0
        said = f"Account {name}, confidence {sure:.0%}"
        nodes.append(_node(f"a{i}", "account", name, said, 13 + 9 * sure, named=not many))
    at = {ref: node for node, ref in refs.items()}
    edges = [
        {
            "id": f"e{i}",
            "source": at[NodeRef("account", account)],
            "target": at[NodeRef(kind, name)],
            "width": _width(n),
        }
        for i, (account, kind, name, n) in enumerate(_edges(sightings))
        if NodeRef(kind, name) in at and NodeRef("account", account) in at
    ]
    size = f"{plural(len(accounts), 'account')} and {plural(len(objects), 'shared object')}"
    summary = f"Graph of ring {clean(ring_id)}: {size}."
    return Graph(_data(nodes, edges, summary), refs, left_out)


def _grouped(
    ring_id: str, accounts: pd.DataFrame, objects: pd.DataFrame, sightings: pd.DataFrame, *, limit: int, top: int
) -> Graph:
    kept = objects.head(top)
    refs: dict[str, NodeRef | Group] = {}
    nodes = _object_nodes(kept, refs)
    at = {ref: node for node, ref in refs.items()}
    wanted = {(ref.kind, ref.id) for ref in at if isinstance(ref, NodeRef)}
    uses: dict[str, set[tuple[str, str]]] = {name: set() for name in accounts["account_id"]}
    for account, kind, name, _ in _edges(sightings):
        if (kind, name) in wanted and account in uses:
            uses[account].add((kind, name))
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for account, used in uses.items():
        groups.setdefault(tuple(sorted(used)), []).append(account)
    loose = groups.pop((), [])
    ranked = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    shown, rest = ranked[: limit - len(kept)], ranked[limit - len(kept) :]
    edges: list[dict[str, Any]] = []
    for i, (common, members) in enumerate(shown):
        group = Group(tuple(members), tuple(NodeRef(*ref) for ref in common))
        refs[f"g{i}"] = group
        said = f"Group of {plural(len(members), 'account')} that use the same {plural(len(common), 'object')}"
        size = min(18 + 3.2 * math.log2(1 + len(members)), 50)
        nodes.append(_node(f"g{i}", "group", said, said, size, named=True, badge=count(len(members))))
        edges += [
            {"id": f"e{i}-{ref.kind}-{at[ref]}", "source": f"g{i}", "target": at[ref], "width": _width(len(members))}
            for ref in group.objects
        ]
    drawn = sum(len(members) for _, members in shown)
    drawn_as = f"{plural(drawn, 'account')} in {plural(len(shown), 'group')} by what they share"
    summary = f"Graph of ring {clean(ring_id)}: {drawn_as}."
    return Graph(_data(nodes, edges, summary), refs, _coverage(len(objects), len(kept), len(loose), rest, drawn))


def _coverage(objects: int, kept: int, loose: int, rest: Sequence[Any], drawn: int) -> str:
    parts = [
        f"{plural(drawn, 'account')} drawn as groups that use the same of the {kept} most shared objects",
        f"{plural(objects - kept, 'less shared object')} not drawn" if objects > kept else "",
        f"{plural(loose, 'account')} that use none of them not drawn" if loose else "",
        f"{plural(len(rest), 'smallest group')} not drawn" if rest else "",
    ]
    return "; ".join(part for part in parts if part) + "."


def _object_nodes(objects: pd.DataFrame, refs: dict[str, NodeRef | Group]) -> list[dict[str, Any]]:
    nodes = []
    named = 24
    for i, row in enumerate(records(objects)):
        refs[f"o{i}"] = NodeRef(row["object_type"], row["object_id"])
        name = clean(row["label"] or row["object_id"])
        said = f"{kind_name(row['object_type'])} {name}, {plural(row['members'], 'account')} of the ring"
        size = min(18 + 4.5 * math.log2(1 + row["members"]), 56)
        nodes.append(_node(f"o{i}", row["object_type"], name, said, size, named=i < named))
    return nodes


def _node(node: str, kind: str, label: str, said: str, size: float, *, named: bool, badge: str = "") -> dict[str, Any]:
    look = {"size": round(size, 1), "named": named, "badge": badge}
    return {"id": node, "kind": clean(kind, 40), "label": label, "said": said, **look}


def _edges(sightings: pd.DataFrame) -> Sequence[tuple[str, str, str, int]]:
    columns = (sightings[name].tolist() for name in ("account_id", "object_type", "object_id", "count"))
    return list(zip(*columns, strict=True))


def _width(number: float) -> float:
    return round(1 + 0.5 * math.log2(1 + max(0.0, number)), 2)


def _data(nodes: list[dict[str, Any]], edges: list[dict[str, Any]], summary: str) -> dict[str, Any]:
    counts = Counter(node["kind"] for node in nodes)
    first = ("account", "group")
    kinds = sorted(counts, key=lambda kind: (kind not in first, kind))
    types = [{"kind": kind, "label": kind_name(kind, many=True), "count": counts[kind]} for kind in kinds]
    drawn = {"nodes": nodes, "edges": edges, "types": types, "summary": summary}
    version = hashlib.sha256(json.dumps(drawn, sort_keys=True).encode()).hexdigest()[:16]
    return {**drawn, "version": version, "height": 520}
