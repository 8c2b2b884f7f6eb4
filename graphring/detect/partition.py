"""From overlapping cores to rings: cores of one work are one ring, works that only share infrastructure are several.

Cores that overlap are joined first. The union is then cut along its *work graph*: payloads, rare wrappers,
conversations and links, but neither addresses nor payment methods, which tenants of one provider share. Parts with less
than a set share of the cross connections that their degrees would give at random are rings of their own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from graphring.detect.groups import communities
from graphring.detect.layers import Ints, Layer, Longs, Reals, build_layer, edges_of
from graphring.detect.parameters import Parameters
from graphring.detect.relations import Relations

__all__ = ["joined_works", "split_works", "torn_works"]


def split_works(r: Relations, group: Ints, p: Parameters) -> list[Ints]:
    """The works of a group; accounts without any go to the largest part."""
    return _parted(_work_layer(r, group, p), group, p, p.apart, 0.0)


def torn_works(r: Relations, group: Ints, p: Parameters, layers: Sequence[Layer] = ()) -> list[Ints]:
    """Works of a group that have next to nothing in common, in all that is work or in `layers`, though by their degrees
    they should have `torn_least` connections: groups that a candidate brought together, so that one convicts the other.
    """
    share = p.torn_payloads if layers else p.torn
    return _parted(_work_layer(r, group, p, layers), group, p, share, p.torn_least)


def _parted(work: Layer, group: Ints, p: Parameters, apart: float, least: float) -> list[Ints]:
    label = np.full(len(group), -1)
    for i, part in enumerate(communities(work, 1.0, len(group) + 1, p.seed)):
        label[part] = i
    if label.max() < 1:
        return [group]
    label = _remerged(work, label, apart, least)
    idle = label < 0
    label[idle] = np.argmax(np.bincount(label[~idle]))
    return [group[label == i] for i in np.unique(label)]


def joined_works(r: Relations, parts: list[Ints], p: Parameters) -> list[Ints]:
    """Parts that are one work together: candidates that each held a piece of it have claimed it piecemeal."""
    parts = sorted(parts, key=lambda part: (-len(part), part.tobytes()))
    done: list[Ints] = []
    while parts:
        whole = parts.pop(0)
        while (
            near := next((i for i, x in enumerate(parts) if _common(r, whole, x, p) >= p.together), None)
        ) is not None:
            whole = np.sort(np.concatenate([whole, parts.pop(near)]))
        done.append(whole)
    return done


def _common(r: Relations, one: Ints, other: Ints, p: Parameters) -> float:
    """Cross connections of two parts in their work graph, as a share of what their degrees give at random."""
    union = np.sort(np.concatenate([one, other]))
    work = _work_layer(r, union, p)
    if not work.size:
        return 0.0
    return float(_ratios(_connections(work, np.isin(union, other).astype(np.int64), 2))[0, 1])


def _work_layer(r: Relations, group: Ints, p: Parameters, layers: Sequence[Layer] = ()) -> Layer:
    """Objects of work, or of `layers`, that at least two customers of the group use, rare outside; accounts are
    numbered as in group.
    """
    accounts: list[npt.NDArray[np.int64]] = []
    keys: list[npt.NDArray[np.int64]] = []
    base = 0
    for layer in layers or (r.content.items, r.content.wrappers, r.conversations, *r.links):
        local, edge = edges_of(layer.start, group)
        o = layer.object[edge].astype(np.int64)
        _, column, users = np.unique(o, return_inverse=True, return_counts=True)
        k = users[column]
        mostly = k >= p.exclusive * (k + np.maximum(layer.degree[o] - k, 0))
        accounts.append(local[mostly])
        keys.append(o[mostly] + base)
        base += layer.size
    return build_layer("work", np.concatenate(accounts), np.concatenate(keys), np.arange(len(group), dtype=np.int32))


def _remerged(work: Layer, label: Longs, apart: float, least: float) -> Longs:
    """Join the communities whose cross connections come closest to what their degrees give at random, while any reach
    the share `apart` of it (average linkage), or should have fewer than `least`.
    """
    m = int(label.max()) + 1
    pairs = _connections(work, label, m)
    root = np.arange(m)
    while len(pairs) > 1:
        degree = pairs.sum(axis=1)
        few = np.outer(degree, degree) < least * degree.sum()
        ratio = np.where(few, np.maximum(_ratios(pairs), apart), _ratios(pairs))
        ratio[np.tril_indices(len(pairs))] = -1.0
        i, j = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
        if ratio[i, j] < apart:
            break
        pairs[i] += pairs[j]
        pairs[:, i] += pairs[:, j]
        pairs = np.delete(np.delete(pairs, j, axis=0), j, axis=1)
        root = np.where(root == j, i, np.where(root > j, root - 1, root))
    return np.where(label >= 0, root[np.maximum(label, 0)], -1)


def _ratios(pairs: Reals) -> Reals:
    """Connections of parts, as a share of what their degrees give at random."""
    degree = pairs.sum(axis=1)
    return np.asarray(pairs * max(float(degree.sum()), 1e-9) / np.maximum(np.outer(degree, degree), 1e-9))


def _connections(work: Layer, label: Longs, m: int) -> Reals:
    """Connections within and between m parts, [m, m]: each object connects its users, a rare one more firmly."""
    account = work.accounts
    known = label[account] >= 0
    use = sp.csr_matrix((np.ones(known.sum()), (work.object[known], label[account[known]])), shape=(work.size, m))
    use.sum_duplicates()
    rare = 1.0 / np.maximum(np.asarray(use.sum(axis=1)).ravel() - 1.0, 1.0)
    return np.asarray((use.T @ sp.diags(rare) @ use).todense(), dtype=np.float64)
