"""Candidate groups: communities of the bipartite graph of accounts and the objects that customers share."""

from __future__ import annotations

import random

import igraph
import numpy as np
import numpy.typing as npt

from graphring.detect.frame import Frame
from graphring.detect.parameters import Parameters

__all__ = ["leiden_groups"]


def leiden_groups(frame: Frame, p: Parameters) -> list[npt.NDArray[np.int32]]:
    """Groups of accounts, each sorted, largest first, then by first account.

    Edges weigh the object's rarity log2(customers / degree); objects of one customer or of a hub's size carry none.
    """
    shared = (frame.degree >= 2) & (frame.degree <= p.hub_customers)
    use = shared[frame.object]
    if not use.any():
        return []
    account, obj = frame.account[use], frame.object[use]
    weight = np.log2(frame.customers.count / frame.degree[obj])
    names, vertex = np.unique(
        np.concatenate([account.astype(np.int64), frame.n + obj.astype(np.int64)]), return_inverse=True
    )
    ends = vertex.reshape(2, -1).T
    igraph.set_random_number_generator(random.Random(p.seed))  # noqa: S311
    graph = igraph.Graph(n=len(names), edges=ends)
    found = graph.community_leiden(
        objective_function="modularity", weights=weight + 0.01, resolution=p.resolution, n_iterations=4
    )
    label = np.asarray(found.membership)
    people = names < frame.n
    code, label = names[people].astype(np.int32), label[people]
    order = np.lexsort((code, label))
    parts = np.split(code[order], np.flatnonzero(np.diff(label[order])) + 1)
    kept = [g for g in parts if len(g) >= p.min_ring and len(np.unique(frame.customers.code[g])) >= p.min_customers]
    return sorted(kept, key=lambda g: (-len(g), int(g[0])))
