"""One column of evidence: what a signal says of each account of a group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphring.detect.layers import Reals
from graphring.detect.sharing import Shared, poisson_bits
from graphring.model import Family

__all__ = ["Signal", "counted"]


@dataclass(frozen=True)
class Signal:
    """One column: what it says of each account of the group.

    bits, observed, expected: per account; unit: of the latter two; chances: how often each account could have shown
    it (None: lacking it says nothing).
    """

    name: str
    family: Family
    bits: Reals
    observed: Reals
    expected: Reals
    unit: str
    chances: Reals | None = None


def counted(name: str, family: Family, unit: str, cap: float, s: Shared, per: Reals) -> Signal:  # noqa: PLR0917
    """A sharing signal whose effect is the excess as a share of half of `per`."""
    effect = np.clip((s.observed - s.expected) / np.maximum(0.5 * per, 1.0), 0.0, 1.0)
    bits = np.clip(poisson_bits(s.observed, s.expected), 0.0, cap) * effect
    return Signal(name, family, bits, s.observed, s.expected, unit)
