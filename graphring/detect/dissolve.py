"""Which objects hold a ring together: the smallest set found whose removal dissolves it.

A ring is dissolved when fewer than half of its members are left in one connected part of its account-object graph. To
find the fewest objects for that is hard (it generalises the vertex separator), so three ways are tried and the smallest
answer counts:

1. put objects back, one by one, those first that connect the fewest (greedy reinsertion; Schneider, Mihaljev, Herrmann,
   Inverse targeting, 2012), as long as no part reaches half of the members;
2. the same, but beginning with everything inside the Leiden communities in place, at several resolutions;
3. the minimum cut (igraph, vertex capacities) between those who stand safely inside the largest community and those
   who stand safely inside the others.

Each answer is minimal: with any one of its objects in place, half of the members are connected again.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import igraph
import numpy as np
import numpy.typing as npt

from graphring.detect.groups import communities
from graphring.detect.layers import Longs, build_layer

__all__ = ["Cut", "dissolve"]

_MOST_EDGES: Final = 20_000
"""Larger rings are spared the flow."""
_RESOLUTIONS: Final = (0.5, 1.0, 2.0, 4.0)
"""Of the communities, from coarse to fine: halves, and what they are made of."""


@dataclass(frozen=True)
class Cut:
    """objects: to be removed, most used first; remain: members in the largest part when this object and those before
    it are gone; connected: members in the largest part while all objects are there.
    """

    objects: tuple[int, ...]
    remain: tuple[int, ...]
    connected: int


def dissolve(account: Longs, item: Longs, n: int, seed: int) -> Cut:
    """Find the objects that hold n members together.

    Parameters
    ----------
    account, item: the edges, equally long: members 0..n-1 and objects 0, 1, …
    """
    if not len(item):
        return Cut((), (), min(n, 1))
    objects = _Objects(account, item, n)
    connected = objects.connected(np.arange(objects.m))
    if 2 * connected < n:
        return Cut((), (), connected)
    answers = [objects.left_out(np.empty(0, dtype=np.int64))]
    for resolution in _RESOLUTIONS:
        label = _communities(account, item, n, resolution, seed)
        spanning = objects.spanning(label)
        starts = [np.flatnonzero(~spanning)]
        if len(item) <= _MOST_EDGES:
            starts.append(np.setdiff1d(np.arange(objects.m), _minimum_cut(objects, label, spanning)))
        answers += [objects.left_out(start) for start in starts if 2 * objects.connected(start) < n]
    best = min(answers, key=len)
    order = best[np.lexsort((best, -objects.users[best]))]
    return Cut(tuple(order.tolist()), objects.remains(order), connected)


class _Objects:
    """m objects and who uses each."""

    def __init__(self, account: Longs, item: Longs, n: int) -> None:
        order = np.lexsort((account, item))
        self.account, self.n = account[order], n
        self.m = int(item.max()) + 1
        self.start = np.searchsorted(item[order], np.arange(self.m + 1))
        self.users = np.diff(self.start)

    def of(self, o: int) -> list[int]:
        """The members that use an object."""
        users: list[int] = self.account[self.start[o] : self.start[o + 1]].tolist()
        return users

    def connected(self, present: Longs) -> int:
        """Members in the largest part that the objects present connect."""
        parts = _Parts(self.n)
        for o in present.tolist():
            parts.join(self.of(o))
        return parts.largest

    def left_out(self, present: Longs) -> Longs:
        """Objects that stay out when the others come back, the least connecting first, and half is never reached."""
        parts = _Parts(self.n)
        here = np.zeros(self.m, dtype=bool)
        here[present] = True
        for o in present.tolist():
            parts.join(self.of(o))
        heap = [(parts.size_with(self.of(o)), o) for o in np.flatnonzero(~here).tolist()]
        heapq.heapify(heap)
        while heap:
            size, o = heapq.heappop(heap)
            now = parts.size_with(self.of(o))
            if now > size:
                heapq.heappush(heap, (now, o))
            elif 2 * now < self.n:
                parts.join(self.of(o))
                here[o] = True
            else:
                break  # nothing that is left connects fewer, and parts only grow
        return np.flatnonzero(~here)

    def remains(self, order: Longs) -> tuple[int, ...]:
        """Members in the largest part after the first, the first two … objects of `order` are gone."""
        parts = _Parts(self.n)
        for o in np.setdiff1d(np.arange(self.m), order).tolist():
            parts.join(self.of(o))
        found = []
        for o in reversed(order.tolist()):
            found.append(parts.largest)
            parts.join(self.of(o))
        return tuple(reversed(found))

    def spanning(self, label: Longs) -> npt.NDArray[np.bool_]:
        """Objects whose users are in several communities."""
        return np.array([len(set(label[self.of(o)].tolist())) > 1 for o in range(self.m)], dtype=bool)


class _Parts:
    """Members joined into parts (union-find with path halving)."""

    def __init__(self, n: int) -> None:
        self.root, self.size, self.largest = list(range(n)), [1] * n, min(n, 1)

    def join(self, members: list[int]) -> None:
        """Make the members' parts one."""
        roots = sorted(self._roots(members))
        for other in roots[1:]:
            self.root[other] = roots[0]
            self.size[roots[0]] += self.size[other]
        if roots:
            self.largest = max(self.largest, self.size[roots[0]])

    def size_with(self, members: list[int]) -> int:
        """The size of the part that joining the members would make."""
        return sum(self.size[root] for root in self._roots(members))

    def _roots(self, members: list[int]) -> set[int]:
        return set(self._find(members))

    def _find(self, members: list[int]) -> Iterator[int]:
        root = self.root
        for a in members:
            while root[a] != a:
                root[a] = root[root[a]]
                a = root[a]  # noqa: PLW2901
            yield a


