"""Which shingles are frequent, in two passes over the compact exchanges and in bounded memory.

The first pass counts every shingle in a sketch, the second counts exactly those that the sketch does not rule out, and
keeps for each a MinHash of the prompts that hold it (Broder 1997), so that shingles with the same prompts can be found
without keeping lists of them. What each row holds of them is put by in a file, so that there is no third pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from graphring.templates.occurrences import Occurrences
from graphring.templates.sketch import CEILING, Hashes, Ints, Sketch
from graphring.templates.table import MINIMA, Codes, Table

__all__ = ["Batch", "Batches", "Frequent", "count_frequent"]


@dataclass(frozen=True)
class Batch:
    """Some exchanges, in the order of the file: sorted by account."""

    account: Codes
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
    minima: npt.NDArray[np.uint32]
    """(shingles, MINIMA): the smallest hashes of the distinct prompts."""
    entry: Ints
    """The number that `Occurrences` gives each."""
    entries: int
    """How many numbers there are, those of other shingles included."""
    threshold: int
    """Exchanges below which nothing was counted."""

    def prompts(self) -> npt.NDArray[np.float64]:
        """About how many distinct prompts hold each shingle: each minimum is exponential with that rate, and this is
        the maximum-likelihood estimate, made unbiased.
        """
        total = (self.minima.astype(np.float64) + 0.5).sum(axis=1) / 2.0**32
        estimate: npt.NDArray[np.float64] = (MINIMA - 1) / total
        return estimate


def count_frequent(
    batches: Batches,
    total: int,
    known: Sequence[int],
    *,
    least_exchanges: int,
    least_accounts: int,
    room: int,
    scratch: Path,
    system: bool,
) -> tuple[Frequent, Occurrences]:
    """Count.

    Parameters
    ----------
    batches: called for each pass.
    total: shingles in all batches together; the sketch grows with it.
    known: different shingles that are located and not counted; their numbers are 0, 1, 2 …
    least_exchanges, least_accounts: what a shingle needs to be kept.
    room: most shingles that are counted exactly; where more qualify, `least_exchanges` is doubled until they fit.
    scratch: a folder for the occurrences.
    system: whether the shingles of system prompts are counted, or all others.

    Raises
    ------
    DiskFullError: `scratch` is full.
    """
    sketch = Sketch.empty(total, system=system)
    for batch in batches():
        sketch.add(batch.shingles)
    sketch.fill(known)
    table = Table.empty(min(room, total) + len(known))
    table.enter(np.array(known, np.uint64), np.empty(len(known), np.int32))
    occurrences = Occurrences(scratch)
    threshold = _count(batches(), sketch, table, occurrences, least_exchanges)
    del sketch  # up to a gigabyte
    used = int(table.used[0])
    able = (table.count[:used, 1] >= least_accounts) & (table.count[:used, 2] >= threshold)
    able[: len(known)] = False
    entry = np.flatnonzero(able)
    entry = entry[np.argsort(table.value[entry])]
    count = table.count[entry].astype(np.int64)
    return Frequent(
        table.value[entry], count[:, 1], count[:, 2], table.minima[entry], entry, used, threshold
    ), occurrences


def _count(
    batches: Iterator[Batch], sketch: Sketch, table: Table, occurrences: Occurrences, threshold: int
) -> int:  # fmt: skip
    """Fill the table; the rows of one batch are counted while the shingles of the next are looked up."""
    with ThreadPoolExecutor(1) as pool:
        counted: Future[None] | None = None
        for batch in batches:
            shingles, counts = sketch.passing(batch.shingles, batch.offsets, threshold)
            entries = np.empty(shingles.size, np.int32)
            while not table.enter(shingles, entries, closed=threshold > CEILING):
                if counted is not None:
                    counted.result()
                threshold = min(2 * threshold, CEILING + 1)
                _make_room(sketch, table, occurrences, threshold)
                shingles, counts = sketch.passing(batch.shingles, batch.offsets, threshold)
                entries = np.empty(shingles.size, np.int32)
            if counted is not None:
                counted.result()
            occurrences.append(counts, entries)
            counted = pool.submit(table.update, batch.account, batch.prompt, counts, entries)
        if counted is not None:
            counted.result()
    return threshold


def _make_room(sketch: Sketch, table: Table, occurrences: Occurrences, threshold: int) -> None:
    """Drop what the sketch rules out under a higher threshold."""
    occurrences.renumber(table.keep(sketch.able(table.value[: int(table.used[0])], threshold)))
