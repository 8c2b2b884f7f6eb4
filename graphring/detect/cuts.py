"""What connects the parts of a group, and which of them are one: the cuts that tell rings apart.

Parts are communities of the graph of accounts and objects. Two are apart where they have less than a set share of the
cross connections that their degrees would give at random (the null of modularity: Newman and Girvan 2004).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from graphring.detect.groups import communities
from graphring.detect.layers import Flags, Ints, Layer, Longs, Reals, build_layer, edges_of
from graphring.detect.parameters import Parameters

__all__ = [
    "communities_of", "connections", "crossings", "merged", "nearest", "own_objects", "parts_of", "ratios", "settled",
    "told",
]  # fmt: skip


def own_objects(layers: Sequence[Layer], group: Ints, p: Parameters) -> Layer:
    """Objects of `layers` that at least two customers of the group use, rare outside; accounts are numbered as in the
    group.
    """
    accounts: list[npt.NDArray[np.int64]] = []
    keys: list[npt.NDArray[np.int64]] = []
    base = 0
    for layer in layers:
        local, edge = edges_of(layer.start, group)
        o = layer.object[edge].astype(np.int64)
        _, column, users = np.unique(o, return_inverse=True, return_counts=True)
        k = users[column]
        mostly = k >= p.exclusive * (k + np.maximum(layer.degree[o] - k, 0))
        accounts.append(local[mostly])
        keys.append(o[mostly] + base)
        base += layer.size
    return build_layer("work", np.concatenate(accounts), np.concatenate(keys), np.arange(len(group), dtype=np.int32))


def communities_of(layer: Layer, group: Ints, p: Parameters) -> Longs:
    """The community of each account of a group, -1: none."""
    label = np.full(len(group), -1)
    for i, part in enumerate(communities(layer, 1.0, len(group) + 1, p.seed)):
        label[part] = i
    return label


def parts_of(group: Ints, label: Longs) -> list[Ints]:
    """The parts of a group; accounts without a label go to the largest."""
    label = settled(label)
    return [group[label == i] for i in np.unique(label)]


def settled(label: Longs) -> Longs:
    """The labels, and for accounts without one that of the largest part."""
    return np.where(label < 0, np.argmax(np.bincount(label[label >= 0])), label)


def connections(work: Layer, label: Longs) -> Reals:
    """Connections within and between m parts, [m, m]: each object connects its users, a rare one more firmly."""
    use = _used(work, label)
    rare = 1.0 / np.maximum(np.asarray(use.sum(axis=1)).ravel() - 1.0, 1.0)
    return np.asarray((use.T @ sp.diags(rare) @ use).todense(), dtype=np.float64)


def nearest(work: Layer, label: Longs) -> Longs:
    """The labels, and for accounts without one that of the part with which they have most connections, if any."""
    rare = 1.0 / np.maximum(work.degree - 1.0, 1.0)
    each = sp.csr_matrix((rare[work.object], (work.accounts, work.object)), shape=(len(label), work.size))
    near = np.asarray((each @ _used(work, label)).todense())
    return np.where((label < 0) & (near.max(axis=1) > 0.0), near.argmax(axis=1), label)


def crossings(layers: Sequence[Layer], group: Ints, inside: Flags, p: Parameters) -> float:
    """Connections of the accounts of a group that are `inside` with the others, by their own objects of `layers`."""
    return float(connections(own_objects(layers, group, p), inside.astype(np.int64))[0, 1])


def ratios(pairs: Reals) -> Reals:
    """Connections of parts, as a share of what their degrees give at random."""
    return np.asarray(pairs / np.maximum(_at_random(pairs), 1e-9))


def told(pairs: Reals, apart: float, least: float) -> Reals:
    """The ratios of `pairs`; where parts should have fewer than `least` connections they are not told apart."""
    ratio = ratios(pairs)
    return np.where(_at_random(pairs) < least, np.maximum(ratio, apart), ratio)


def merged(
    label: Longs, pairs: list[Reals], close: Callable[..., Reals], apart: float, of: Reals | None = None
) -> Longs:
    """Join the parts that are closest, again and again, while any are as close as `apart` (average linkage).

    Parameters
    ----------
    pairs, of: what is known of m parts, [m, m] and [m, k], and adds up; close: tells from them how close they are.
    """
    m = int(label.max()) + 1
    root, pairs, of = np.arange(m), [x.copy() for x in pairs], np.zeros((m, 0)) if of is None else of.copy()
    while len(of) > 1:
        ratio = close(*pairs, of)
        ratio[np.tril_indices(len(ratio))] = -1.0
        i, j = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
        if ratio[i, j] < apart:
            break
        of[i] += of[j]
        of = np.delete(of, j, axis=0)
        for n, x in enumerate(pairs):
            x[i] += x[j]
            x[:, i] += x[:, j]
            pairs[n] = np.delete(np.delete(x, j, axis=0), j, axis=1)
        root = np.where(root == j, i, np.where(root > j, root - 1, root))
    return np.where(label >= 0, root[np.maximum(label, 0)], -1)


def _used(work: Layer, label: Longs) -> sp.csr_matrix:
    """How many accounts of each part use each object, [objects, parts]."""
    account = work.accounts
    known = label[account] >= 0
    shape = (work.size, int(label.max()) + 1)
    use = sp.csr_matrix((np.ones(known.sum()), (work.object[known], label[account[known]])), shape=shape)
    use.sum_duplicates()
    return use


def _at_random(pairs: Reals) -> Reals:
    """Connections of parts that their degrees give at random."""
    degree = pairs.sum(axis=1)
    return np.asarray(np.outer(degree, degree) / max(float(degree.sum()), 1e-9))
