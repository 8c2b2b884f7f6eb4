"""Which atom of a prompt is its wrapper: the one that explains most prompts, unless others explain them as well."""

# ruff: noqa: ANN001, ANN202, C901 - numba infers the types; a loop over millions of rows is one function
from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from graphring.templates.incidence import Incidence
from graphring.templates.sketch import Ints
from graphring.templates.table import Codes

__all__ = ["cover", "inherit", "split"]


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
    everywhere = np.bincount(incidence.atom, minlength=size.size)
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
    label = fixed
    for _ in range(rounds):
        label = _pick(incidence.start, incidence.atom, claimed * weight, fixed)
        new = np.bincount(label[label >= 0], minlength=weight.size)
        if (new == claimed).all():
            break
        claimed = new
    return label, claimed


@numba.njit(nogil=True, cache=True)
def _pick(start, atom, score, fixed):  # type: ignore[no-untyped-def]
    label = fixed.copy()
    for row in range(fixed.size):
        if fixed[row] >= 0:
            continue
        best = 0.0
        for i in range(start[row], start[row + 1]):
            if score[atom[i]] > best:
                best = score[atom[i]]
                label[row] = atom[i]
    return label


def inherit(incidence: Incidence, label: Codes, usable: npt.NDArray[np.bool_]) -> Codes:
    """Rows without a label take that of an atom of theirs four fifths of whose rows have the same one."""
    inherited: Codes = _inherit(incidence.start, incidence.atom, label, usable)
    return inherited


@numba.njit(nogil=True, cache=True)
def _inherit(start, atom, label, usable):  # type: ignore[no-untyped-def]
    """Majority votes (Boyer and Moore 1981, checked by a second count) of the atoms' rows; -1 where there is none."""
    winner = np.full(usable.size, -1, np.int32)
    votes = np.zeros(usable.size, np.int64)
    for row in range(label.size):
        for i in range(start[row], start[row + 1]):
            a = atom[i]
            if label[row] == winner[a]:
                votes[a] += 1
            elif votes[a] == 0:
                winner[a], votes[a] = label[row], 1
            else:
                votes[a] -= 1
    agree = np.zeros(usable.size, np.int64)
    total = np.zeros(usable.size, np.int64)
    for row in range(label.size):
        for i in range(start[row], start[row + 1]):
            total[atom[i]] += 1
            agree[atom[i]] += label[row] == winner[atom[i]]
    out = label.copy()
    for row in range(label.size):
        if label[row] >= 0:
            continue
        best = 0
        for i in range(start[row], start[row + 1]):
            a = atom[i]
            if usable[a] and winner[a] >= 0 and agree[a] * 5 >= total[a] * 4 and agree[a] > best:
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
        everywhere = np.bincount(incidence.atom, minlength=size.size)
        pairs, count = _within(incidence, out)
        parent, child = pairs >> 32, pairs & 0xFFFFFFFF
        total = np.bincount(out[out >= 0], minlength=size.size)
        part = count / np.maximum(total[parent], 1)
        good = (parent != child) & (part >= share) & (part <= 1 - share) & (count >= 0.8 * everywhere[child])
        good &= size[child] >= least
        score = np.zeros(size.size)
        home = np.full(size.size, -1, np.int64)
        score[child[good]] = count[good]
        home[child[good]] = parent[good]
        new = _pick_child(incidence.start, incidence.atom, out, home, score)
        moved = np.bincount(out[(new != out) & (out >= 0)], minlength=size.size)
        whole = moved < covered * np.maximum(total, 1)
        new = np.where((out >= 0) & whole[out], out, new).astype(np.int32)
        if (new == out).all():
            break
        out = new
    return out


def _within(incidence: Incidence, label: Codes) -> tuple[Ints, Ints]:
    """(label << 32 | atom, rows) for atoms of labelled rows."""
    owner = np.repeat(label, np.diff(incidence.start))
    kept = owner >= 0
    keys = (owner[kept].astype(np.int64) << 32) | incidence.atom[kept]
    values, count = np.unique(keys, return_counts=True)
    return values, count


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
