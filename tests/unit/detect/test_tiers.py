"""Tiers and measures: each condition of the rule matters, and the words carry the numbers in force."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphring.detect.parameters import Parameters
from graphring.detect.tiers import MEASURES, Standing, measure_of, missing, rules, standing_of, tier_of
from graphring.model import Tier

P = Parameters()
SURE = Standing(score=14.0, accounts=25, families=3, probability=0.97, q_value=0.01, benign_bits=-3.0)


@pytest.mark.parametrize(
    ("change", "tier", "lacks"),
    [
        ({}, Tier.HIGH, ""),
        ({"q_value": None}, Tier.HIGH, ""),
        ({"score": 11.9}, Tier.MEDIUM, "12 bits (it has 11.9)"),
        ({"families": 1}, Tier.MEDIUM, "two families of 2 bits each (it has 1)"),
        ({"probability": 0.8}, Tier.MEDIUM, "a probability of 90% (it has 80%)"),
        ({"q_value": 0.2}, Tier.WATCH, "a q-value of at most 0.05 (it has 0.2)"),
        ({"score": 8.5, "accounts": 9}, Tier.WATCH, "12 bits (it has 8.5)"),
        ({"score": 6.5, "accounts": 225}, Tier.MEDIUM, "12 bits (it has 6.5)"),
        ({"score": 7.4}, Tier.WATCH, "12 bits (it has 7.4)"),
        ({"probability": 0.3}, Tier.WATCH, "a probability of 90% (it has 30%)"),
    ],
)
def test_every_condition_of_the_rule_counts(change: dict[str, float], tier: Tier, lacks: str) -> None:
    standing = replace(SURE, **change)
    assert tier_of(standing, P) is tier
    assert "; ".join(missing(standing, Tier.HIGH, P)) == lacks
    assert missing(standing, Tier.WATCH, P) == ()


@pytest.mark.parametrize(
    ("change", "measure"),
    [
        ({}, "suspend pending review"),
        ({"benign_bits": -8.0}, "step-up identity check"),
        ({"score": 9.0}, "step-up identity check"),
        ({"score": 9.0, "families": 1}, "rate limit"),
        ({"score": 9.0, "probability": 0.7}, "rate limit"),
        ({"score": 3.0}, "watch"),
    ],
)
def test_a_hard_measure_needs_a_ring_that_stands_without_its_innocent_reading(
    change: dict[str, float], measure: str
) -> None:
    assert measure_of(replace(SURE, **change), P) == measure
    assert measure in MEASURES


def test_the_rules_carry_the_numbers_in_force() -> None:
    told = dict(rules(replace(P, high_bits=15.5, false_discovery=0.01)))
    assert "at least 15.5 bits" in told["high"]
    assert "at most 0.01" in told["medium"]
    assert set(told) == {str(tier) for tier in Tier}


def test_a_published_ring_has_the_standing_it_was_found_with() -> None:
    ring = {"score": 14.0, "accounts": 25, "probability": 0.97, "q_value": None, "benign_bits": -3.0}
    evidence = [
        {"family": f, "bits": b} for f, b in (("content", 6.0), ("content", 2.5), ("timing", 1.9), ("network", 2.0))
    ]
    assert standing_of(ring, evidence, P) == replace(SURE, families=2, q_value=None)
