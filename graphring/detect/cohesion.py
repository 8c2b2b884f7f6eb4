"""How closely a group meets on its linked objects: pairs that meet twice, and how much of it one object reaches."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from graphring.detect.layers import Ints, Layer, Longs, Reals, edges_of

__all__ = ["cohesion", "coverage", "doubly", "one_object"]


def doubly(layer: Layer, group: Ints, shared: Reals) -> Reals:
    """How many of its shared objects an account shares with somebody with whom it shares another one too; at least one
    where it shares any. In a sparse random graph every community shares, but hardly any pair does so twice.
    """
    if shared.max(initial=0.0) < 2.0:
        return np.minimum(shared, 1.0)
    local, edge = edges_of(layer.start, group)
    _, column, users = np.unique(layer.object[edge], return_inverse=True, return_counts=True)
    use = (users[column] >= 2) & (users[column] <= _CROWD)
    if not use.any():
        return np.minimum(shared, 1.0)
    table = sp.csr_matrix((np.ones(use.sum()), (local[use], column[use])), shape=(len(group), len(users)))
    pairs = (table @ table.T).tocsr()
    pairs.setdiag(0)
    pairs.data = (pairs.data >= 2).astype(np.float64)
    pairs.eliminate_zeros()
    twice = table.multiply((pairs @ table) > 0).sum(axis=1)
    return np.asarray(np.maximum(np.asarray(twice).ravel(), np.minimum(shared, 1.0)), dtype=np.float64)


def cohesion(layer: Layer, group: Ints) -> Reals:
    """The mean share of the group's other accounts that use an object which an account shares with the group at all.

    People of one interest meet on some of many objects; accounts that one hand leads meet on most of a few.
    """
    local, edge = edges_of(layer.start, group)
    _, column, users = np.unique(layer.object[edge], return_inverse=True, return_counts=True)
    others = (users[column] - 1.0) / max(len(group) - 1.0, 1.0)
    met = np.bincount(local[others > 0], minlength=len(group))
    total = np.bincount(local, weights=others, minlength=len(group))
    return np.asarray(total / np.maximum(met, 1), dtype=np.float64)


def coverage(layer: Layer, group: Ints) -> float:
    """The share of a group that uses the one object which most of it use."""
    return float(_users(layer, group).max(initial=0) / len(group))


def one_object(layer: Layer, group: Ints) -> float:
    """The share of a group's uses of what several of it use that are of the one object which most use; 0: they share
    nothing.
    """
    users = _users(layer, group)
    shared = users[users >= 2]
    return float(shared.max() / shared.sum()) if len(shared) else 0.0


def _users(layer: Layer, group: Ints) -> Longs:
    """Accounts of the group on each object that it uses."""
    _, edge = edges_of(layer.start, group)
    return np.unique(layer.object[edge], return_counts=True)[1]


_CROWD = 300
"""Objects of more accounts of a group are left out when pairs are counted: the cost grows with the square."""
