"""Counts and samples of groups of exchanges, in one loop over the rows each."""

# ruff: noqa: ANN001, ANN202 - numba infers the types; a loop over millions of rows is one function
from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numba
import numpy as np

from graphring.templates.night import Night
from graphring.templates.sketch import Hashes, Ints
from graphring.templates.table import Codes

__all__ = ["Tally", "majority", "sample", "sharers", "smallest", "tally"]


@dataclass(frozen=True)
class Tally:
    """One entry for each group."""

    exchanges: Ints
    accounts: Ints
    first: Ints
    """Microseconds since 1970; 0 for an empty group."""
    last: Ints


def tally(night: Night, label: Codes, groups: int) -> Tally:
    """Count the rows and accounts of each group (label -1: none)."""
    return Tally(*_tally(label, night.account, night.ts, groups))


@numba.njit(nogil=True, cache=True)
def _tally(label, account, ts, groups):  # type: ignore[no-untyped-def]
    exchanges, accounts = np.zeros(groups, np.int64), np.zeros(groups, np.int64)
    first, last = np.zeros(groups, np.int64), np.zeros(groups, np.int64)
    owner = np.full(groups, -1, np.int64)
    for row in range(label.size):
        g = label[row]
        if g < 0:
            continue
        if exchanges[g] == 0 or ts[row] < first[g]:
            first[g] = ts[row]
        if exchanges[g] == 0 or ts[row] > last[g]:
            last[g] = ts[row]
        exchanges[g] += 1
        if owner[g] != account[row]:
            owner[g] = account[row]
            accounts[g] += 1
    return exchanges, accounts, first, last


def sample(label: Codes, text: Hashes, groups: int, count: int) -> Ints:
    """(groups, count): for each group the first rows of the distinct texts with the smallest hashes; -1: no more."""
    rows: Ints = _sample(label, text, groups, count)
    return rows


@numba.njit(nogil=True, cache=True)
def _sample(label, text, groups, count):  # type: ignore[no-untyped-def]
    rows = np.full((groups, count), -1, np.int64)
    hashes = np.zeros((groups, count), np.uint64)
    for row in range(label.size):
        g = label[row]
        if g < 0:
            continue
        value = (text[row] ^ (text[row] >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
        value ^= value >> np.uint64(29)
        place = count
        while place > 0 and (rows[g, place - 1] < 0 or hashes[g, place - 1] > value):
            place -= 1
        if place == count or (place > 0 and hashes[g, place - 1] == value):
            continue
        for i in range(count - 1, place, -1):
            rows[g, i], hashes[g, i] = rows[g, i - 1], hashes[g, i - 1]
        rows[g, place], hashes[g, place] = row, value
    return rows


def smallest(rows: Ints, text: Hashes, count: int) -> Ints:
    """The first of `rows` (ascending) with each of the `count` smallest mixed hashes of their texts, ascending."""
    here = text[rows]
    mixed = (here ^ (here >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(29)
    if rows.size > 8 * count:  # a bound that leaves more than enough, so that few are sorted
        rows, mixed = _below(rows, mixed, count)
    _, first = np.unique(mixed, return_index=True)
    return np.sort(rows[first[:count]])


def _below(rows: Ints, mixed: Hashes, count: int) -> tuple[Ints, Hashes]:
    """Those below the least power of two under which `count` different hashes lie."""
    for bits in range(40, 0, -1):
        kept = mixed < np.uint64(1 << (64 - bits))
        if np.unique(mixed[kept]).size >= count:
            return rows[kept], mixed[kept]
    return rows, mixed


def majority(label: Codes, value: Hashes, groups: int, share: float) -> Hashes:
    """For each group the value that the share `share` (over a half) of its rows have, 0 where there is none."""
    most: Hashes = _majority(label, value, groups, share)
    return most


@numba.njit(nogil=True, cache=True)
def _majority(label, value, groups, share):  # type: ignore[no-untyped-def]
    winner, votes = np.zeros(groups, np.uint64), np.zeros(groups, np.int64)
    for row in range(label.size):
        g = label[row]
        if g < 0:
            continue
        if value[row] == winner[g]:
            votes[g] += 1
        elif votes[g] == 0:
            winner[g], votes[g] = value[row], 1
        else:
            votes[g] -= 1
    agree, total = np.zeros(groups, np.int64), np.zeros(groups, np.int64)
    for row in range(label.size):
        g = label[row]
        if g >= 0:
            total[g] += 1
            agree[g] += value[row] == winner[g]
    return np.where(agree >= share * total, winner, np.uint64(0))


def sharers(night: Night, label: Codes, wanted: Ints) -> list[Ints]:
    """The accounts of each wanted group, ascending."""
    place = np.full(max(int(label.max(initial=-1)), int(wanted.max(initial=-1))) + 2, -1, np.int32)
    place[wanted] = np.arange(wanted.size)
    place[-1] = -1  # of rows without a group
    here = place[label]
    kept = np.flatnonzero(here >= 0)
    pairs = (here[kept].astype(np.int64) << 32) | night.account[kept]
    del here, kept
    pairs.sort()
    pairs = pairs[np.diff(pairs, prepend=-1) != 0]
    bounds = np.searchsorted(pairs >> 32, np.arange(wanted.size + 1))
    return [pairs[a:b] & 0xFFFFFFFF for a, b in pairwise(bounds.tolist())]
