"""Which atom of a prompt is its wrapper: the one that explains most prompts, unless others explain them as well."""

# ruff: noqa: ANN001, ANN202, PLR0917 - numba infers the types; a loop over millions of rows is one function
from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import numba
import numpy as np
import numpy.typing as npt

from graphring.templates.incidence import Incidence
from graphring.templates.sketch import Ints
from graphring.templates.table import Codes

__all__ = ["cover", "inherit", "split"]

T = TypeVar("T")
_SMALL: Final = 65_536
"""Rows below which a second thread does not pay."""


def cover(
    incidence: Incidence, size: Ints, label: Codes, *, tiers: tuple[int, ...], cap: int, keep: float, rounds: int
) -> Codes:
    """For each row the atom that claims it, or -1; rows that have a label keep it.

    In each tier (atoms of so many shingles at least, the largest first; a row claimed in one tier is not touched by the
    next) a row goes to the atom with the largest product of rows claimed and shingles (at most `cap`), repeated until
    it settles. An atom that holds on to less than the share `keep` of all its rows is dropped: others explain them,
    as wrappers explain the rows of a payload or a common phrase. Rows that a dropped atom leaves behind go where
    most of its rows went.
    """
    everywhere = _rows(incidence.atom, size.size)
    weight = np.minimum(size, cap).astype(np.float64)
    for least in tiers:
        fixed = label
        alive = size >= least
        for _ in range(rounds):
            label, claimed = _settle(incidence, fixed, np.where(alive, weight, 0.0), everywhere, rounds)
            dropped = alive & (claimed < keep * everywhere)
            if not dropped.any():
                break
            alive &= ~dropped
        label = inherit(incidence, label, size >= least)
    return label


def _settle(
    incidence: Incidence, fixed: Codes, weight: npt.NDArray[np.float64], claimed: Ints, rounds: int
) -> tuple[Codes, Ints]:
    """Let each free row choose, with the rows claimed in the round before as the measure, until nothing changes."""
    label = fixed.copy()
    base = np.bincount(fixed[fixed >= 0], minlength=weight.size)
    free = np.flatnonzero((fixed < 0) & (np.diff(incidence.start) > 0))
    for _ in range(rounds):
        score = claimed * weight
        new = base + sum(
            _parts(lambda a, b: _pick(incidence.start, incidence.atom, score, free[a:b], label), free.size)  # noqa: B023
        )
        if (new == claimed).all():
            break
        claimed = new
    return label, claimed


@numba.njit(nogil=True, cache=True)
def _rows(atom, atoms):  # type: ignore[no-untyped-def]
    """How many rows hold each atom; numpy's bincount would copy what it counts."""
    rows = np.zeros(atoms, np.int64)
    for a in atom:
        rows[a] += 1
    return rows


@numba.njit(nogil=True, cache=True)
def _pick(start, atom, score, free, label):  # type: ignore[no-untyped-def]
    """Give each free row the atom of the highest score, -1 where none has any; returns these rows of each atom."""
    claimed = np.zeros(score.size, np.int64)
    for row in free:
        best = 0.0
        chosen = -1
        for i in range(start[row], start[row + 1]):
            if score[atom[i]] > best:
                best = score[atom[i]]
                chosen = atom[i]
        label[row] = chosen
        if chosen >= 0:
            claimed[chosen] += 1
    return claimed


def _majority(incidence: Incidence, label: Codes, atoms: int) -> tuple[Codes, Ints, Ints]:
    """(label, rows that have it, all rows) of each atom: the label of more than half of its rows, if there is one.

    A vote (Boyer and Moore 1981), checked by a second count. The votes of parts add up where they agree and otherwise
    cancel: a label that more than half of all rows have wins whatever the parts.
    """
    votes = list(_parts(lambda a, b: _vote(incidence.start, incidence.atom, label, a, b, atoms), label.size))
    winner, ahead = votes[0]
    for other, more in votes[1:]:
        same = winner == other
        winner = np.where(same | (ahead >= more), winner, other)
        ahead = np.where(same, ahead + more, np.abs(ahead - more))
    counts = list(_parts(lambda a, b: _agree(incidence.start, incidence.atom, label, a, b, winner), label.size))
    return winner, sum(c[0] for c in counts), sum(c[1] for c in counts)


