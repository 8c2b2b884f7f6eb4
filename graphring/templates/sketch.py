"""How often each shingle comes, never less than the truth, in one byte for several shingles.

A count-min sketch (Cormode and Muthukrishnan 2005) whose two cells of a shingle lie in one cache line (blocked, after
Putze, Sanders, Singler 2009), so that a shingle costs one access to memory and not two.
"""

# ruff: noqa: ANN001, ANN202, PLR0917 - numba infers the types; a loop over millions of shingles is one function
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from graphring.templates.fingerprint import KIND_MASK, Kind
from graphring.templates.prefetch import AHEAD, prefetch

__all__ = ["CEILING", "Sketch"]

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
CEILING: Final = 255
"""Counts stop here."""
_LINE: Final = 6
"""Bits of a place in a cache line of 64 bytes."""
_CELLS: Final = 2
"""Cells for each shingle that comes, so that of those that come once few look like three."""
_SMALLEST, _LARGEST = 16, 30
"""Bits of the number of cells: 64 KiB to 1 GiB."""
_SYSTEM: Final = int(Kind.SYSTEM)


@dataclass(frozen=True)
class Sketch:
    """Counts of shingles of prompts, or of system prompts."""

    cells: npt.NDArray[np.uint8]
    shift: int
    """The top bits of a shingle from here on name its line."""
    system: bool

    @classmethod
    def empty(cls, total: int, *, system: bool) -> Sketch:
        """A sketch for `total` shingles."""
        bits = min(_LARGEST, max(_SMALLEST, int(np.ceil(np.log2(max(2, total * _CELLS))))))
        return cls(np.full(1 << bits, 0, np.uint8), 64 - (bits - _LINE), system)

    def add(self, shingles: Hashes) -> None:
        """Count these."""
        _add(self.cells, self.shift, self.system, shingles)

    def fill(self, shingles: Iterable[int]) -> None:
        """Let these pass whatever the threshold."""
        _fill(self.cells, self.shift, np.array(sorted(shingles), np.uint64))

    def passing(self, shingles: Hashes, offsets: Ints, threshold: int) -> tuple[Hashes, npt.NDArray[np.uint16]]:
        """The shingles that may have come `threshold` times, in order, and how many of them each row has."""
        kept = np.empty(shingles.size + 1, np.uint64)
        counts = np.empty(offsets.size - 1, np.uint16)
        size = _pass(self.cells, self.shift, self.system, shingles, offsets, min(threshold, CEILING), kept, counts)
        return kept[:size], counts

    def able(self, shingles: Hashes, threshold: int) -> npt.NDArray[np.bool_]:
        """Whether each of these may have come `threshold` times."""
        able: npt.NDArray[np.bool_] = _able(self.cells, self.shift, shingles, min(threshold, CEILING))
        return able


@numba.njit(nogil=True, cache=True, inline="always")
def _line(value, shift):  # type: ignore[no-untyped-def]
    """The first cell of the line."""
    return np.int64((value >> np.uint64(shift)) << np.uint64(_LINE))


@numba.njit(nogil=True, cache=True, inline="always")
def _places(value, shift):  # type: ignore[no-untyped-def]
    """Two different cells of one line."""
    line = (value >> np.uint64(shift)) << np.uint64(_LINE)
    first = (value >> np.uint64(3)) & np.uint64(63)
    second = first ^ (((value >> np.uint64(9)) & np.uint64(63)) | np.uint64(1))
    return line | first, line | second


@numba.njit(nogil=True, cache=True)
def _add(cells, shift, system, shingles):  # type: ignore[no-untyped-def]
    for i in range(shingles.size):
        prefetch(cells, _line(shingles[min(i + AHEAD, shingles.size - 1)], shift))
        value = shingles[i]
        if ((value & np.uint64(KIND_MASK)) == np.uint64(_SYSTEM)) == system:
            a, b = _places(value, shift)
            cells[a] += cells[a] < CEILING
            cells[b] += cells[b] < CEILING


@numba.njit(nogil=True, cache=True)
def _fill(cells, shift, shingles):  # type: ignore[no-untyped-def]
    for value in shingles:
        a, b = _places(value, shift)
        cells[a] = CEILING
        cells[b] = CEILING


@numba.njit(nogil=True, cache=True)
def _pass(cells, shift, system, shingles, offsets, threshold, kept, counts):  # type: ignore[no-untyped-def]
    """Two loops: where the next shingle is written must not wait for what the sketch says of the last one."""
    passes = np.empty(shingles.size, np.bool_)
    for i in range(shingles.size):
        prefetch(cells, _line(shingles[min(i + AHEAD, shingles.size - 1)], shift))
        value = shingles[i]
        a, b = _places(value, shift)
        mine = ((value & np.uint64(KIND_MASK)) == np.uint64(_SYSTEM)) == system
        passes[i] = mine & (cells[a] >= threshold) & (cells[b] >= threshold)
    size = 0
    for row in range(counts.size):
        first = size
        for i in range(offsets[row], offsets[row + 1]):
            kept[size] = shingles[i]
            size += passes[i]
        counts[row] = size - first
    return size


@numba.njit(nogil=True, cache=True)
def _able(cells, shift, shingles, threshold):  # type: ignore[no-untyped-def]
    out = np.empty(shingles.size, np.bool_)
    for i in range(shingles.size):
        a, b = _places(shingles[i], shift)
        out[i] = (cells[a] >= threshold) and (cells[b] >= threshold)
    return out
