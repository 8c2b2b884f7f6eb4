"""Loops over single exchanges and text features, compiled. Deterministic: rows are visited in their order."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from graphring.detect.layers import Ints, Longs
from graphring.detect.traffic import Hashes

Counts = npt.NDArray[np.uint16]

# ruff: noqa: ANN001, ANN201, ANN202, PLR0917  (numba infers types; loops are long where calls would cost)
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

__all__ = [
    "Codes", "count_customers", "distinct_bound", "feature_use", "group_by_code", "representative",
]  # fmt: skip


@numba.njit(cache=True)
def count_customers(account, first, offsets, features, customer, count, last):
    """Raise a slot's count whenever a feature comes from another customer than the time before."""
    mask = np.uint64(len(count) - 1)
    for row in range(len(offsets) - 1):
        who = customer[account[first + row]]
        for j in range(offsets[row], offsets[row + 1]):
            f = features[j]
            slot = (f ^ (f >> np.uint64(29))) & mask
            if last[slot] != who:
                last[slot] = who
                if count[slot] < 65_535:
                    count[slot] += 1


@numba.njit(cache=True)
def distinct_bound(count):
    """How many slots have two customers or more."""
    n = 0
    for c in count:
        if c >= 2:
            n += 1
    return n


@numba.njit(cache=True)
def _add(first, offsets, features, count, most, keys, codes, used, rows, out):
    mask, home = np.uint64(len(count) - 1), np.uint64(len(keys) - 1)
    n = 0
    for row in range(len(offsets) - 1):
        for j in range(offsets[row], offsets[row + 1]):
            f = features[j]
            c = count[(f ^ (f >> np.uint64(29))) & mask]
            if c < 2 or c > most:
                continue
            slot = ((f * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20)) & home
            while codes[slot] >= 0 and keys[slot] != f:
                slot = (slot + np.uint64(1)) & home
            if codes[slot] < 0:
                keys[slot], codes[slot] = f, used
                used += 1
            rows[n], out[n] = first + row, codes[slot]
            n += 1
    return n, used


@numba.njit(cache=True)
def _rehash(keys, codes, new_keys, new_codes):
    home = np.uint64(len(new_keys) - 1)
    for i in range(len(keys)):
        if codes[i] >= 0:
            slot = ((keys[i] * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20)) & home
            while new_codes[slot] >= 0:
                slot = (slot + np.uint64(1)) & home
            new_keys[slot], new_codes[slot] = keys[i], codes[i]


class Codes:
    """Dense codes for 64-bit features, in order of first occurrence (open addressing, at most half full)."""

    def __init__(self, expected: int) -> None:
        size = 1 << max(int(np.ceil(np.log2(max(expected, 1) * 2.0))), 16)
        self.keys = np.zeros(size, dtype=np.uint64)
        self.codes = np.full(size, -1, dtype=np.int32)
        self.size = 0

    def add(self, first: int, offsets: Longs, features: Hashes, count: Counts, most: int) -> tuple[Ints, Ints]:
        """Rows and codes of the features that between two and `most` customers send."""
        while self.size + len(features) > len(self.keys) * 0.7:
            keys = np.zeros(len(self.keys) * 2, dtype=np.uint64)
            codes = np.full(len(keys), -1, dtype=np.int32)
            _rehash(self.keys, self.codes, keys, codes)
            self.keys, self.codes = keys, codes
        rows, out = np.empty(len(features), dtype=np.int32), np.empty(len(features), dtype=np.int32)
        n, self.size = _add(first, offsets, features, count, most, self.keys, self.codes, self.size, rows, out)
        return rows[:n].copy(), out[:n].copy()


@numba.njit(cache=True)
def group_by_code(code, m):
    """A stable counting sort: order of occurrences by code, and where each code starts [m+1]."""
    start = np.zeros(m + 1, dtype=np.int64)
    for c in code:
        start[c + 1] += 1
    for i in range(m):
        start[i + 1] += start[i]
    at = start[:-1].copy()
    order = np.empty(len(code), dtype=np.int32)
    for i in range(len(code)):
        order[at[code[i]]] = i
        at[code[i]] += 1
    return order, start


