"""Shingles that stand in the same prompts are one atom: a piece of wrapper, or a payload."""

# ruff: noqa: ANN001, ANN202 - numba infers the types; a loop over millions of rows is one function
from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from graphring.templates.fingerprint import KIND_MASK
from graphring.templates.frequent import Frequent
from graphring.templates.sketch import Ints
from graphring.templates.table import MINIMA

__all__ = ["Atoms", "find_atoms"]

_STEPS: Final = 1024
"""Shingles with a minimum in common that one leader looks at; it bounds the work, whatever the input."""


@dataclass(frozen=True)
class Atoms:
    """Groups of shingles with (nearly) the same prompts."""

    of: npt.NDArray[np.int32]
    """For each frequent shingle its atom."""
    size: Ints
    """Shingles of each atom."""
    leader: Ints
    """The shingle of each atom that most exchanges have."""


def find_atoms(frequent: Frequent, agree: int) -> Atoms:
    """Group shingles around leaders: the most frequent first, each takes those that agree with it in `agree` of the
    MINIMA minima (which estimates the Jaccard index of their prompts as agree / MINIMA).
    """
    count = frequent.value.size
    order = np.lexsort((frequent.value & KIND_MASK, frequent.value, -frequent.exchanges))
    of = np.full(count, -1, np.int32)
    rank = np.empty(count, np.int64)
    rank[order] = np.arange(count)
    if count:
        chains = np.empty((MINIMA, count), np.int32)
        for k in range(MINIMA):
            chains[k] = _chain(frequent.minima[:, k], rank)
        _lead(order.astype(np.int64), frequent.minima, chains, agree, of)
    leaders, of32 = np.unique(of, return_inverse=True)
    return Atoms(of32.astype(np.int32), np.bincount(of32, minlength=leaders.size), leaders.astype(np.int64))


def _chain(minimum: npt.NDArray[np.uint32], rank: Ints) -> npt.NDArray[np.int32]:
    """For each shingle the next one, by rank, with the same minimum; -1 at the end."""
    order = np.lexsort((rank, minimum))
    following = np.full(order.size, -1, np.int32)
    same = minimum[order[1:]] == minimum[order[:-1]]
    following[order[:-1][same]] = order[1:][same]
    return following


@numba.njit(nogil=True, cache=True)
def _lead(order, minima, chains, agree, of):  # type: ignore[no-untyped-def]
    for leader in order:
        if of[leader] >= 0:
            continue
        of[leader] = leader
        for k in range(chains.shape[0]):
            before = leader
            other = chains[k, leader]
            steps = 0
            while other >= 0 and steps < _STEPS:
                if of[other] >= 0:
                    other = chains[k, other]
                    chains[k, before] = other
                    continue
                same = 0
                for j in range(minima.shape[1]):
                    same += minima[leader, j] == minima[other, j]
                if same >= agree:
                    of[other] = leader
                before = other
                other = chains[k, other]
                steps += 1
