"""Synchrony: how often others of the group act within minutes, against neighbouring hours and other days.

For each exchange of account a the other customers' exchanges within about ten minutes are counted, and again in windows
moved by half an hour to three hours. The share of moved windows with fewer (ties count half) is 1/2 for strangers of
the same daily rhythm. Ticks that everybody follows (cron at :00) return on other days, so the same share after whole-
day shifts is subtracted. Exchanges of one sitting are not independent: they are averaged first, and sittings counted.
"""

# ruff: noqa: PLR0917  (compiled loops take arrays, and calls cost)

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from graphring.detect.layers import Ints, Longs, Reals, edges_of
from graphring.detect.traffic import Exchanges

__all__ = ["Synchrony", "synchrony"]

_BIN = 300
"""Seconds; windows are three bins wide."""
_OFFSETS = np.array([-34, -28, -22, -16, -11, -6, 6, 11, 16, 22, 28, 34], dtype=np.int64)
_DAYS = np.array([0, -7, -2, -1, 1, 2, 7], dtype=np.int64) * (86_400 // _BIN)
_SITTING = 3_600 // _BIN


@dataclass(frozen=True)
class Synchrony:
    """For each account of a group: sittings, excess share in -1/2..1/2, the share itself and its null."""

    sittings: Longs
    excess: Reals
    observed: Reals
    expected: Reals


def synchrony(x: Exchanges, group: Ints, customer: Ints, focus: npt.NDArray[np.bool_] | None = None) -> Synchrony:
    """Measure one group of accounts.

    Parameters
    ----------
    focus: for each exchange of the group, account by account, whether it counts; None: all do.
    """
    last = int(x.seconds.max()) // _BIN if x.rows else 0
    local, row = edges_of(x.start, group)
    seconds = x.seconds[row]
    if focus is not None:
        local, seconds = local[focus], seconds[focus]
    start = np.searchsorted(local, np.arange(len(group) + 1))
    order = np.argsort(customer[group], kind="stable")
    pad = 8 * 86_400 // _BIN + 64  # no window, moved as far as it may be, leaves the arrays
    result = _ranks(start, seconds, order, customer[group][order], last + 2 * pad + 2, pad)
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    sittings, now, then = result[0][back], result[1][back], result[2][back]
    count = np.maximum(sittings, 1.0)
    return Synchrony(sittings.astype(np.int64), (now - then) / count, now / count, then / count)


@numba.njit(cache=True)
def _ranks(start, seconds, group, owner, bins, pad):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Sums over sittings of the rank now and of the mean rank on other days, for accounts ordered by customer."""
    n = len(group)
    total, own = np.zeros(bins, dtype=np.int32), np.zeros(bins, dtype=np.int32)
    for i in range(n):
        for e in range(start[group[i]], start[group[i] + 1]):
            b = seconds[e] // _BIN + pad
            for d in range(-1, 2):
                total[b + d] += 1
    sittings, now, then = np.zeros(n), np.zeros(n), np.zeros(n)
    i = 0
    while i < n:
        j = i
        while j < n and owner[j] == owner[i]:
            _fill(start, seconds, group[j], own, pad, 1)
            j += 1
        for k in range(i, j):
            s, a, z = _one(start, seconds, group[k], total, own, pad)
            sittings[k], now[k], then[k] = s, a, z
        for k in range(i, j):
            _fill(start, seconds, group[k], own, pad, 0)
        i = j
    return sittings, now, then


@numba.njit(cache=True)
def _fill(start, seconds, account, own, pad, add):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for e in range(start[account], start[account + 1]):
        b = seconds[e] // _BIN + pad
        for d in range(-1, 2):
            own[b + d] = own[b + d] + 1 if add else 0


@numba.njit(cache=True)
def _one(start, seconds, account, total, own, pad):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    sittings, now, then = 0.0, 0.0, 0.0
    size, a, z, first = 0, 0.0, 0.0, -(10**9)
    before = -(10**9)
    for e in range(start[account], start[account + 1]):
        b = seconds[e] // _BIN + pad
        if b == before:
            continue
        if size and (b - before > 6 or b - first >= _SITTING):
            sittings, now, then = sittings + 1, now + a / size, then + z / size
            size, a, z, first = 0, 0.0, 0.0, b
        if size == 0:
            first = b
        before = b
        size += 1
        for d in range(len(_DAYS)):
            at = b + _DAYS[d]
            centre = total[at] - own[at]
            halves = 0
            for o in range(len(_OFFSETS)):
                moved = total[at + _OFFSETS[o]] - own[at + _OFFSETS[o]]
                halves += (centre > moved) + (centre >= moved)
            if d == 0:
                a += 0.5 * halves / len(_OFFSETS)
            else:
                z += 0.5 * halves / len(_OFFSETS) / (len(_DAYS) - 1)
    if size:
        sittings, now, then = sittings + 1, now + a / size, then + z / size
    return sittings, now, then
