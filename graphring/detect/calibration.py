"""The curve that makes a probability of a score: fitted on rings of which one knows whether they were right.

log2 odds = slope · (bits - even). Two numbers are all that some dozens of rings can tell; an isotonic fit would follow
their noise. Outcomes are softened as J. Platt did (Probabilistic outputs for support vector machines, 1999): of n right
ones each counts as right to (n + 1) / (n + 2), so that a perfect separation does not become certainty. What was known
before comes in as rings of which the old curve says the outcome (prior by data augmentation; S. Greenland, Bayesian
perspectives for epidemiological research, 2007).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from graphring.detect.layers import Flags
from graphring.detect.sharing import logistic

__all__ = ["Curve", "fit", "odds"]

Reals = npt.NDArray[np.float64]

LEAST_SLOPE: Final = 0.1
"""More bits never make a ring less likely, whatever a few outcomes say."""
_SPREAD: Final = np.linspace(-4.0, 4.0, 9)
"""log2 odds of the imagined rings that stand for what was known before."""
_DIGITS: Final = 3
"""Of the results: no more is known, and the same fit is the same text on any machine."""


@dataclass(frozen=True)
class Curve:
    """even: bits at which it is as likely as not; slope: bits of log-odds for one bit."""

    even: float
    slope: float

    def probability(self, bits: Reals) -> Reals:
        """Of each score."""
        return logistic(odds(self, bits))


def odds(curve: Curve, bits: Reals) -> Reals:
    """log2 odds of each score."""
    return np.asarray(curve.slope * (bits - curve.even), dtype=np.float64)


def fit(bits: Reals, right: Flags, prior: Curve, weight: float) -> Curve:
    """The curve that explains best which rings were right.

    Parameters
    ----------
    bits, right: equally long, in any order: score, and whether it was a ring.
    prior: the curve that is believed without them.
    weight: how many rings that belief is worth, above 0.
    """
    order = np.lexsort((right, bits))
    bits, right = bits[order], right[order]
    yes, no = int(right.sum()), int((~right).sum())
    soft = np.where(right, (yes + 1.0) / (yes + 2.0), 1.0 / (no + 2.0))
    x = np.concatenate([bits, prior.even + _SPREAD / prior.slope])
    target = np.concatenate([soft, 1.0 / (1.0 + np.exp2(-_SPREAD))])
    counts = np.concatenate([np.ones(len(bits)), np.full(len(_SPREAD), weight / len(_SPREAD))])

    def loss(theta: Reals) -> tuple[float, Reals]:
        z = theta[1] * (x - prior.even) - theta[0]
        surprise = float(counts @ (np.logaddexp(0.0, z) - target * z))
        error = counts * (1.0 / (1.0 + np.exp(-z)) - target)
        return surprise, np.array([-error.sum(), error @ (x - prior.even)])

    start = np.array([0.0, prior.slope * np.log(2.0)])
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=[(None, None), (LEAST_SLOPE * np.log(2.0), None)],
        options={"ftol": 1e-14, "gtol": 1e-10},
    )  # fmt: skip
    shift, steepness = float(found.x[0]), float(found.x[1])
    return Curve(round(prior.even + shift / steepness, _DIGITS), round(steepness / float(np.log(2.0)), _DIGITS))
