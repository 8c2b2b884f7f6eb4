"""Random bipartite graphs with given degrees: who shares with whom becomes chance, nothing else changes."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["ROUNDS", "Layer", "generator", "shuffle_layer"]

Ints = npt.NDArray[np.int64]

ROUNDS: Final = 20
"""Rounds of trades, each pairing every account once; after about ten the number of edges that moved is at its limit."""


@dataclass(frozen=True)
class Layer:
    """One kind of edge before and after: the edge (account, old) became (account, new). No edge is there twice."""

    key: Ints
    """account · 2^32 + old, sorted."""
    new: Ints

    @property
    def account(self) -> Ints:
        """By edge."""
        return self.key >> 32

    @property
    def old(self) -> Ints:
        """By edge: the object before."""
        return self.key & 0xFFFFFFFF

    def new_of(self, account: npt.NDArray[Any], old: npt.NDArray[Any]) -> Ints:
        """The object that took the place of `old` at `account`; every pair must be an edge."""
        wanted = (account.astype(np.int64) << 32) | old.astype(np.int64)
        place = np.searchsorted(self.key, wanted)
        assert len(wanted) == 0 or bool((self.key[np.minimum(place, len(self.key) - 1)] == wanted).all())
        return self.new[place]


def generator(seed: int, name: str) -> np.random.Generator:
    """A generator of its own for each layer, so that one layer's size does not change another's draws."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def shuffle_layer(
    account: npt.NDArray[Any], old: npt.NDArray[Any], rng: np.random.Generator, rounds: int = ROUNDS
) -> Layer:
    """Shuffle a bipartite graph; accounts and objects keep their degrees and no edge is doubled.

    Parameters
    ----------
    account, old: codes from 0, below 2^31; pairs that occur several times are one edge.
    rng: the source of chance; the same state gives the same layer, whatever the order of pairs.

    Notes
    -----
    The global curveball of C. J. Carstens, M. Hamann, U. Meyer, M. Penschuck, H. Tran, D. Wagner, "Parallel and
    I/O-efficient randomisation of massive networks using global curveball trades" (ESA 2018): two accounts pool what
    only one of them has and deal it again at random. Its stationary distribution is uniform over all such graphs.
    """
    key = np.unique((account.astype(np.int64) << 32) | old.astype(np.int64))
    owner, objects = key >> 32, key & 0xFFFFFFFF
    new = objects.copy()
    accounts, start = np.unique(owner, return_index=True)
    if len(accounts) > 1:
        bounds = np.append(start, len(key)).astype(np.int64)
        mark = np.full(int(objects.max()) + 1, -1, dtype=np.int64)
        for number in range(rounds):
            order = rng.permutation(len(accounts))
            seed = int(rng.integers(0, 2**31))
            mark.fill(-1)
            _trade(bounds, new, order, mark, np.random.default_rng([seed, number]))
    return Layer(key=key, new=new)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _trade(bounds: Ints, objects: Ints, order: Ints, mark: Ints, rng: np.random.Generator) -> None:
    """One round: accounts trade in pairs along `order`. `mark` tells whose an object is in the trade at hand."""
    room = 2 * np.diff(bounds).max()
    place = np.empty(room, dtype=np.int64)
    pool = np.empty(room, dtype=np.int64)
    for pair in range(len(order) // 2):
        a, b = order[2 * pair], order[2 * pair + 1]
        mine, common = 2 * pair, 2 * pair + 1
        for k in range(bounds[a], bounds[a + 1]):
            mark[objects[k]] = mine
        n = 0
        for k in range(bounds[b], bounds[b + 1]):
            if mark[objects[k]] == mine:
                mark[objects[k]] = common
            else:
                place[n], pool[n] = k, objects[k]
                n += 1
        for k in range(bounds[a], bounds[a + 1]):
            if mark[objects[k]] == mine:
                place[n], pool[n] = k, objects[k]
                n += 1
        for i in range(n - 1, 0, -1):
            j = rng.integers(0, i + 1)
            pool[i], pool[j] = pool[j], pool[i]
        for i in range(n):
            objects[place[i]] = pool[i]
