"""Which shingles are frequent, in two passes over the compact exchanges and in bounded memory.

The first pass counts every shingle in a count-min sketch of bytes (Cormode and Muthukrishnan 2005), the second counts
exactly those that the sketch does not rule out, and keeps for each a MinHash of the prompts that hold it (Broder
1997), so that shingles with the same prompts can be found without keeping lists of them.
"""

# ruff: noqa: ANN001, ANN202, C901, PLR0917 - numba infers the types; a loop over millions of rows is one function
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["MINIMA", "Batch", "Frequent", "count_frequent", "mix_array"]

MINIMA: Final = 16
"""Independent minima of a MinHash."""
_FULL: Final = 0.6
_SALT: Final = 0x9E3779B97F4A7C15
Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Batch:
    """Some exchanges, in the order of the file: sorted by account."""

    account: npt.NDArray[np.int32]
    prompt: Hashes
    shingles: Hashes
    """One row after another."""
    offsets: Ints
    """Row i has shingles[offsets[i]:offsets[i + 1]]."""


Batches = Callable[[], Iterator[Batch]]


@dataclass(frozen=True)
class Frequent:
    """The frequent shingles, sorted."""

    value: Hashes
    accounts: Ints
    """Distinct accounts, exactly."""
    exchanges: Ints
    pairs: Ints
    """Pairs of exchanges of one account."""
    minima: npt.NDArray[np.uint32]
    """(shingles, MINIMA): the smallest hashes of the distinct prompts."""
    threshold: int
    """Exchanges below which nothing was counted."""

    def prompts(self) -> npt.NDArray[np.float64]:
        """About how many distinct prompts hold each shingle (each minimum is exponential with that rate)."""
        return distinct(self.minima)


def distinct(minima: npt.NDArray[np.uint32]) -> npt.NDArray[np.float64]:
    """The maximum-likelihood size, made unbiased, of the sets that the rows of MinHash minima come from."""
    total = (minima.astype(np.float64) + 0.5).sum(axis=1) / 2.0**32
    estimate: npt.NDArray[np.float64] = (MINIMA - 1) / total
    return estimate


def count_frequent(batches: Batches, total: int, least_exchanges: int, least_accounts: int, room: int) -> Frequent:
    """Count.

    Parameters
    ----------
    batches: called for each pass.
    total: shingles in all batches together; the sketch grows with it.
    least_exchanges, least_accounts: what a shingle needs to be kept.
    room: most shingles that are counted exactly; where more qualify, `least_exchanges` is doubled until they fit.
    """
    bits = min(28, max(16, int(np.ceil(np.log2(max(2, total))))))
    sketch = np.zeros((2, 1 << bits), np.uint8)
    for batch in batches():
        _sketch(sketch, batch.shingles, 64 - bits)
    slots = 1 << int(np.ceil(np.log2(max(1024, min(room, total) / _FULL))))
    threshold = least_exchanges
    while True:
        table = _Table.empty(slots)
        fits = True
        for batch in batches():
            fits = _exact(
                sketch, 64 - bits, min(threshold, 255), batch.account, batch.prompt, batch.shingles, batch.offsets,
                table.key, table.entry, table.count, table.minima, table.used,
            )  # fmt: skip
            if not fits:
                break
        if fits:
            return table.frequent(threshold, least_accounts)
        threshold *= 2


@dataclass(frozen=True)
class _Table:
    """An open-addressing hash table of entries that lie in the order in which they came.

    What an entry holds is seven times the size of its slot, and the entries beyond the last one are memory that was
    never touched, so a night of few shingles costs little however much room there is.
    """

    key: Hashes
    """(slots,): 0 where a slot is free."""
    entry: npt.NDArray[np.int32]
    """(slots,): which entry a slot names."""
    count: npt.NDArray[np.int32]
    """(entries, 5): last account, accounts, exchanges, run within the account, pairs."""
    minima: npt.NDArray[np.uint32]
    """(entries, MINIMA), unset beyond the last entry."""
    used: Ints
    """(1,): how many entries there are."""

    @classmethod
    def empty(cls, slots: int) -> _Table:
        entries = int(slots * _FULL)
        return cls(
            np.zeros(slots, np.uint64),
            np.zeros(slots, np.int32),
            np.zeros((entries, 5), np.int32),
            np.empty((entries, MINIMA), np.uint32),
            np.zeros(1, np.int64),
        )

    def frequent(self, threshold: int, accounts: int) -> Frequent:
        slots = np.flatnonzero(self.key)
        entry = self.entry[slots]
        able = (self.count[entry, 1] >= accounts) & (self.count[entry, 2] >= threshold)
        slots, entry = slots[able], entry[able]
        order = np.argsort(self.key[slots])
        kept = entry[order]
        count = self.count[kept].astype(np.int64)
        return Frequent(self.key[slots[order]], count[:, 1], count[:, 2], count[:, 4], self.minima[kept], threshold)


@numba.njit(nogil=True, cache=True)
def _sketch(sketch, shingles, shift):  # type: ignore[no-untyped-def]
    for value in shingles:
        a = value >> np.uint64(shift)
        b = (value * np.uint64(_SALT)) >> np.uint64(shift)
        if sketch[0, a] < 255:
            sketch[0, a] += 1
        if sketch[1, b] < 255:
            sketch[1, b] += 1


@numba.njit(nogil=True, cache=True)
def _exact(sketch, shift, threshold, account, prompt, shingles, offsets, key, entry, count, minima, used):  # type: ignore[no-untyped-def]
    mask = np.uint64(key.size - 1)
    hashed = np.empty(minima.shape[1], np.uint32)
    for row in range(account.size):
        ready = False
        owner = account[row] + 1
        for i in range(offsets[row], offsets[row + 1]):
            value = shingles[i]
            if sketch[0, value >> np.uint64(shift)] < threshold:
                continue
            if sketch[1, (value * np.uint64(_SALT)) >> np.uint64(shift)] < threshold:
                continue
            slot = ((value >> np.uint64(3)) * np.uint64(_SALT) >> np.uint64(20)) & mask
            while key[slot] != value and key[slot] != 0:
                slot = (slot + np.uint64(1)) & mask
            if key[slot] == 0:
                if used[0] >= count.shape[0]:
                    return False
                key[slot] = value
                entry[slot] = used[0]
                minima[used[0]] = 0xFFFFFFFF
                used[0] += 1
            at = entry[slot]
            if not ready:
                state = prompt[row]
                for k in range(hashed.size):
                    state += np.uint64(_SALT)
                    mixed = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
                    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
                    hashed[k] = np.uint32((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(32))
                ready = True
            if count[at, 0] != owner:
                count[at, 0] = owner
                count[at, 1] += 1
                count[at, 3] = 0
            count[at, 4] = min(count[at, 4] + count[at, 3], 1 << 30)
            count[at, 2] += 1
            count[at, 3] += 1
            for k in range(hashed.size):
                minima[at, k] = min(minima[at, k], hashed[k])
    return True


def mix_array(values: Hashes) -> Hashes:
    """SplitMix64's finaliser over an array."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Hashes = values ^ (values >> np.uint64(31))
    return mixed
