"""Sign-ups in batches: accounts of a group that were created within a day of one another."""

from __future__ import annotations

import numpy as np

from graphring.detect.layers import Longs, Reals
from graphring.detect.parameters import Parameters
from graphring.detect.sharing import poisson_bits
from graphring.detect.signals import Signal
from graphring.model import Family

__all__ = ["signups"]


def signups(everybody: Reals, created: Reals, p: Parameters) -> Signal:
    """Accounts of a group created within a day of each, against the sign-ups of everybody else.

    Parameters
    ----------
    everybody: days of all accounts, those known, sorted; created: [n] days of the group's accounts, NaN: unknown.
    """
    known = np.isfinite(created)
    inside = np.sort(created[known])
    at = np.where(known, created, 1e18)
    near = _within(inside, at) - known
    around = _within(everybody, at) - known - near
    expected = (around + 0.5) / max(len(everybody) - len(inside), 1) * max(len(inside) - 1, 0)
    effect = np.clip((near - expected) / max(0.2 * len(created), 1.0), 0.0, 1.0)
    bits = np.clip(poisson_bits(near, expected), 0.0, p.signup_cap) * effect
    return Signal("sign-ups in batches", Family.LIFECYCLE, bits, near * 1.0, expected, "accounts", known * 1.0)


def _within(ordered: Reals, at: Reals) -> Longs:
    """How many lie within a day."""
    return np.searchsorted(ordered, at + 1.0, "right") - np.searchsorted(ordered, at - 1.0)
