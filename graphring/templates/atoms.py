"""Shingles that stand in the same prompts are one atom: a piece of wrapper, or a payload."""

# ruff: noqa: ANN001, ANN202 - numba infers the types; a loop over millions of rows is one function
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
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

_SALT: Final = 0x9E3779B97F4A7C15
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

    Two that agree in so many agree in one of any MINIMA - agree + 1, so that no more chains are needed.
    """
    order = np.lexsort((frequent.value & KIND_MASK, frequent.value, -frequent.exchanges))
    minima = frequent.minima[order]
    chains = np.empty((max(1, min(MINIMA, MINIMA - agree + 1)), order.size), np.int32)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(_chain, (np.ascontiguousarray(minima[:, k]) for k in range(len(chains))), chains))
    of = np.empty(order.size, np.int32)
    of[order] = order[_lead(minima, chains, agree)]
    leaders, of32 = np.unique(of, return_inverse=True)
    return Atoms(of32.astype(np.int32), np.bincount(of32, minlength=leaders.size), leaders.astype(np.int64))


@numba.njit(nogil=True, cache=True)
def _chain(minimum, following):  # type: ignore[no-untyped-def]
    """For each shingle the next one with the same minimum; -1 at the end."""
    bits = 10
    while (1 << bits) < 2 * minimum.size:
        bits += 1
    slots = np.full(1 << bits, -1, np.int32)
    for i in range(minimum.size - 1, -1, -1):
        slot = np.int64((np.uint64(minimum[i]) * np.uint64(_SALT)) >> np.uint64(64 - bits))
        while slots[slot] >= 0 and minimum[slots[slot]] != minimum[i]:
            slot = (slot + 1) & (slots.size - 1)
        following[i] = slots[slot]
        slots[slot] = i


@numba.njit(nogil=True, cache=True)
def _lead(minima, chains, agree):  # type: ignore[no-untyped-def]
    """For each shingle its leader; both by their place in the order of frequency."""
    of = np.full(minima.shape[0], -1, np.int32)
    for leader in range(of.size):
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
    return of
