"""Who rests and who does not."""

from __future__ import annotations

import numpy as np
import pytest

from graphring.detect.nights import awake, sleepless
from graphring.detect.parameters import Parameters
from graphring.detect.traffic import Exchanges


def exchanges(hours: list[np.ndarray]) -> Exchanges:
    """Accounts that send at these hours, one a day."""
    account = np.repeat(np.arange(len(hours)), [len(h) for h in hours]).astype(np.int32)
    seconds = np.concatenate([np.sort(np.arange(len(h)) * 86_400 + h * 3_600) for h in hours]).astype(np.int32)
    hashes = np.zeros(len(account), dtype=np.uint64)
    start = np.searchsorted(account, np.arange(len(hours) + 1)).astype(np.int64)
    return Exchanges(account, account, seconds, hashes, hashes, hashes, start, 0)


@pytest.mark.parametrize("zone", [0, 5, 17])
def test_a_queue_that_is_worked_off_by_turns_does_not_rest(zone):
    rng = np.random.default_rng(3)
    people = [(rng.integers(8, 24, 60) + zone) % 24 for _ in range(200)]
    never = [rng.integers(0, 24, 60) for _ in range(10)]
    value = awake(exchanges(people + never), 210)
    assert value[200:].min() > 0.1
    assert abs(value[:200].mean()) < 0.02


def test_who_sends_little_may_have_slept_or_not():
    rng = np.random.default_rng(4)
    value = awake(exchanges([rng.integers(0, 24, 5) for _ in range(20)] + [np.empty(0)]), 21)
    assert np.isnan(value).all()


def test_a_group_is_sleepless_beyond_chance_and_by_those_of_whom_it_can_be_told():
    rng = np.random.default_rng(5)
    excess = np.concatenate([rng.normal(0.0, 0.06, 2_000), np.full(40, 0.05), np.full(60, np.nan)])
    group = np.arange(2_000, 2_100, dtype=np.int32)
    assert sleepless(excess, group, Parameters())
    assert not sleepless(excess, group[30:], Parameters())  # ten of .05 are no more than chance
    assert not sleepless(excess, group[40:], Parameters())
    assert not sleepless(excess, np.arange(2_000, dtype=np.int32), Parameters())
