"""Two simple detectors, to know what detection is worth: what they reach is no achievement.

They take the graph alone and return RINGS and MEMBERS like `detect`, so that the same figures apply.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import igraph
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from graphring.model import MEMBERS, RINGS, GraphTables, Role, Tier

__all__ = ["bipartite_leiden", "union_find"]

Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]


def union_find(
    graph: GraphTables, *, max_degree: int = 50, min_accounts: int = 5, object_types: Sequence[str] | None = None
) -> dict[str, pa.Table]:
    """Accounts joined by any shared object: each connected component is a ring.

    Parameters
    ----------
    max_degree: objects of more accounts join nobody; without a limit one component swallows most accounts.
    min_accounts: smaller components are not reported.
    object_types: only these join; None: all.
    """
    account, node, degree, _ = _edges(graph, object_types)
    joins = (degree[node] >= 2) & (degree[node] <= max_degree)
    n = graph.accounts.num_rows
    matrix = coo_array(
        (np.ones(int(joins.sum()), np.int8), (account[joins], n + node[joins])), shape=(n + len(degree),) * 2
    )
    _, component = connected_components(matrix, directed=False)
    size = np.bincount(component[:n])
    groups = np.where(size[component[:n]] >= min_accounts, component[:n], -1)
    return _tables(graph, groups, size.astype(np.float64))


def bipartite_leiden(
    graph: GraphTables,
    *,
    threshold: float = 10.0,
    resolution: float = 1.0,
    min_accounts: int = 5,
    object_types: Sequence[str] | None = None,
    seed: int = 1,
) -> dict[str, pa.Table]:
    """Leiden on the account–object graph, edges weighing the object's rarity; communities above a threshold are rings.

    Parameters
    ----------
    threshold: bits: the mean over a community's accounts of the rarity log2(N/d) of what they share within it.
    resolution: of modularity (V. A. Traag et al., From Louvain to Leiden, 2019).
    """
    account, node, degree, weight = _edges(graph, object_types)
    shared = degree[node] >= 2
    account, node = account[shared], node[shared]
    n = graph.accounts.num_rows
    edges = np.column_stack([account, n + node])
    network: Any = igraph.Graph(n=n + len(degree), edges=edges)
    exact = np.round(weight * 1024.0) / 1024.0  # with rounded sums igraph may move a vertex between two equals for ever
    igraph.set_random_number_generator(random.Random(seed))  # noqa: S311  # a simulation, not a secret
    community = np.asarray(
        network.community_leiden(
            objective_function="modularity", weights=exact[node].tolist(), resolution=resolution, n_iterations=2
        ).membership,
        dtype=np.int64,
    )
    size = np.bincount(community[:n], minlength=int(community.max(initial=-1)) + 1)
    inside = community[account] == community[n + node]
    users = np.bincount(node[inside], minlength=len(degree))
    counts = inside & (users[node] >= 2)
    bits = np.bincount(community[account[counts]], weights=weight[node[counts]], minlength=len(size)) / np.maximum(
        size, 1
    )
    keep = (bits >= threshold) & (size >= min_accounts)
    return _tables(graph, np.where(keep[community[:n]], community[:n], -1), bits)


def _edges(graph: GraphTables, object_types: Sequence[str] | None) -> tuple[Ints, Ints, Ints, Reals]:
    """Account code, object code, and by object its degree and rarity in bits."""
    sightings = graph.sightings
    if object_types is not None:
        wanted = pa.array(list(object_types), pa.string())
        sightings = sightings.filter(pc.is_in(sightings["object_type"], value_set=wanted))
    account = pc.index_in(sightings["account_id"], value_set=graph.accounts["account_id"].combine_chunks())
    name = pc.binary_join_element_wise(sightings["object_type"], sightings["object_id"], "\x1f")
    names = pc.unique(name)
    node = np.asarray(pc.index_in(name, value_set=names).to_numpy(), dtype=np.int64)
    degree = np.bincount(node, minlength=len(names))
    weight = np.log2(np.maximum(graph.accounts.num_rows, 1) / np.maximum(degree, 1))
    return np.asarray(account.to_numpy(), dtype=np.int64), node, degree, np.maximum(weight, 1e-9)


def _tables(graph: GraphTables, group: Ints, score: Reals) -> dict[str, pa.Table]:
    """RINGS and MEMBERS, numbered by size descending; `group` by account, -1: none."""
    codes, sizes = np.unique(group[group >= 0], return_counts=True)
    order = np.lexsort((codes, -sizes))
    rank = {int(codes[o]): f"B-{i + 1:05d}" for i, o in enumerate(order)}
    rings = [
        {"ring_id": rank[int(c)], "tier": Tier.HIGH.value, "score": float(score[c]), "accounts": int(s)}
        for c, s in zip(codes[order], sizes[order], strict=True)
    ]
    ids = graph.accounts["account_id"].to_pylist()
    members = [
        {"ring_id": rank[int(group[a])], "account_id": ids[a], "role": Role.MEMBER.value}
        for a in np.flatnonzero(group >= 0).tolist()
    ]
    members.sort(key=lambda row: (row["ring_id"], row["account_id"]))
    return {
        "rings": pa.Table.from_pylist([_full(row, RINGS) for row in rings], schema=RINGS),
        "members": pa.Table.from_pylist([_full(row, MEMBERS) for row in members], schema=MEMBERS),
    }


def _full(row: dict[str, Any], schema: pa.Schema) -> dict[str, Any]:
    return {name: row.get(name) for name in schema.names}