def _parts(work: Callable[[int, int], T], size: int) -> Iterator[T]:
    """`work` on the halves of 0..size at the same time, or on the whole where it is small."""
    if size < _SMALL:
        return iter([work(0, size)])
    with ThreadPoolExecutor(2) as pool:
        return iter(list(pool.map(work, (0, size // 2), (size // 2, size))))


@numba.njit(nogil=True, cache=True)
def _vote(start, atom, label, first, last, atoms):  # type: ignore[no-untyped-def]
    winner = np.full(atoms, -1, np.int32)
    votes = np.zeros(atoms, np.int64)
    for row in range(first, last):
        for i in range(start[row], start[row + 1]):
            a = atom[i]
            if label[row] == winner[a]:
                votes[a] += 1
            elif votes[a] == 0:
                winner[a], votes[a] = label[row], 1
            else:
                votes[a] -= 1
    return winner, votes


@numba.njit(nogil=True, cache=True)
def _agree(start, atom, label, first, last, winner):  # type: ignore[no-untyped-def]
    agree, total = np.zeros(winner.size, np.int64), np.zeros(winner.size, np.int64)
    for row in range(first, last):
        for i in range(start[row], start[row + 1]):
            total[atom[i]] += 1
            agree[atom[i]] += label[row] == winner[atom[i]]
    return agree, total


def inherit(incidence: Incidence, label: Codes, usable: npt.NDArray[np.bool_]) -> Codes:
    """Rows without a label take that of an atom of theirs four fifths of whose rows have the same one."""
    winner, agree, total = _majority(incidence, label, usable.size)
    inherited: Codes = _inherit(
        incidence.start, incidence.atom, label, usable & (winner >= 0) & (agree * 5 >= total * 4), winner, agree
    )
    return inherited


@numba.njit(nogil=True, cache=True)
def _inherit(start, atom, label, usable, winner, agree):  # type: ignore[no-untyped-def]
    out = label.copy()
    for row in range(label.size):
        if label[row] >= 0:
            continue
        best = 0
        for i in range(start[row], start[row + 1]):
            a = atom[i]
            if usable[a] and agree[a] > best:
                best = agree[a]
                out[row] = winner[a]
    return out


def split(incidence: Incidence, label: Codes, size: Ints, *, share: float, least: int, covered: float) -> Codes:
    """Split rows of one atom where they hold several wrappers that share a common piece.

    A child is an atom of `least` shingles or more in more than `share` and less than 1 - `share` of the parent's rows,
    and found (nearly) only there. Where children together hold the share `covered` of the rows, each row goes to the
    child that most rows have. Payloads are not split off: each is in too few of the rows.
    """
    out = label
    if not size.size:
        return out
    for _ in range(3):
        parent, count, everywhere = _majority(incidence, out, size.size)
        total = np.bincount(out[out >= 0], minlength=size.size)
        part = count / np.maximum(total[parent], 1)
        good = (parent >= 0) & (parent != np.arange(size.size)) & (part >= share) & (part <= 1 - share)
        good &= (count >= 0.8 * everywhere) & (size >= least)
        score = np.where(good, count, 0.0)
        home = np.where(good, parent, -1)
        new = _pick_child(incidence.start, incidence.atom, out, home, score)
        moved = np.bincount(out[(new != out) & (out >= 0)], minlength=size.size)
        whole = moved < covered * np.maximum(total, 1)
        new = np.where((out >= 0) & whole[out], out, new).astype(np.int32)
        if (new == out).all():
            break
        out = new
    return out


@numba.njit(nogil=True, cache=True)
def _pick_child(start, atom, label, home, score):  # type: ignore[no-untyped-def]
    out = label.copy()
    for row in range(label.size):
        best = 0.0
        for i in range(start[row], start[row + 1]):
            a = atom[i]
            if label[row] >= 0 and home[a] == label[row] and score[a] > best:
                best = score[a]
                out[row] = a
    return out
