"""Which atoms each exchange holds, as a sparse matrix, and which exchanges show a wording known from earlier nights."""

# ruff: noqa: ANN001, ANN202 - numba infers the types; a loop over millions of rows is one function
from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from graphring.templates.occurrences import Occurrences
from graphring.templates.sketch import Hashes, Ints
from graphring.templates.table import Codes

__all__ = ["Incidence", "Lexicon", "locate"]

_THREADS: Final = 2


@dataclass(frozen=True)
class Lexicon:
    """Shingles and the atom that each belongs to, sorted by atom."""

    shingle: Hashes
    atom: Codes
    size: Ints
    """Shingles of each atom."""


@dataclass(frozen=True)
class Incidence:
    """Row i has the atoms atom[start[i]:start[i + 1]], each once, ascending."""

    start: Ints
    atom: Codes


def locate(occurrences: Occurrences, atom_of: Codes, size: Ints, share: float) -> Incidence:
    """One pass over what rows hold: a row has an atom when it has the share `share` of the atom's shingles or more.

    Parameters
    ----------
    atom_of: for each entry its atom, or -1.
    size: shingles of each atom.
    """
    counts: list[npt.NDArray[np.generic]] = [np.zeros(1, np.int64)]
    atoms = [np.zeros(0, np.int32)]
    with ThreadPoolExecutor(_THREADS) as pool:
        waiting: deque[Future[tuple[npt.NDArray[np.uint16], Codes]]] = deque()

        def take() -> None:
            count, atom = waiting.popleft().result()
            counts.append(count)
            atoms.append(atom)

        for held, entries in occurrences.batches():
            waiting.append(pool.submit(_locate, held, entries, atom_of, size, share))
            if len(waiting) > _THREADS:
                take()
        while waiting:
            take()
    start = np.concatenate(counts, dtype=np.int64, casting="unsafe")
    np.cumsum(start, out=start)
    return Incidence(start, np.concatenate(atoms))


@numba.njit(nogil=True, cache=True)
def _locate(held, entries, atom_of, size, share):  # type: ignore[no-untyped-def]
    counts = np.zeros(held.size, np.uint16)
    out = np.empty(max(16, entries.size), np.int32)
    used = position = 0
    for row in range(held.size):
        first = used
        for i in range(position, position + held[row]):
            atom = atom_of[entries[i]] if entries[i] >= 0 else -1
            if atom >= 0:
                j = used
                while j > first and out[j - 1] > atom:
                    out[j] = out[j - 1]
                    j -= 1
                out[j] = atom
                used += 1
        position += held[row]
        kept = i = first
        while i < used:
            atom = out[i]
            j = i
            while j < used and out[j] == atom:
                j += 1
            if j - i >= share * size[atom]:
                out[kept] = atom
                kept += 1
            i = j
        used = kept
        counts[row] = used - first
    return counts, out[:used].copy()