def _communities(account: Longs, item: Longs, n: int, resolution: float, seed: int) -> Longs:
    """Community of each member; those that share nothing are alone."""
    layer = build_layer("ring", account, item, np.arange(n, dtype=np.int32))
    label = -1 - np.arange(n)
    for i, part in enumerate(communities(layer, resolution, n + 1, seed)):
        label[part] = i
    return np.asarray(label, dtype=np.int64)


def _minimum_cut(objects: _Objects, label: Longs, spanning: npt.NDArray[np.bool_]) -> Longs:
    """The fewest objects that part those who use nothing but their own community's, of the largest, from the others."""
    crossing = np.zeros(objects.n, dtype=bool)
    for o in np.flatnonzero(spanning).tolist():
        crossing[objects.of(o)] = True
    names, size = np.unique(label, return_counts=True)
    largest = names[np.lexsort((names, -size))[0]]
    one = np.flatnonzero(~crossing & (label == largest))
    other = np.flatnonzero(~crossing & (label != largest))
    if not len(one) or not len(other):
        return np.empty(0, dtype=np.int64)
    n, m = objects.n, objects.m
    enters, leaves = n + np.arange(m), n + m + np.arange(m)
    user, what = objects.account, np.repeat(np.arange(m), objects.users)
    source, sink = n + 2 * m, n + 2 * m + 1
    ends = np.concatenate(
        [
            np.column_stack([enters, leaves]),
            np.column_stack([user, enters[what]]),
            np.column_stack([leaves[what], user]),
            np.column_stack([np.full(len(one), source), one]),
            np.column_stack([other, np.full(len(other), sink)]),
        ]
    )
    capacity = np.full(len(ends), float(m + 1))
    capacity[:m] = 1.0
    graph = igraph.Graph(n=n + 2 * m + 2, edges=ends, directed=True)
    cut = graph.mincut(source=source, target=sink, capacity=capacity.tolist())
    near = np.zeros(n + 2 * m + 2, dtype=bool)
    near[cut.partition[0]] = True
    return np.flatnonzero(near[enters] & ~near[leaves])
