"""The only pass over raw text for all exchanges: two hashes and a bounded list of shingles for each prompt."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphring.templates.kernel import fingerprint_rows
from graphring.templates.normalise import fold_table
from graphring.templates.shingles import MOST, MOST_SYSTEM

__all__ = ["KIND_MASK", "MOST_SHINGLES", "Kind", "fingerprint"]

KIND_MASK: Final = 7
"""shingle & KIND_MASK is its Kind."""
MOST_SHINGLES: Final = MOST + MOST_SYSTEM
"""No row has more shingles than this."""


class Kind(IntEnum):
    """Where a shingle comes from, in its lowest three bits."""

    LONG = 0
    """Six words of the prompt: winnowed with a window of four, and at the start of each line or sentence."""
    SEGMENT = 1
    """The first two to four words of a line or sentence of the prompt."""
    HEAD = 2
    """Four words within the first twelve of the prompt (where they open it: SEGMENT)."""
    TAIL = 3
    """Four words within the last twelve of the prompt."""
    SYSTEM = 4
    """Four words of the system prompt, bottom-k."""


def fingerprint(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Hash the texts of a batch of RAW_EXCHANGES.

    Returns
    -------
    Row by row beside `batch`: `system` and `prompt` (uint64; 0 where there is no text, equal where the normalised
    texts are; digits count in `prompt` and are masked in `system`) and `shingles` (list<uint64>: sorted, unique, at
    most MOST_SHINGLES, digits masked; see Kind). Linear in the bytes, whatever they are.
    """
    folding = fold_table()
    system = _buffers(batch.column("system_prompt"))
    prompt = _buffers(batch.column("prompt"))

    def rows(first: int, last: int) -> tuple[npt.NDArray[np.uint64], ...]:
        return fingerprint_rows(first, last, *system, *prompt, *folding)  # type: ignore[no-any-return]

    bounds = _shares(batch.num_rows, prompt[1], os.cpu_count() or 1)
    if len(bounds) == 2:
        parts = [rows(bounds[0], bounds[1])]
    else:
        with ThreadPoolExecutor(len(bounds) - 1) as pool:
            parts = list(pool.map(rows, bounds[:-1], bounds[1:]))
    systems, prompts, counts, shingles = (np.concatenate(column) for column in zip(*parts, strict=True))
    offsets = np.zeros(batch.num_rows + 1, np.int32)
    np.cumsum(counts, out=offsets[1:])
    lists = pa.ListArray.from_arrays(pa.array(offsets), pa.array(shingles, pa.uint64()))
    return pa.RecordBatch.from_arrays(
        [pa.array(systems, pa.uint64()), pa.array(prompts, pa.uint64()), lists], names=["system", "prompt", "shingles"]
    )


def _buffers(column: pa.Array) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The bytes and the offsets of a string column; a null is as long as an empty text."""
    if pa.types.is_null(column.type):
        return np.zeros(1, np.uint8), np.zeros(len(column) + 1, np.int64)
    if column.null_count:
        column = column.fill_null("")
    column = column.cast(pa.large_string())
    _, offsets, data = column.buffers()
    bounds = np.frombuffer(offsets, np.int64)[column.offset : column.offset + len(column) + 1]
    text = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
    return text, bounds


def _shares(rows: int, offsets: npt.NDArray[np.int64], threads: int) -> list[int]:
    """Row bounds of shares of about equal bytes."""
    if rows < 1024 or threads == 1:
        return [0, rows]
    marks = offsets[0] + (offsets[-1] - offsets[0]) * np.arange(1, threads) // threads
    return sorted({0, rows, *np.searchsorted(offsets, marks).clip(0, rows).tolist()})
