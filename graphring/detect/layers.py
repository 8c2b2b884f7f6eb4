"""One kind of object and who uses it, as arrays: the form in which every relation is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "Flags",
    "Ints",
    "Layer",
    "Longs",
    "Reals",
    "build_layer",
    "busiest",
    "customers_of",
    "edges_of",
    "keep_objects",
    "numbered",
    "sorted_unique",
]

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Reals = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Layer:
    """E edges between N accounts and M objects of one kind.

    name: of the kind; start: [N+1], the edges of account a are start[a]:start[a+1]; object: [E]; count: [E], how often;
    degree: [M], customers of each object; key: [M], what the object is called where it came from.
    """

    name: str
    start: Longs
    object: Ints
    count: Ints
    degree: Ints
    key: Longs

    @property
    def accounts(self) -> Ints:
        """The account of each edge."""
        return np.repeat(np.arange(len(self.start) - 1, dtype=np.int32), np.diff(self.start))

    @property
    def size(self) -> int:
        """Number of objects."""
        return len(self.degree)


def edges_of(start: Longs, group: Ints) -> tuple[Longs, Longs]:
    """The edges (or rows) of a group's accounts, account by account: the place of each one's account in the group, and
    its number; `start` is that of a layer or of the exchanges.
    """
    size = start[group + 1] - start[group]
    local = np.repeat(np.arange(len(group)), size)
    return local, np.repeat(start[group] - np.cumsum(size) + size, size) + np.arange(len(local))


def build_layer(name: str, account: npt.NDArray[np.integer], key: npt.NDArray[np.integer], customer: Ints) -> Layer:
    """The layer of these uses (one row for each use; repeated pairs are counted).

    Parameters
    ----------
    account, key: equally long; `customer`: the customer of each account.
    """
    n = len(customer)
    order = np.lexsort((key, account))
    a, k = account[order].astype(np.int64), key[order].astype(np.int64)
    new = np.ones(len(a), dtype=bool)
    if len(a):
        new[1:] = (a[1:] != a[:-1]) | (k[1:] != k[:-1])
    at = np.flatnonzero(new)
    count = np.diff(np.append(at, len(a)))
    a, k = a[at], k[at]
    keys, obj = np.unique(k, return_inverse=True)
    start = np.searchsorted(a, np.arange(n + 1))
    degree = customers_of(obj.astype(np.int64), customer[a], len(keys))
    return Layer(name, start.astype(np.int64), obj.astype(np.int32), count.astype(np.int32), degree, keys)


def sorted_unique(values: Longs) -> Longs:
    """The different values, sorted (numpy's own goes through a hash table, five times slower on large arrays)."""
    ordered = np.sort(values)
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered


def customers_of(obj: Longs, customer: Ints, m: int) -> Ints:
    """How many different customers use each of m objects."""
    if not len(obj):
        return np.zeros(m, dtype=np.int32)
    width = int(customer.max()) + 1
    pairs = sorted_unique(obj * width + customer)
    return np.bincount(pairs // width, minlength=m).astype(np.int32)


def numbered(n: int, groups: Sequence[Ints]) -> Longs:
    """[n] for each account the place of its group among disjoint ones, -1: it is in none."""
    place = np.full(n, -1, dtype=np.int64)
    for i, group in enumerate(groups):
        place[group] = i
    return place


def busiest(owner: Longs, often: Longs | Reals) -> Longs:
    """For each owner the row with the most uses (or bits), the first of equals; in the order of owners."""
    order = np.lexsort((-often, owner))
    new = np.ones(len(order), dtype=bool)
    new[1:] = owner[order][1:] != owner[order][:-1]
    return order[new]


def keep_objects(layer: Layer, keep: npt.NDArray[np.bool_]) -> Layer:
    """The layer with only some of its objects."""
    edge = keep[layer.object]
    new = np.cumsum(keep) - 1
    total = np.concatenate([[0], np.cumsum(edge)])
    return Layer(
        layer.name, total[layer.start].astype(np.int64), new[layer.object[edge]].astype(np.int32),
        layer.count[edge], layer.degree[keep], layer.key[keep],
    )  # fmt: skip
