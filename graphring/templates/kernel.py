"""The inner loops of the pass over raw text, compiled by numba; they read Arrow's string buffers and hold no lock.

A prompt becomes words (folded, digits masked), words become 64-bit hashes, runs of words become shingles. The lowest
three bits of a shingle tell its kind (`Kind` in fingerprint.py).
"""

# numba infers the types; one branchy loop over bytes is four times as fast as small functions.
# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False
# ruff: noqa: ANN001, ANN201, ANN202, C901, PLR0912, PLR0915, PLR0917, PLR1714 - numba infers the types; one loop over bytes is fastest
from __future__ import annotations

from typing import Final

import numba
import numpy as np

__all__ = ["MOST", "MOST_SYSTEM", "TOKENS", "fingerprint_rows"]

MOST: Final = 336
"""Most shingles of one prompt."""
MOST_SYSTEM: Final = 8
"""Most shingles of one system prompt."""
TOKENS: Final = 65_536
"""Words of one prompt that are held; of longer ones the first seven eighths and the last eighth."""

_K: Final = 6
_WINDOW: Final = 4
_EDGE: Final = 160
_MIDDLE: Final = 32
_SHORT: Final = 4
_SEGMENT_EDGE: Final = 32
_SEGMENTS: Final = 80
_OUTER: Final = 12
_OTHERS: Final = 2 * _SEGMENTS + 2 * (_OUTER - _SHORT + 1)
_BLOB: Final = 40
_JOIN: Final = 20
_KIND: Final = np.uint64(7)

_PRIME: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX2: Final = np.uint64(0x94D049BB133111EB)
_NUMBER: Final = np.uint64(0x6E756D6265720001)
_BLOBBED: Final = np.uint64(0x626C6F6200000001)


@numba.njit(nogil=True, cache=True, inline="always")
def _mix(value):
    """SplitMix64's finaliser (Steele, Lea, Flood 2014)."""
    value = (value ^ (value >> np.uint64(30))) * _MIX1
    value = (value ^ (value >> np.uint64(27))) * _MIX2
    return value ^ (value >> np.uint64(31))


@numba.njit(nogil=True, cache=True, inline="always")
def _join(seed, value):
    """An order-dependent combination of two hashes."""
    return _mix((seed ^ value) * _PRIME + np.uint64(0x632BE59BD9B4E019))


@numba.njit(nogil=True, cache=True)
def _tokens(data, start, stop, kinds, folded, tokens, starts):
    """Fill `tokens` with word hashes and `starts` with 1 where a segment begins; returns (how many, exact hash)."""
    count = 0
    exact = _PRIME
    word = np.uint64(0)
    length = 0
    digits = 0
    fresh = True
    number = False
    limit = tokens.size
    head = limit - limit // 8
    ring = limit - head
    position = start
    while position <= stop:
        kind = 2
        code = np.uint32(32)
        if position < stop:
            byte = np.uint32(data[position])
            if byte < 0x80:
                code = byte
                position += 1
            elif byte < 0xE0 and position + 1 < stop:
                code = ((byte & 0x1F) << 6) | (np.uint32(data[position + 1]) & 0x3F)
                position += 2
            elif byte < 0xF0 and position + 2 < stop:
                code = (
                    ((byte & 0x0F) << 12)
                    | ((np.uint32(data[position + 1]) & 0x3F) << 6)
                    | (np.uint32(data[position + 2]) & 0x3F)
                )
                position += 3
            elif position + 3 < stop:
                code = (
                    ((byte & 0x07) << 18)
                    | ((np.uint32(data[position + 1]) & 0x3F) << 12)
                    | ((np.uint32(data[position + 2]) & 0x3F) << 6)
                    | (np.uint32(data[position + 3]) & 0x3F)
                )
                position += 4
            else:
                position = stop
            if code < kinds.size:
                kind = kinds[code]
                code = folded[code]
            else:
                kind = 5
                if code >= 0xE0000:
                    kind = 0
            if kind == 0:
                continue
            if (length > 0 and (code == 43 or code == 47 or code == 61)) or (length >= _JOIN and code == 45):
                continue
        else:
            position += 1
        if kind == 3:
            word = (word ^ np.uint64(code)) * _PRIME
            word ^= word >> np.uint64(29)
            length += 1
            number = False
            exact = (exact ^ np.uint64(code)) * _MIX1
            exact ^= exact >> np.uint64(32)
            continue
        if kind == 4:
            exact = (exact ^ np.uint64(code)) * _MIX1
            exact ^= exact >> np.uint64(32)
            if not number:
                word = (word ^ np.uint64(48)) * _PRIME
                word ^= word >> np.uint64(29)
            number = True
            length += 1
            digits += 1
            continue
        if length > 0:
            token = _mix(word)
            if length >= _BLOB:
                token = _BLOBBED
            elif digits == length:
                token = _NUMBER
            previous = np.uint64(0)
            if count > 0:
                previous = tokens[count - 1 if count <= head else head + (count - 1 - head) % ring]
            if not (token == previous and digits + _BLOB * (token == _BLOBBED) > 0) or fresh:
                slot = count if count < head else head + (count - head) % ring
                tokens[slot] = token
                starts[slot] = 1 if fresh else 0
                count += 1
                fresh = False
            word = np.uint64(0)
            length = 0
            digits = 0
            exact = _mix(exact)
        number = False
        if kind == 5:
            slot = count if count < head else head + (count - head) % ring
            tokens[slot] = _mix((np.uint64(code) ^ _MIX2) * _PRIME)
            starts[slot] = 1 if fresh else 0
            count += 1
            fresh = False
            exact = _mix(exact ^ np.uint64(code))
        elif kind == 2:
            fresh = True
    if count > limit:
        _unroll(tokens, starts, head, (count - head) % ring)
        count = limit
    return count, exact