@numba.njit(cache=True)
def feature_use(row, start, account, customer, conversation, prompt, customers):
    """For each feature: customers, accounts, accounts that send it in several conversations, changes of prompt, and a
    signature of the set of exchanges that contain it.

    `row` is grouped by feature and ascending within (so accounts come in order).
    """
    m = len(start) - 1
    degree, users = np.zeros(m, dtype=np.int32), np.zeros(m, dtype=np.int32)
    repeated, prompts = np.zeros(m, dtype=np.int32), np.zeros(m, dtype=np.int32)
    signature = np.zeros(m, dtype=np.uint64)
    seen = np.full(customers, -1, dtype=np.int32)
    for f in range(m):
        who, times = -1, 0
        talk, text = np.uint64(0), np.uint64(0)
        for i in range(start[f], start[f + 1]):
            e = row[i]
            z = (np.uint64(e) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
            z = (z ^ (z >> np.uint64(31))) * np.uint64(0x94D049BB133111EB)
            signature[f] += z ^ (z >> np.uint64(29))
            if i == start[f] or prompt[e] != text:
                prompts[f] += 1
                text = prompt[e]
            if account[e] != who:
                if times >= 2:
                    repeated[f] += 1
                who, times, talk = account[e], 1, conversation[e]
                users[f] += 1
                if seen[customer[who]] != f:
                    seen[customer[who]] = f
                    degree[f] += 1
            elif conversation[e] != talk:
                times, talk = times + 1, conversation[e]
        if times >= 2:
            repeated[f] += 1
    return degree, users, repeated, prompts, signature


@numba.njit(cache=True)
def _popular(codes, features, block, size, repeats, best, least, covers):
    """Whether another text than `best`, of `least` features, covers what users do not repeat of an exchange."""
    own, most = features - size[best], 0
    for c in codes:
        if repeats[c]:
            own -= 1
        elif block[c] != best:
            most = max(most, size[block[c]])
    return most >= max(least, covers * own)


@numba.njit(cache=True)
def representative(row, code, block, size, degree, payload, wrapper, repeats, same, features, least, covers):
    """The payload of each row that has one: rows and blocks.

    A block is a set of features that occur in the same exchanges: a text, not a turn of phrase, from `least` features
    on, or where it is half of what the exchange has. It is a payload where all its exchanges have the same prompt
    (`same`), or where it covers a share `covers` of what is no wrapper in this one: the wording of a tool is also rare
    and shared, but stands beside text that is nobody else's. Of several the largest is taken, then the rarest.

    Who sends a popular text in the wrapper of a tool sends what other users of the tool send as a whole: it is no
    payload where a text that others send without it covers what its users do not repeat (`repeats`).
    """
    rows, found = np.empty(len(row), dtype=np.int32), np.empty(len(row), dtype=np.int32)
    n, i = 0, 0
    while i < len(row):
        j, wrapped = i, 0
        while j < len(row) and row[j] == row[i]:
            wrapped += wrapper[code[j]]
            j += 1
        own = max(features[row[i]] - wrapped, 1)
        best = -1
        for k in range(i, j):
            b = block[code[k]]
            if not payload[code[k]]:
                continue
            if not same[code[k]] and (size[b] < covers * own or (size[b] < least and 2 * size[b] < features[row[i]])):
                continue
            if best < 0 or size[b] > size[best] or (size[b] == size[best] and (degree[b], b) < (degree[best], best)):
                best = b
        tiny = best >= 0 and size[best] < least
        if tiny and _popular(code[i:j], features[row[i]], block, size, repeats, best, least, covers):
            best = -1
        if best >= 0:
            rows[n], found[n] = row[i], best
            n += 1
        i = j
    return rows[:n].copy(), found[:n].copy()
