"""Which counted shingles each row holds: written to a scratch file batch by batch, read back as often as needed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from graphring.engine.duck import writing
from graphring.templates.table import Codes

__all__ = ["Occurrences"]


class Occurrences:
    """Entries of a table, row by row; four bytes each, and not in memory: there are billions on a large night.

    The file has no name and vanishes with the object, or with the process.
    """

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        with writing(scratch):
            self._file = tempfile.TemporaryFile(dir=scratch, prefix="occurrences-")  # noqa: SIM115 - closed by `close`
        self._sizes: list[tuple[int, int, int]] = []
        """Rows, entries and renumberings before it, for each batch."""
        self._renumbered: list[Codes] = []

    def append(self, counts: npt.NDArray[np.uint16], entries: Codes) -> None:
        """Add rows: row i has the next counts[i] of `entries`.

        Raises
        ------
        DiskFullError: the folder is full.
        """
        with writing(self._scratch):
            self._file.write(counts.data)
            self._file.write(entries.data)
        self._sizes.append((counts.size, entries.size, len(self._renumbered)))

    def renumber(self, new: Codes) -> None:
        """What was entry e until now is entry new[e] from now on, or none where that is -1."""
        self._renumbered.append(new)

    def batches(self) -> Iterator[tuple[npt.NDArray[np.uint16], Codes]]:
        """(counts, entries; -1 for one that was dropped) of each batch, in order."""
        self._file.seek(0)
        for rows, size, renumbered in self._sizes:
            counts = np.frombuffer(self._file.read(2 * rows), np.uint16)
            entries = np.frombuffer(self._file.read(4 * size), np.int32)
            for new in self._renumbered[renumbered:]:
                entries = np.where(entries >= 0, new[entries], -1).astype(np.int32)
            yield counts, entries

    def close(self) -> None:
        """Give the space back."""
        self._file.close()
