"""Who of a candidate group belongs to the ring: a mixture of members and innocents, fitted by EM.

The users of a group's own wrapper are a mix of members, a share π, and of innocents who use the same text; those who
hardly use it are a mix of their own, members under camouflage and passers-by. A signal that an account shows counts
with its bits (log2 of how rare it is among strangers) less log2 of how rare it is among members; one that it lacks,
though members with as many chances show it, counts against it. With n chances a member shows a signal with probability
ρn / (1 + ρn) (a Poisson count whose rate differs between members as a Gamma of shape 1 does), so that an account of
one or two requests is judged by the group and a busy one by itself. Strangers, too, lack what is not rare among them:
a signal of b bits is shown by 2^-b of them, and lacking it says so much less. Who found a ring's wrapper tries it,
while members work with it: how much each does with it counts, as far as the two differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np

from graphring.detect.layers import Flags, Reals
from graphring.detect.parameters import Parameters
from graphring.detect.signals import Signal

__all__ = ["Membership", "Shown", "fit_membership"]

_SHOWN: Final = 0.5
"""Bits from which a signal counts as shown: odds of 1.4."""
_HELD: Final = 10.0
"""Accounts that hold what is usual of members, and of innocents, to what is usual of both."""


@dataclass(frozen=True)
class Shown:
    """What n accounts show. signals: those with `chances` count against who lacks them; gain: [n], bits of everything,
    the common wrapper left out (it is what the mixture is of); work: [n], log2 of how much each does with the wrapper;
    firm: [n], whether the wrapper is much of what it does: such accounts, and the others, have a share π of their own.
    """

    signals: tuple[Signal, ...]
    gain: Reals
    work: Reals
    firm: Flags


@dataclass(frozen=True)
class Membership:
    """odds: log2 odds of each account to be a member; share: π, of the firmly tied; likelihood: of the fit, in bits."""

    odds: Reals
    share: float
    likelihood: float


def fit_membership(shown: Shown, starts: list[Flags], most: float, p: Parameters) -> Membership:
    """Fit the mixture from each start; the likelier wins.

    Parameters
    ----------
    starts: flags [n] of first members; most: the largest share of members that accounts may be credited with, where the
    wrapper is much of what they do; passers-by are credited with a half at most.
    """
    telling = [(s.bits, s.chances) for s in shown.signals if s.chances is not None]
    bits = np.array([b for b, _ in telling], dtype=np.float64).reshape(len(telling), len(shown.gain))
    chances = np.array([often for _, often in telling], dtype=np.float64).reshape(len(telling), len(shown.gain))
    caps = (p.share_least, most, p.lack_bits, p.work_cap)
    fits = [
        Membership(*_em(bits, chances, shown.gain, shown.work, shown.firm, start, p.mixture_steps, *caps))
        for start in starts if start.any()
    ]  # fmt: skip
    if not fits:
        return Membership(shown.gain - p.strong_bits, 0.0, 0.0)
    return max(fits, key=lambda f: round(f.likelihood, 6))


@numba.njit(cache=True)
def _em(bits, chances, gain, work, firm, start, steps, least, most, worst, worked):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917
    n, kinds = len(gain), len(bits)
    weight = np.where(start, 0.95, 0.05)
    ratio, odds, share = gain.copy(), gain.copy(), np.zeros(n)
    excused = np.zeros(kinds)  # bits by which lacking a signal says less, because strangers lack it, too
    for s in range(kinds):
        shown = bits[s] > _SHOWN
        if shown.any():
            excused[s] = -np.log2(1.0 - np.exp2(-bits[s][shown]).mean())
    middle = work.mean()
    spread = max(((work - middle) ** 2).mean(), 1.0)
    for _ in range(steps):
        for c in (False, True):
            here = firm == c
            if here.any():
                share[here] = min(max(weight[here].mean(), least), most if c else min(most, 0.5))
        ratio[:] = gain + _likelier(work, middle, spread, weight, worked)
        for s in range(kinds):
            rate = _rate(bits[s] > _SHOWN, chances[s], weight)
            for a in range(n):
                mean = rate * chances[s, a]
                if bits[s, a] <= _SHOWN:
                    ratio[a] -= min(max(np.log2(1.0 + mean) - excused[s], 0.0), worst)
                else:
                    ratio[a] -= min(np.log2((1.0 + mean) / max(mean, 1e-9)), bits[s, a])
        odds = ratio + np.log2(share / (1.0 - share))
        weight = 1.0 / (1.0 + np.exp2(-np.minimum(np.maximum(odds, -40.0), 40.0)))
    likelihood = 0.0
    for a in range(n):
        likelihood += np.log2(share[a] * np.exp2(min(max(ratio[a], -40.0), 40.0)) + 1.0 - share[a])
    return odds, share[firm].mean(), likelihood


@numba.njit(cache=True)
def _likelier(work, middle, spread, weight, cap):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Bits for members from how much each does: two log-normals, each held by `_HELD` accounts to that of everybody,
    whose mean and variance are given.
    """
    said = np.zeros(len(work))
    for sign, w in ((1.0, weight), (-1.0, 1.0 - weight)):
        total = w.sum() + _HELD
        mean = ((w * work).sum() + _HELD * middle) / total
        variance = max(((w * (work - mean) ** 2).sum() + _HELD * spread) / total, 1.0)
        said -= sign * ((work - mean) ** 2 / (2.0 * variance) / np.log(2.0) + np.log2(variance) / 2.0)
    return np.minimum(np.maximum(said, -cap), cap)


@numba.njit(cache=True)
def _rate(shown, chances, weight):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Rho with which the members, as weighted, are expected to show what they do; by bisection, 0: nobody shows it."""
    wanted = 0.0
    for a in range(len(shown)):
        if shown[a] and chances[a] > 0.0:
            wanted += weight[a]
    if wanted <= 0.0:
        return 0.0
    low, high = -12.0, 12.0
    for _ in range(24):
        middle = (low + high) / 2.0
        rate, found = 2.0**middle, 0.0
        for a in range(len(shown)):
            mean = rate * chances[a]
            found += weight[a] * mean / (1.0 + mean)
        if found < wanted:
            low = middle
        else:
            high = middle
    return 2.0**low
