"""Which atoms each exchange holds, as a sparse matrix, and which exchanges show a wording known from earlier nights."""

# ruff: noqa: ANN001, ANN202, PLR0917 - numba infers the types; a loop over millions of rows is one function
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from graphring.templates.frequent import Batch, Hashes, Ints

__all__ = ["Codes", "Incidence", "Lexicon", "locate"]

Codes = npt.NDArray[np.int32]
_SALT: Final = 0x9E3779B97F4A7C15


@dataclass(frozen=True)
class Lexicon:
    """Shingles and the atom that each belongs to."""

    shingle: Hashes
    atom: Codes
    size: Ints
    """Shingles of each atom."""


@dataclass(frozen=True)
class Incidence:
    """Row i has the atoms atom[start[i]:start[i + 1]], each once, ascending."""

    start: Ints
    atom: Codes


def locate(batches: Iterable[Batch], lexicon: Lexicon, share: float) -> Incidence:
    """One pass over the shingles: a row has an atom when it has the share `share` of the atom's shingles or more."""
    table = _table(lexicon)
    starts, atoms = [np.zeros(1, np.int64)], [np.zeros(0, np.int32)]
    base = 0
    for batch in batches:
        start, atom = _locate(batch.shingles, batch.offsets, *table, lexicon.size, share)
        starts.append(start[1:] + base)
        atoms.append(atom)
        base += int(start[-1])
    return Incidence(np.concatenate(starts), np.concatenate(atoms))


def _table(lexicon: Lexicon) -> tuple[Hashes, Codes]:
    slots = 1 << max(10, int(np.ceil(np.log2(max(1, lexicon.shingle.size) * 1.7))))
    key, code = np.zeros(slots, np.uint64), np.full(slots, -1, np.int32)
    _fill(lexicon.shingle, lexicon.atom, key, code)
    return key, code


@numba.njit(nogil=True, cache=True)
def _fill(shingle, atom, key, code):  # type: ignore[no-untyped-def]
    mask = np.uint64(key.size - 1)
    for i in range(shingle.size):
        slot = ((shingle[i] >> np.uint64(3)) * np.uint64(_SALT) >> np.uint64(20)) & mask
        while code[slot] >= 0 and key[slot] != shingle[i]:
            slot = (slot + np.uint64(1)) & mask
        if code[slot] < 0:
            key[slot], code[slot] = shingle[i], atom[i]


@numba.njit(nogil=True, cache=True)
def _locate(shingles, offsets, key, code, size, share):  # type: ignore[no-untyped-def]
    mask = np.uint64(key.size - 1)
    rows = offsets.size - 1
    start = np.zeros(rows + 1, np.int64)
    out = np.empty(max(16, shingles.size), np.int32)
    used = 0
    for row in range(rows):
        first = used
        for i in range(offsets[row], offsets[row + 1]):
            value = shingles[i]
            slot = ((value >> np.uint64(3)) * np.uint64(_SALT) >> np.uint64(20)) & mask
            while code[slot] >= 0 and key[slot] != value:
                slot = (slot + np.uint64(1)) & mask
            if code[slot] >= 0:
                out[used] = code[slot]
                used += 1
        found = np.sort(out[first:used])
        used = first
        i = 0
        while i < found.size:
            j = i
            while j < found.size and found[j] == found[i]:
                j += 1
            if j - i >= share * size[found[i]]:
                out[used] = found[i]
                used += 1
            i = j
        start[row + 1] = used
    return start, out[:used].copy()
