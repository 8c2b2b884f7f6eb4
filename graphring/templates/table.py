"""A hash table of shingles whose entries lie in the order in which they came: a number for each, and what it counts."""

# ruff: noqa: ANN001, ANN202, PLR0917 - numba infers the types; a loop over millions of shingles is one function
from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from graphring.templates.prefetch import AHEAD, prefetch
from graphring.templates.sketch import Hashes, Ints

__all__ = ["MINIMA", "Codes", "Table"]

MINIMA: Final = 16
"""Independent minima of a MinHash."""
Codes = npt.NDArray[np.int32]
_FULL: Final = 0.6
_SALT: Final = 0x9E3779B97F4A7C15


@dataclass(frozen=True)
class Table:
    """Entries beyond the last one are memory that was never touched: a night of few shingles costs little."""

    key: Hashes
    """(slots,): 0 where a slot is free."""
    entry: Codes
    """(slots,): which entry a slot names."""
    value: Hashes
    """(entries,): the shingle."""
    count: Codes
    """(entries, 3): last account, accounts, exchanges."""
    minima: npt.NDArray[np.uint32]
    """(entries, MINIMA): the smallest hashes of the distinct prompts."""
    used: Ints
    """(1,): how many entries there are."""

    @classmethod
    def empty(cls, room: int) -> Table:
        """A table for `room` shingles."""
        slots = 1 << int(np.ceil(np.log2(max(1024, room / _FULL))))
        entries = max(room, 1)
        return cls(
            np.zeros(slots, np.uint64),
            np.zeros(slots, np.int32),
            np.empty(entries, np.uint64),
            np.zeros((entries, 3), np.int32),
            np.empty((entries, MINIMA), np.uint32),
            np.zeros(1, np.int64),
        )

    def enter(self, shingles: Hashes, out: Codes, *, closed: bool = False) -> bool:
        """Write the entry of each shingle to `out`; False where there is no room for a new one.

        With `closed` a new one without room has the entry -1.
        """
        done: bool = _enter(shingles, self.key, self.entry, self.value, self.minima, self.used, closed, out)
        return done

    def update(self, account: Codes, prompt: Hashes, counts: npt.NDArray[np.uint16], entries: Codes) -> None:
        """Count rows: row i has the next counts[i] of `entries`."""
        _update(account, prompt, counts, entries, self.count, self.minima)

    def keep(self, able: npt.NDArray[np.bool_]) -> Codes:
        """Drop the other entries; returns the new number of each old entry, -1 where it was dropped."""
        used = int(self.used[0])
        new = np.where(able, np.cumsum(able) - 1, -1).astype(np.int32)
        _compact(new, self.value, self.count, self.minima)
        self.used[0] = int(able.sum())
        self.count[self.used[0] : used] = 0
        self.key[:] = 0
        _index(self.value, int(self.used[0]), self.key, self.entry)
        return new


@numba.njit(nogil=True, cache=True, inline="always")
def _slot(value, mask):  # type: ignore[no-untyped-def]
    return ((value >> np.uint64(3)) * np.uint64(_SALT) >> np.uint64(20)) & mask


@numba.njit(nogil=True, cache=True)
def _enter(shingles, key, entry, value, minima, used, closed, out):  # type: ignore[no-untyped-def]
    mask = np.uint64(key.size - 1)
    for i in range(shingles.size):
        coming = np.int64(_slot(shingles[min(i + AHEAD, shingles.size - 1)], mask))
        prefetch(key, coming)
        prefetch(entry, coming)
        shingle = shingles[i]
        slot = _slot(shingle, mask)
        while key[slot] != shingle and key[slot] != 0:
            slot = (slot + np.uint64(1)) & mask
        if key[slot] == 0:
            if used[0] >= value.size:
                if not closed:
                    return False
                out[i] = -1
                continue
            key[slot] = shingle
            entry[slot] = used[0]
            value[used[0]] = shingle
            minima[used[0]] = 0xFFFFFFFF
            used[0] += 1
        out[i] = entry[slot]
    return True


@numba.njit(nogil=True, cache=True)
def _index(value, used, key, entry):  # type: ignore[no-untyped-def]
    mask = np.uint64(key.size - 1)
    for i in range(used):
        slot = _slot(value[i], mask)
        while key[slot] != 0:
            slot = (slot + np.uint64(1)) & mask
        key[slot] = value[i]
        entry[slot] = i


@numba.njit(nogil=True, cache=True)
def _compact(new, value, count, minima):  # type: ignore[no-untyped-def]
    for old in range(new.size):
        at = new[old]
        if at >= 0:
            value[at] = value[old]
            count[at] = count[old]
            minima[at] = minima[old]


@numba.njit(nogil=True, cache=True)
def _update(account, prompt, counts, entries, count, minima):  # type: ignore[no-untyped-def]
    hashed = np.empty(MINIMA, np.uint32)
    first = 0
    for row in range(counts.size):
        last = first + counts[row]
        if last > first:
            for k in range(MINIMA):
                mixed = prompt[row] + np.uint64(k + 1) * np.uint64(_SALT)
                mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
                mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
                hashed[k] = np.uint32((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(32))
        owner = account[row] + 1
        for i in range(first, last):
            coming = np.int64(max(0, entries[min(i + AHEAD, entries.size - 1)]))
            prefetch(count, coming)
            prefetch(minima, coming)
            at = entries[i]
            if at < 0:
                continue
            count[at, 1] += count[at, 0] != owner
            count[at, 0] = owner
            count[at, 2] += 1
            for k in range(MINIMA):
                minima[at, k] = min(minima[at, k], hashed[k])
        first = last