@numba.njit(nogil=True, cache=True)
def _unroll(tokens, starts, head, shift):
    """Put the ring behind `head` in the order of the text."""
    tail = np.concatenate((tokens[head + shift :], tokens[head : head + shift]))
    begun = np.concatenate((starts[head + shift :], starts[head : head + shift]))
    tokens[head:] = tail
    starts[head:] = begun


@numba.njit(nogil=True, cache=True)
def _long(tokens, first):
    """One long shingle."""
    value = np.uint64(_K)
    for j in range(_K):
        value = (value ^ tokens[first + j]) * _PRIME
        value ^= value >> np.uint64(32)
    return _mix(value) & ~_KIND


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
def _smallest(values, size, keep):
    """Move the `keep` smallest distinct of values[:size] to its front; returns how many."""
    ordered = np.sort(values[:size])
    count = 0
    for value in ordered:
        if count == keep:
            break
        if count == 0 or values[count - 1] != value:
            values[count] = value
            count += 1
    return count


@numba.njit(nogil=True, cache=True)
def _run(tokens, first, last, kind):
    value = np.uint64(last - first) * _MIX2 + kind
    for i in range(first, last):
        value = _join(value, tokens[i])
    return (value & ~_KIND) | kind


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
    kept = _smallest(inner, inner.size, _SEGMENTS - 2 * _SEGMENT_EDGE)
    out[size : size + kept] = inner[:kept]
    return size + kept


@numba.njit(nogil=True, cache=True)
def _prompt(tokens, starts, count, out):
    """All shingles of one prompt, unsorted; returns how many."""
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
        kept = _smallest(middle, found, _MIDDLE)
        out[size : size + kept] = middle[:kept]
        size += kept
    size = _segments(tokens, starts, count, out, size)
    return _ends(tokens, count, out, size)


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
def _system(tokens, count, out, size):
    """A bottom-k sketch (Cohen and Kaplan 2007) of the system prompt's shingles."""
    if count < _SHORT:
        return size
    found = np.empty(count - _SHORT + 1, np.uint64)
    for i in range(found.size):
        found[i] = _run(tokens, i, i + _SHORT, np.uint64(4))
    kept = _smallest(found, found.size, MOST_SYSTEM)
    out[size : size + kept] = found[:kept]
    return size + kept


@numba.njit(nogil=True, cache=True)
def _raw(data, start, stop):
    value = _PRIME
    for i in range(start, stop):
        value = (value ^ np.uint64(data[i])) * _MIX1
        value ^= value >> np.uint64(32)
    return value


@numba.njit(nogil=True, cache=True)
def fingerprint_rows(
    first,
    last,
    system_data,
    system_offsets,
    prompt_data,
    prompt_offsets,
    kinds,
    folded,
):
    """Rows first..last: (system hashes, prompt hashes, shingle counts, shingles one row after another)."""
    rows = last - first
    system = np.zeros(rows, np.uint64)
    prompt = np.zeros(rows, np.uint64)
    counts = np.zeros(rows, np.int32)
    shingles = np.empty(max(1024, rows * 40), np.uint64)
    used = 0
    tokens = np.empty(TOKENS, np.uint64)
    starts = np.empty(TOKENS, np.uint8)
    out = np.empty(MOST + MOST_SYSTEM, np.uint64)
    old_start, old_stop, old_size, old_hash = 0, 0, 0, np.uint64(0)
    old = np.empty(MOST_SYSTEM, np.uint64)
    for row in range(rows):
        size = 0
        start, stop = prompt_offsets[first + row], prompt_offsets[first + row + 1]
        if stop > start:
            count, exact = _tokens(prompt_data, start, stop, kinds, folded, tokens, starts)
            if count == 0:
                exact = _raw(prompt_data, start, stop)
            prompt[row] = max(np.uint64(1), _mix(exact))
            size = _prompt(tokens, starts, count, out)
        start, stop = system_offsets[first + row], system_offsets[first + row + 1]
        if stop > start:
            same = stop - start == old_stop - old_start
            if same:
                for i in range(stop - start):
                    if system_data[start + i] != system_data[old_start + i]:
                        same = False
                        break
            if not same:
                count, exact = _tokens(system_data, start, stop, kinds, folded, tokens, starts)
                value = _raw(system_data, start, stop) if count == 0 else np.uint64(count)
                for i in range(count):
                    value = _join(value, tokens[i])
                old_hash = max(np.uint64(1), _mix(value))
                old_size = _system(tokens, count, old, 0)
                old_start, old_stop = start, stop
            system[row] = old_hash
            out[size : size + old_size] = old[:old_size]
            size += old_size
        size = _smallest(out, size, size)
        if used + size > shingles.size:
            grown = np.empty(shingles.size * 2, np.uint64)
            grown[:used] = shingles[:used]
            shingles = grown
        shingles[used : used + size] = out[:size]
        used += size
        counts[row] = size
    return system, prompt, counts, shingles[:used]
