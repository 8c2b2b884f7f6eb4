"""Precision at k and calibration: do the score and the stated probabilities mean what they say?"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from graphring.detect.layers import Flags
from graphring.evaluate.judged import Judged, Reals
from graphring.evaluate.metrics import guilty_rings, share
from graphring.evaluate.results import AtK, Bin, Calibration

__all__ = ["KS", "accounts_at_k", "calibration", "member_confidence", "ring_probability", "rings_at_k"]

KS: Final = (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
BINS: Final = 10
Z95: Final = 1.959963984540054


def accounts_at_k(judged: Judged, ks: tuple[int, ...] = KS) -> tuple[AtK, ...]:
    """Member accounts of all tiers by the score of their best ring, then by their confidence in it."""
    order = np.lexsort((np.nan_to_num(judged.confidence), judged.score[judged.member_ring]))[::-1]
    account, first = np.unique(judged.member_account[order], return_index=True)
    rows = order[first]
    keys = np.column_stack([judged.score[judged.member_ring[rows]], np.nan_to_num(judged.confidence[rows])])
    return _at_k(keys, judged.guilty[account], int(judged.guilty.sum()), ks)


def rings_at_k(judged: Judged, ks: tuple[int, ...] = KS) -> tuple[AtK, ...]:
    """Found rings of all tiers by score; recall is of the guilty ones among them."""
    guilty = guilty_rings(judged)
    return _at_k(judged.score[:, None], guilty, int(guilty.sum()), ks)


def _at_k(keys: Reals, guilty: Flags, all_guilty: int, ks: tuple[int, ...]) -> tuple[AtK, ...]:
    """Ties count in expectation, not by name (McSherry and Najork, Computing IR measures … tied scores, 2008)."""
    n = len(guilty)
    if n == 0:
        return ()
    _, tie = np.unique(-keys, axis=0, return_inverse=True)
    size = np.bincount(tie.ravel())
    hits = np.bincount(tie.ravel(), weights=guilty)
    ends = np.concatenate([[0], np.cumsum(size)])
    found = np.concatenate([[0.0], np.cumsum(hits)])
    steps = [k for k in ks if k < n] + [n]
    expected = np.interp(steps, ends, found)
    return tuple(
        AtK(k=k, precision=float(e) / k, recall=share(float(e), all_guilty))
        for k, e in zip(steps, expected, strict=True)
    )


def member_confidence(judged: Judged) -> Calibration:
    """Is a member with confidence c in a true ring in c of all cases? The highest c, where one is in several rings."""
    best = np.full(len(judged.accounts), -np.inf)
    stated = ~np.isnan(judged.confidence)
    np.maximum.at(best, judged.member_account[stated], judged.confidence[stated])
    members = np.isfinite(best)
    return calibration(best[members], judged.guilty[members])


def ring_probability(judged: Judged) -> Calibration:
    """Is a ring with probability p one, that is, are most of its members in true rings, in p of all cases?"""
    stated = ~np.isnan(judged.probability)
    return calibration(judged.probability[stated], guilty_rings(judged)[stated])


def calibration(predicted: Reals, outcome: Flags, bins: int = BINS) -> Calibration:
    """Brier score, expected calibration error and reliability in `bins` bins of equal width.

    Parameters
    ----------
    predicted: probabilities in 0..1.
    outcome: what came true, beside each.
    """
    n = len(predicted)
    if n == 0:
        return Calibration(count=0, brier=None, expected_error=None, bins=())
    order = np.lexsort((outcome, predicted))  # sums of floats in one order, whatever the order of accounts
    predicted, outcome = predicted[order], outcome[order]
    which = np.clip((predicted * bins).astype(np.int64), 0, bins - 1)
    filled = tuple(
        _bin(number, bins, predicted[which == number], outcome[which == number]) for number in np.unique(which).tolist()
    )
    return Calibration(
        count=n,
        brier=float(np.mean((predicted - outcome) ** 2)),
        expected_error=sum(b.count / n * abs(b.predicted - b.observed) for b in filled),
        bins=filled,
    )


def _bin(number: int, bins: int, predicted: Reals, outcome: npt.NDArray[np.bool_]) -> Bin:
    low, high = wilson(int(outcome.sum()), len(outcome))
    return Bin(
        lower=number / bins,
        upper=(number + 1) / bins,
        count=len(outcome),
        predicted=float(predicted.mean()),
        observed=float(outcome.mean()),
        observed_low=low,
        observed_high=high,
    )


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % score interval of a share (E. B. Wilson, Probable inference, 1927)."""
    p, z2 = hits / n, Z95**2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * float(np.sqrt(p * (1 - p) / n + z2 / (4 * n * n)))
    return max(0.0, middle - half), min(1.0, middle + half)
