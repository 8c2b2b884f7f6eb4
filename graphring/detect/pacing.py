# mypy: disable-error-code="no-untyped-def, no-untyped-call, no-any-return"
"""Whether accounts that sent one payload sent it near one another in time, as from a queue that is worked through.

Who draws a payload from a corpus, a benchmark or a course draws it at a time that says nothing of when another draws
it; an orchestrator sends an item again when an account fails, or asks for another sample of it, minutes or days later,
but not at any time of the campaign. For two accounts that sent one payload g seconds apart, u is the share of all
pairs of their exchanges (those with the group's own wrapper, where it has one) that are nearer than g. Of independent
draws u is uniform, whatever the hours that the two keep; of a queue its distribution is

    F(u) = (1 - w) u + w u^a

with a share w of copies that are paced (`paced_share`, `paced_power`), their density level below a hundredth. No
search for groups has looked at times, so they are no luck of it.
"""

from __future__ import annotations

import numba
import numpy as np

from graphring.detect.content import Content
from graphring.detect.layers import Flags, Ints, Reals, edges_of
from graphring.detect.parameters import Parameters
from graphring.detect.traffic import Exchanges

# ruff: noqa: ANN001, ANN202, PLR0917  (numba infers types; loops are long where calls would cost)

__all__ = ["paced"]

_PAIRS = 4_000
"""Pairs of one group that are looked at: those of its first payloads, whose numbers go by hashes."""
_NEAREST = 0.01
"""A hundredth of the pairs is as near as can be told: nearer ones say no more, for clocks tick on the hour."""
_CROWD = 12
"""Payloads of more accounts of a group are left out: nobody deals one to so many."""


def paced(
    content: Content, x: Exchanges, group: Ints, customer: Ints, focus: Flags | None, p: Parameters
) -> tuple[float, Reals]:
    """Bits for the payloads of a group being paced, against each account sending them at times of its own: of all
    pairs, and [n] of those of each account.

    Parameters
    ----------
    group: sorted accounts; focus: which of their exchanges could have been such a payload; None: all.
    """
    items, first = content.items, content.sent
    local, edge = edges_of(items.start, group)
    if not len(edge):
        return 0.0, np.zeros(len(group))
    order = np.lexsort((local, items.object[edge]))
    what, who, when = items.object[edge][order], local[order], first[edge][order]
    at = np.append(np.flatnonzero(np.append(True, what[1:] != what[:-1])), len(what))
    mine, row = edges_of(x.start, group)
    if focus is not None:
        mine, row = mine[focus], row[focus]
    start = np.searchsorted(mine, np.arange(len(group) + 1))
    degree, times = items.degree[what[at[:-1]]], x.seconds[row]
    how = (p.exclusive, p.paced_share, p.paced_power, _PAIRS, _CROWD)
    bits, each = _paced(at, who, when, degree, customer[group], start, times, *how)
    return float(bits), each


@numba.njit(cache=True)
def _paced(at, who, when, degree, owner, start, seconds, exclusive, share, power, most, crowd):
    bits, pairs, each = 0.0, 0, np.zeros(len(owner))
    for o in range(len(at) - 1):
        k = at[o + 1] - at[o]
        if k < 2 or k > crowd or k < exclusive * degree[o]:
            continue
        for i in range(at[o], at[o + 1]):
            for j in range(i + 1, at[o + 1]):
                a, b = who[i], who[j]
                if owner[a] == owner[b] or start[a] == start[a + 1] or start[b] == start[b + 1]:
                    continue
                gap = abs(np.int64(when[i]) - np.int64(when[j]))
                one, other = seconds[start[a] : start[a + 1]], seconds[start[b] : start[b + 1]]
                ranks = len(one) * len(other) + 1.0  # among all pairs and itself: it may have come without the wrapper
                low, high = _within(one, other, gap) / ranks, (_within(one, other, gap + 1) + 1.0) / ranks
                said = 2.0 / k * np.log2((_queue(high, share, power) - _queue(low, share, power)) / (high - low))
                bits += said
                each[a] += said
                each[b] += said
                pairs += 1
        if pairs >= most:
            break
    return bits, each


@numba.njit(cache=True)
def _queue(u, share, power):
    """F(u), with the density of paced copies level below `_NEAREST`."""
    whole = _NEAREST**power + (1.0 - _NEAREST**power) / power
    part = u * _NEAREST ** (power - 1.0) if u < _NEAREST else _NEAREST**power + (u**power - _NEAREST**power) / power
    return (1.0 - share) * u + share * part / whole


@numba.njit(cache=True)
def _within(one, other, gap):
    """Pairs of two sorted arrays that are less than `gap` apart."""
    count, low, high = 0, 0, 0
    for t in one:
        while low < len(other) and other[low] <= t - gap:
            low += 1
        high = max(high, low)
        while high < len(other) and other[high] < t + gap:
            high += 1
        count += high - low
    return count
