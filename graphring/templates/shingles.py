"""Words ▶ shingles: the inner loops, compiled by numba. The lowest three bits of a shingle tell its kind (`Kind`)."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False
# ruff: noqa: ANN001, ANN201, ANN202, PLR0917 - numba infers the types
from __future__ import annotations

from typing import Final

import numba
import numpy as np

from graphring.templates.words import MIX2, PRIME, join_hashes, mix

__all__ = ["MOST", "MOST_SYSTEM", "prompt_shingles", "smallest", "system_shingles"]

MOST: Final = 336
"""Most shingles of one prompt."""
MOST_SYSTEM: Final = 8
"""Most shingles of one system prompt."""

_K: Final = 6
_WINDOW: Final = 4
_EDGE: Final = 160
_MIDDLE: Final = 32
_SHORT: Final = 4
_SEGMENT_EDGE: Final = 32
_SEGMENTS: Final = 80
_OUTER: Final = 12
_OTHERS: Final = 2 * _SEGMENTS + 2 * (_OUTER - _SHORT + 1)
_KIND: Final = np.uint64(7)
_FEW: Final = MOST + MOST_SYSTEM
_BUCKETS: Final = 64
_TOP: Final = np.uint64(58)


@numba.njit(nogil=True, cache=True, inline="always")
def _long(tokens, first):
    """One long shingle."""
    value = np.uint64(_K)
    for j in range(_K):
        value = (value ^ tokens[first + j]) * PRIME
        value ^= value >> np.uint64(32)
    return mix(value) & ~_KIND


@numba.njit(nogil=True, cache=True, inline="always")
def _run(tokens, first, last, kind):
    value = np.uint64(last - first) * MIX2 + kind
    for i in range(first, last):
        value = join_hashes(value, tokens[i])
    return (value & ~_KIND) | kind


@numba.njit(nogil=True, cache=True)
def _winnow(tokens, first, last, out, size, room):
    """Winnowed long shingles of tokens[first:last] (Schleimer, Wilkerson, Aiken 2003), into out[size:]."""
    shingles = last - first - _K + 1
    if shingles <= 0:
        return size
    hashes = np.empty(shingles, np.uint64)
    for i in range(shingles):
        hashes[i] = _long(tokens, first + i)
    chosen = -1
    for i in range(max(1, shingles - _WINDOW + 1)):
        stop = min(shingles, i + _WINDOW)
        if chosen < i:
            chosen = i
            for j in range(i + 1, stop):
                if hashes[j] <= hashes[chosen]:
                    chosen = j
        elif hashes[stop - 1] <= hashes[chosen]:
            chosen = stop - 1
        else:
            continue
        if room > 0:
            out[size] = hashes[chosen]
            size += 1
            room -= 1
    return size


@numba.njit(nogil=True, cache=True)
def smallest(values, size, keep):
    """Move the `keep` smallest distinct of values[:size] to its front, ascending; returns how many."""
    if size <= _FEW:
        _sort(values, size)
    else:
        values[:size] = np.sort(values[:size])
    count = 0
    for i in range(size):
        if count == keep:
            break
        if count == 0 or values[count - 1] != values[i]:
            values[count] = values[i]
            count += 1
    return count


@numba.njit(nogil=True, cache=True)
def _sort(values, size):
    """Sort a few hashes: into buckets by their top bits, which are uniform, then by insertion."""
    place = np.zeros(_BUCKETS + 1, np.int64)
    spare = values[:size].copy()
    for value in spare:
        place[np.int64(value >> _TOP) + 1] += 1
    for i in range(_BUCKETS):
        place[i + 1] += place[i]
    for value in spare:
        bucket = np.int64(value >> _TOP)
        values[place[bucket]] = value
        place[bucket] += 1
    for i in range(1, size):
        value = values[i]
        j = i
        while j > 0 and values[j - 1] > value:
            values[j] = values[j - 1]
            j -= 1
        values[j] = value


@numba.njit(nogil=True, cache=True)
def _segments(tokens, starts, count, out, size):
    """The opening words of segments, short and long: all of the outer ones, of the inner ones the smallest hashes."""
    found = np.empty((2, count), np.uint64)
    number = 0
    first = 0
    while first < count:
        last = first + 1
        while last < count and starts[last] == 0:
            last += 1
        if last - first >= 2:
            found[0, number] = _run(tokens, first, min(last, first + _SHORT), np.uint64(1))
            found[1, number] = _long(tokens, first) if first + _K <= count else found[0, number]
            number += 1
        first = last
    if number <= _SEGMENTS:
        for i in range(number):
            out[size], out[size + 1] = found[0, i], found[1, i]
            size += 2
        return size
    for i in range(_SEGMENT_EDGE):
        out[size], out[size + 1] = found[0, i], found[1, i]
        out[size + 2], out[size + 3] = found[0, number - 1 - i], found[1, number - 1 - i]
        size += 4
    inner = found[0, _SEGMENT_EDGE : number - _SEGMENT_EDGE].copy()
    kept = smallest(inner, inner.size, _SEGMENTS - 2 * _SEGMENT_EDGE)
    out[size : size + kept] = inner[:kept]
    return size + kept


@numba.njit(nogil=True, cache=True)
def _ends(tokens, count, out, size):
    """Every short shingle of the outer words: a wrapper of few words has no long one that winnowing is sure to keep."""
    for i in range(1, min(_OUTER, count) - _SHORT + 1):
        out[size] = _run(tokens, i, i + _SHORT, np.uint64(2))
        size += 1
    for i in range(max(0, count - _OUTER), count - _SHORT + 1):
        out[size] = _run(tokens, i, i + _SHORT, np.uint64(3))
        size += 1
    return size


@numba.njit(nogil=True, cache=True)
def prompt_shingles(tokens, starts, count, out):
    """All shingles of one prompt, unsorted, into `out`; returns how many."""
    size = 0
    if count == 0:
        return 0
    if count <= 2 * _EDGE:
        size = _winnow(tokens, 0, count, out, size, MOST - _OTHERS)
    else:
        half = (MOST - _OTHERS - _MIDDLE) // 2
        size = _winnow(tokens, 0, _EDGE, out, size, half)
        size = _winnow(tokens, count - _EDGE, count, out, size, half)
        middle = np.empty(count, np.uint64)
        found = _winnow(tokens, _EDGE - _K + 1, count - _EDGE + _K - 1, middle, 0, count)
        kept = smallest(middle, found, _MIDDLE)
        out[size : size + kept] = middle[:kept]
        size += kept
    size = _segments(tokens, starts, count, out, size)
    return _ends(tokens, count, out, size)


@numba.njit(nogil=True, cache=True)
def system_shingles(tokens, count, out):
    """A bottom-k sketch (Cohen and Kaplan 2007) of the system prompt's shingles, into `out`; returns how many."""
    if count < _SHORT:
        return 0
    found = np.empty(count - _SHORT + 1, np.uint64)
    for i in range(found.size):
        found[i] = _run(tokens, i, i + _SHORT, np.uint64(4))
    kept = smallest(found, found.size, MOST_SYSTEM)
    out[:kept] = found[:kept]
    return kept
