"""The loop over the rows of a batch of raw text; compiled by numba, it reads Arrow's buffers and holds no lock."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False
# ruff: noqa: ANN001, ANN201, ANN202, PLR0917, SIM110 - numba infers the types and compiles loops best
from __future__ import annotations

import numba
import numpy as np

from graphring.templates.shingles import MOST, MOST_SYSTEM, prompt_shingles, smallest, system_shingles
from graphring.templates.words import MIX1, PRIME, TOKENS, join_hashes, mix, split_words

__all__ = ["fingerprint_rows"]


@numba.njit(nogil=True, cache=True)
def _raw(data, start, stop):
    """A hash of the bytes, for texts without a word."""
    value = PRIME
    for i in range(start, stop):
        value = (value ^ np.uint64(data[i])) * MIX1
        value ^= value >> np.uint64(32)
    return value


@numba.njit(nogil=True, cache=True)
def _same(data, start, stop, other_start, other_stop):
    if stop - start != other_stop - other_start:
        return False
    for i in range(stop - start):
        if data[start + i] != data[other_start + i]:
            return False
    return True


@numba.njit(nogil=True, cache=True)
def _system(data, start, stop, kinds, folded, letters, tokens, starts, out):
    """(hash with digits masked, shingles into `out`) of one system prompt."""
    count, _ = split_words(data, start, stop, kinds, folded, letters, tokens, starts)
    value = _raw(data, start, stop) if count == 0 else np.uint64(count)
    for i in range(count):
        value = join_hashes(value, tokens[i])
    return max(np.uint64(1), mix(value)), system_shingles(tokens, count, out)


@numba.njit(nogil=True, cache=True)
def _room(shingles, used, size):
    """`shingles`, or a copy of twice the size where `size` more do not fit."""
    if used + size <= shingles.size:
        return shingles
    grown = np.empty(shingles.size * 2, np.uint64)
    grown[:used] = shingles[:used]
    return grown


@numba.njit(nogil=True, cache=True)
def fingerprint_rows(first, last, system_data, system_offsets, prompt_data, prompt_offsets, kinds, folded, letters):
    """Rows first..last: (system hashes, prompt hashes, shingle counts, shingles one row after another)."""
    rows = last - first
    system, prompt, counts = np.zeros(rows, np.uint64), np.zeros(rows, np.uint64), np.zeros(rows, np.int32)
    shingles = np.empty(max(1024, rows * 40), np.uint64)
    used = 0
    tokens, starts = np.empty(TOKENS, np.uint64), np.empty(TOKENS, np.uint8)
    out, old = np.empty(MOST + MOST_SYSTEM, np.uint64), np.empty(MOST_SYSTEM, np.uint64)
    old_start, old_stop, old_size, old_hash = 0, 0, 0, np.uint64(0)
    for row in range(rows):
        size = 0
        start, stop = prompt_offsets[first + row], prompt_offsets[first + row + 1]
        if stop > start:
            count, exact = split_words(prompt_data, start, stop, kinds, folded, letters, tokens, starts)
            if count == 0:
                exact = _raw(prompt_data, start, stop)
            prompt[row] = max(np.uint64(1), mix(exact))
            size = prompt_shingles(tokens, starts, count, out)
        start, stop = system_offsets[first + row], system_offsets[first + row + 1]
        if stop > start:
            if not _same(system_data, start, stop, old_start, old_stop):
                old_hash, old_size = _system(system_data, start, stop, kinds, folded, letters, tokens, starts, old)
                old_start, old_stop = start, stop
            system[row] = old_hash
            out[size : size + old_size] = old[:old_size]
            size += old_size
        size = smallest(out, size, size)
        shingles = _room(shingles, used, size)
        shingles[used : used + size] = out[:size]
        used += size
        counts[row] = size
    return system, prompt, counts, shingles[:used]
