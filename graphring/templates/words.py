"""Text ▶ hashes of its folded words, in one loop over the bytes of a string buffer; compiled by numba, holds no lock.

Digits are masked in a word's hash and count in the hash of the whole text.
"""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False
# ruff: noqa: ANN001, ANN201, ANN202, C901, PLR0912, PLR0915, PLR0917, PLR1714 - numba infers the types; one loop over bytes is fastest
from __future__ import annotations

from typing import Final

import numba
import numpy as np

from graphring.templates.normalise import TAGS

__all__ = ["MIX1", "MIX2", "PRIME", "TOKENS", "join_hashes", "mix", "split_words"]

TOKENS: Final = 65_536
"""Words of one prompt that are held; of longer ones the first seven eighths and the last eighth."""
PRIME: Final = np.uint64(0x9E3779B97F4A7C15)
MIX1: Final = np.uint64(0xBF58476D1CE4E5B9)
MIX2: Final = np.uint64(0x94D049BB133111EB)

_BLOB: Final = 40
_JOIN: Final = 20
_NUMBER: Final = np.uint64(0x6E756D6265720001)
_BLOBBED: Final = np.uint64(0x626C6F6200000001)
_HEAD: Final = TOKENS - TOKENS // 8
_RING: Final = TOKENS - _HEAD


@numba.njit(nogil=True, cache=True, inline="always")
def mix(value):
    """SplitMix64's finaliser (Steele, Lea, Flood 2014)."""
    value = (value ^ (value >> np.uint64(30))) * MIX1
    value = (value ^ (value >> np.uint64(27))) * MIX2
    return value ^ (value >> np.uint64(31))


@numba.njit(nogil=True, cache=True, inline="always")
def join_hashes(seed, value):
    """An order-dependent combination of two hashes."""
    return mix((seed ^ value) * PRIME + np.uint64(0x632BE59BD9B4E019))


@numba.njit(nogil=True, cache=True)
def _decode(data, position, stop):
    """(code point, position behind it) of a character of UTF-8 beyond ASCII; what is cut short ends the text."""
    byte = np.uint32(data[position])
    if byte < 0xE0 and position + 1 < stop:
        return ((byte & 0x1F) << 6) | (np.uint32(data[position + 1]) & 0x3F), position + 2
    second, third = np.uint32(0), np.uint32(0)
    if position + 2 < stop:
        second, third = np.uint32(data[position + 1]) & 0x3F, np.uint32(data[position + 2]) & 0x3F
    if byte < 0xF0 and position + 2 < stop:
        return ((byte & 0x0F) << 12) | (second << 6) | third, position + 3
    if position + 3 < stop:
        fourth = np.uint32(data[position + 3]) & 0x3F
        return ((byte & 0x07) << 18) | (second << 12) | (third << 6) | fourth, position + 4
    return np.uint32(32), stop


@numba.njit(nogil=True, cache=True, inline="always")
def _letter(word, exact, masked, code):
    """The hashes of the word (digits masked) and of the whole text with one letter more."""
    word = (word ^ np.uint64(masked)) * PRIME
    exact = (exact ^ np.uint64(code)) * MIX1
    return word ^ (word >> np.uint64(29)), exact ^ (exact >> np.uint64(32))


@numba.njit(nogil=True, cache=True, inline="always")
def _slot(count):
    """Where the next word goes: behind the last one, or round the ring of the last words."""
    return count if count < _HEAD else _HEAD + (count - _HEAD) % _RING


@numba.njit(nogil=True, cache=True, inline="always")
def _word(word, length, digits, tokens, starts, count, fresh):
    """Add a finished word, unless a number or blob follows on its like; returns how many words there are."""
    token = mix(word)
    if length >= _BLOB:
        token = _BLOBBED
    elif digits == length:
        token = _NUMBER
    if not fresh and count > 0 and (digits > 0 or token == _BLOBBED) and token == tokens[_slot(count - 1)]:
        return count
    slot = _slot(count)
    tokens[slot] = token
    starts[slot] = fresh
    return count + 1


@numba.njit(nogil=True, cache=True)
def split_words(data, start, stop, kinds, folded, letters, tokens, starts):
    """Fill `tokens` with word hashes and `starts` with 1 where a segment begins; returns (how many, hash of all).

    `kinds`, `folded` and `letters` are normalise.fold_table(); `tokens` and `starts` have TOKENS places.
    """
    count, length, digits = 0, 0, 0
    exact, word = PRIME, np.uint64(0)
    fresh, number = True, False
    position = start
    while position <= stop:
        kind, code = np.uint8(2), np.uint32(32)
        if position < stop:
            code = np.uint32(data[position])
            if code < 0x80:
                position += 1
            else:
                code, position = _decode(data, position, stop)
            if code < kinds.size:
                kind = kinds[code]
                code = folded[code]
            else:
                kind = np.uint8(5) if code < TAGS else np.uint8(0)
        else:
            position += 1
        if kind == 3:
            word, exact = _letter(word, exact, code, code)
            length += 1
            number = False
            while position < stop and letters[data[position]]:
                code = np.uint32(letters[data[position]])
                word, exact = _letter(word, exact, code, code)
                length += 1
                position += 1
            continue
        if kind == 4:
            longer, exact = _letter(word, exact, np.uint32(48), code)
            word = word if number else longer
            length += 1
            digits += 1
            number = True
            continue
        if kind == 0 or (kind == 1 and _joins(code, length)):
            continue
        if length > 0:
            after = _word(word, length, digits, tokens, starts, count, fresh)
            fresh = fresh and after == count
            count, word, length, digits = after, np.uint64(0), 0, 0
            exact = mix(exact)
        number = False
        if kind == 5:
            slot = _slot(count)
            tokens[slot] = mix((np.uint64(code) ^ MIX2) * PRIME)
            starts[slot] = fresh
            count += 1
            fresh = False
            exact = mix(exact ^ np.uint64(code))
        elif kind == 2:
            fresh = True
    if count > TOKENS:
        _unroll(tokens, starts, (count - _HEAD) % _RING)
        count = TOKENS
    return count, exact


@numba.njit(nogil=True, cache=True, inline="always")
def _joins(code, length):
    """Whether a mark is part of the word before it: + / = of base64, and dashes within what is long."""
    return (length > 0 and (code == 43 or code == 47 or code == 61)) or (length >= _JOIN and code == 45)


@numba.njit(nogil=True, cache=True)
def _unroll(tokens, starts, shift):
    """Put the ring of the last words in the order of the text."""
    tail = np.concatenate((tokens[_HEAD + shift :], tokens[_HEAD : _HEAD + shift]))
    begun = np.concatenate((starts[_HEAD + shift :], starts[_HEAD : _HEAD + shift]))
    tokens[_HEAD:] = tail
    starts[_HEAD:] = begun
