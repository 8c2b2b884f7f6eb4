"""Who comes together for a day."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from graphring.detect.layers import build_layer
from graphring.detect.parameters import Parameters
from graphring.detect.places import find_place, joined_for_it

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


def behind(block: list[int], code: np.ndarray, known: bool = False) -> np.ndarray:
    """How far thirty accounts of these customers work at one place: all use the same four addresses, which nobody else
    does, day after day.

    Parameters
    ----------
    known: whether customer 0 says who it is.
    """
    account, address = np.repeat(GROUP, 40), np.tile(np.arange(4), 300)
    layer = build_layer("ip", account, address, code)
    seconds = (np.tile(np.arange(40), 30) * 86_400).astype(np.int32)
    exchanges = SimpleNamespace(start=np.arange(31, dtype=np.int64) * 40, seconds=seconds, ip=address.astype(np.int32))
    who = np.zeros(30, dtype=bool)
    who[0] = known
    customers = SimpleNamespace(pretended=np.zeros(30, dtype=bool), code=code, named=who)
    world = SimpleNamespace(
        addresses=layer, roaming=layer, exchanges=exchanges, customers=customers,
        address_code=np.arange(4, dtype=np.int32), address_block=np.array(block),
    )  # fmt: skip
    return find_place(world, P, GROUP).at


@pytest.mark.parametrize(("block", "of_its_own"), [([0, 0, 0, 0], False), ([0, 0, 1, 1], False), ([0, 1, 2, 3], True)])
def test_addresses_side_by_side_are_one_site_and_scattered_ones_a_network(block, of_its_own):
    assert (behind(block, GROUP).max() == 0.0) == of_its_own


@pytest.mark.parametrize(("staff", "known", "site"), [(18, True, True), (18, False, False), (10, True, False)])
def test_where_most_are_a_known_customer_s_the_others_are_its_guests(staff, known, site):
    """Students with private mail work behind their university's addresses."""
    code = np.where(staff > GROUP, 0, GROUP).astype(np.int32)
    assert (behind([0, 1, 2, 3], code, known).min() > 0.0) == site
