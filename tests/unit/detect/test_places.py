"""Who comes together for a day."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from graphring.detect.parameters import Parameters
from graphring.detect.places import joined_for_it

P = Parameters()
GROUP = np.arange(30, dtype=np.int32)


def relations(day: np.ndarray, created: np.ndarray) -> SimpleNamespace:
    """30 accounts; `day` [30, k] on which each sends."""
    seconds = (np.sort(day, axis=1) * 86_400 + 36_000).astype(np.int32).ravel()
    start = np.arange(len(day) + 1, dtype=np.int64) * day.shape[1]
    return SimpleNamespace(exchanges=SimpleNamespace(start=start, seconds=seconds), created=created)


@pytest.mark.parametrize("dates", [[9], [9, 16], [2, 9, 16]])
def test_people_sign_up_for_a_workshop(dates):
    day = np.repeat(np.array(dates)[np.arange(30) % len(dates)][:, None], 12, axis=1)
    assert joined_for_it(relations(day, day[:, 0] + 0.3), P, GROUP, None)


def test_accounts_that_lay_ready_did_not():
    day = np.full((30, 12), 9)
    assert not joined_for_it(relations(day, np.full(30, -40.0)), P, GROUP, None)


def test_accounts_that_come_and_go_each_day_did_not():
    day = np.repeat((np.arange(30) % 10)[:, None], 12, axis=1)
    assert not joined_for_it(relations(day, day[:, 0] + 0.3), P, GROUP, None)


def test_what_people_do_afterwards_does_not_count():
    day = np.concatenate([np.full((30, 4), 9), np.tile(np.arange(10, 22), (30, 1))], axis=1)
    world = relations(day, np.full(30, 9.3))
    assert not joined_for_it(world, P, GROUP, None)
    assert joined_for_it(world, P, GROUP, np.tile(np.arange(16) < 4, 30))


def test_nothing_was_sent():
    assert not joined_for_it(relations(np.empty((30, 0)), np.zeros(30)), P, GROUP, None)
