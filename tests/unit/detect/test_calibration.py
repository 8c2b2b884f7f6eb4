"""The curve from bits to probability: what is fitted, and what a few outcomes can and cannot move."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from graphring.detect.calibration import LEAST_SLOPE, Curve, fit

PRIOR = Curve(7.5, 1.0)


def outcomes(curve: Curve, n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    bits = rng.uniform(2.0, 14.0, n)
    return bits, rng.random(n) < curve.probability(bits)


def test_with_many_outcomes_it_is_the_logistic_regression_of_others() -> None:
    bits, right = outcomes(Curve(9.0, 0.6), 5_000)
    found = fit(bits, right, PRIOR, 1e-6)
    other = LogisticRegression(C=np.inf).fit(bits[:, None], right)
    assert found.slope == pytest.approx(other.coef_[0, 0] / np.log(2.0), abs=0.01)
    assert found.even == pytest.approx(-other.intercept_[0] / other.coef_[0, 0], abs=0.02)


def test_without_outcomes_it_is_what_was_believed() -> None:
    assert fit(np.empty(0), np.empty(0, dtype=bool), Curve(6.25, 0.8), 20.0) == Curve(6.25, 0.8)


def test_few_outcomes_move_it_a_little_and_more_of_them_further() -> None:
    few = fit(np.full(3, 10.0), np.zeros(3, dtype=bool), PRIOR, 20.0)
    more = fit(np.full(30, 10.0), np.zeros(30, dtype=bool), PRIOR, 20.0)
    believed, after, later = (float(c.probability(np.array([10.0]))[0]) for c in (PRIOR, few, more))
    assert believed > after > later
    assert after > 0.4
    assert later < 0.25


def test_a_clean_separation_is_not_certainty() -> None:
    bits = np.concatenate([np.full(20, 5.0), np.full(20, 12.0)])
    found = fit(bits, bits > 8, PRIOR, 2.0)
    assert 0.9 < found.probability(np.array([12.0]))[0] < 0.999
    assert found.probability(np.array([8.5]))[0] == pytest.approx(0.5, abs=0.1)


def test_more_bits_are_never_less_likely_and_the_order_is_nothing() -> None:
    bits, right = outcomes(Curve(8.0, 1.0), 60)
    upside_down = fit(bits, ~right, PRIOR, 1.0)
    assert upside_down.slope >= LEAST_SLOPE
    order = np.random.default_rng(0).permutation(60)
    assert fit(bits[order], right[order], PRIOR, 5.0) == fit(bits, right, PRIOR, 5.0)
