"""Means over seeds with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

__all__ = ["Interval", "interval"]


@dataclass(frozen=True)
class Interval:
    """Mean over `n` seeds and its 95 % interval."""

    mean: float
    low: float | None
    """None for fewer than two seeds."""
    high: float | None
    n: int


def interval(values: Sequence[float | None], *, share: bool = True) -> Interval | None:
    """Mean and 95 % interval by Student's t (Student, The probable error of a mean, 1908) over worlds.

    Parameters
    ----------
    values: one figure for each seed; None, where it is not defined, is left out.
    share: cut the interval at 0 and 1.

    Returns
    -------
    None where no value is defined.
    """
    known = sorted(value for value in values if value is not None)
    n = len(known)
    if n == 0:
        return None
    mean = math.fsum(known) / n
    if n == 1:
        return Interval(mean, None, None, 1)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in known) / (n - 1) / n)
    half = float(stats.t.ppf(0.975, n - 1)) * spread
    low, high = mean - half, mean + half
    return Interval(mean, max(0.0, low) if share else low, min(1.0, high) if share else high, n)
