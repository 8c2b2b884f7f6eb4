"""Whether accounts rest: a person sleeps, a queue that is worked off by turns does not."""

from __future__ import annotations

import numpy as np

from graphring.detect.layers import Ints, Reals
from graphring.detect.parameters import Parameters
from graphring.detect.traffic import Exchanges

__all__ = ["awake", "sleepless"]

_HOURS, _REST = 24, 8
_LEAST = 12
"""Exchanges below which an account may have slept or not."""


def awake(x: Exchanges, n: int) -> Reals:
    """[N] share of each account's exchanges in the eight hours of the day in which it has fewest, beyond the mean share
    of accounts of like activity; NaN for accounts of few exchanges. Any time zone serves.
    """
    hour = x.seconds % 86_400 // 3_600
    often = np.bincount(x.account * np.int64(_HOURS) + hour, minlength=n * _HOURS).reshape(n, _HOURS)
    turned = np.concatenate([often, often[:, : _REST - 1]], axis=1)
    spans = np.cumsum(np.concatenate([np.zeros((n, 1), dtype=often.dtype), turned], axis=1), axis=1)
    total = often.sum(axis=1)
    share = (spans[:, _REST:] - spans[:, :-_REST]).min(axis=1) / np.maximum(total, 1)
    level = np.floor(np.log2(np.maximum(total, 1)) * 2).astype(np.int64)
    known = total >= _LEAST
    usual = np.bincount(level[known], weights=share[known]) / np.maximum(np.bincount(level[known]), 1)
    excess = np.full(n, np.nan)
    excess[known] = share[known] - usual[level[known]]
    return excess


def sleepless(excess: Reals, group: Ints, p: Parameters) -> bool:
    """Whether a group as a whole never rests, beyond what accounts of like activity do and what chance explains.

    Parameters
    ----------
    excess: [N] of all accounts, as from `awake`.
    """
    known = excess[group][np.isfinite(excess[group])]
    if not len(known):
        return False
    chance = float(np.nanstd(excess)) / float(np.sqrt(len(known)))
    return bool(float(known.mean()) >= max(p.awake_share, p.restless_sigma * chance))
