"""Rings that send one wrapper: pools of accounts, told apart by what they are run with and what they send."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from graphring.detect import rings
from graphring.detect.layers import build_layer
from graphring.detect.parameters import Parameters
from graphring.detect.pools import pools, split_pools
from graphring.detect.rings import _apart

P = Parameters()
GROUP = np.arange(60, dtype=np.int32)
ONE, OTHER = range(35), range(35, 60)


def layer(uses: list[tuple[int, int]]):
    account, key = np.array(uses, dtype=np.int64).reshape(-1, 2).T
    return build_layer("x", account.astype(np.int32), key, GROUP)


def pairs(accounts: range, first: int, n: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """n objects, each used by two of the accounts."""
    return [(int(a), first + i) for i in range(n) for a in rng.choice(accounts, 2, replace=False)]


def relations(addresses, items=(), days=lambda _: range(10)) -> SimpleNamespace:
    """Accounts that all send one wrapper; days: on which days an account works."""
    work = [np.array([day * 86_400 for day in days(a)]) for a in GROUP]
    start = np.concatenate([[0], np.cumsum([len(x) for x in work])])
    none = layer([])
    return SimpleNamespace(
        content=SimpleNamespace(items=layer(list(items)), wrappers=layer([(int(a), 1) for a in GROUP])),
        conversations=none, payments=none, links=(), roaming=layer(addresses), lines=none,
        exchanges=SimpleNamespace(seconds=np.concatenate(work), start=start),
    )  # fmt: skip


@pytest.fixture
def addresses():
    rng = np.random.default_rng(1)
    return pairs(ONE, 0, 120, rng) + pairs(OTHER, 1_000, 90, rng)


def sizes(parts: list[np.ndarray]) -> list[tuple[int, int]]:
    return [(int(p[0]), len(p)) for p in parts]


def test_pools_with_nothing_in_common_but_a_wrapper_are_rings_of_their_own(addresses):
    r = relations(addresses)
    assert sizes(split_pools(r, GROUP, P)) == [(0, 35), (35, 25)]
    parts = [GROUP[:35], GROUP[35:]]
    assert sizes(pools(r, parts, P)) == [(0, 35), (35, 25)]


def test_one_queue_holds_two_pools_together(addresses):
    rng = np.random.default_rng(2)
    r = relations(addresses, pairs(range(60), 5_000, 80, rng))
    assert sizes(split_pools(r, GROUP, P)) == [(0, 60)]
    assert sizes(pools(r, [GROUP[:35], GROUP[35:]], P)) == [(0, 60)]


def test_one_payload_in_common_is_chance(addresses):
    rng = np.random.default_rng(3)
    queues = pairs(ONE, 5_000, 60, rng) + pairs(OTHER, 6_000, 60, rng)
    assert len(split_pools(relations(addresses, [*queues, (3, 9_000), (50, 9_000)]), GROUP, P)) == 2


def test_a_pool_that_takes_over_from_a_banned_one_is_of_the_same_ring(addresses):
    r = relations(addresses, days=lambda a: range(10) if a in ONE else range(9, 20))
    assert sizes(split_pools(r, GROUP, P)) == [(0, 60)]


def test_a_lot_of_cards_is_no_pool():
    rng = np.random.default_rng(4)
    r = relations(pairs(range(45), 0, 200, rng) + pairs(range(45, 60), 1_000, 90, rng))
    assert sizes(split_pools(r, GROUP, P)) == [(0, 60)]


def test_who_does_not_stand_alone_stays_with_the_largest_pool(monkeypatch):
    def core(_, part):
        return SimpleNamespace(group=part) if len(part) >= 20 else None

    monkeypatch.setattr(rings, "core_of", core)
    whole = SimpleNamespace(group=GROUP)
    found = _apart(None, whole, [GROUP[:25], GROUP[25:35], GROUP[35:]])
    assert sizes([v.group for v in found]) == [(0, 35), (35, 25)]
    assert _apart(None, whole, [GROUP[:45], GROUP[45:]]) == [whole]


def test_an_account_that_holds_nothing_goes_where_its_payloads_come_from(addresses):
    apart = [(a, o) for a, o in addresses if a != 10]  # of the larger pool, with addresses of its own
    rng = np.random.default_rng(5)
    queues = [*pairs(ONE, 5_000, 60, rng), *pairs(OTHER, 6_000, 60, rng), *((a, 7_000) for a in (10, 40))]
    queues = [(a, o) for a, o in queues if a != 10 or o == 7_000]
    one, other = split_pools(relations(apart, queues), GROUP, P)
    assert (10 in one, 10 in other) == (False, True)


def test_a_tenth_of_the_payloads_in_common_is_one_queue(addresses):
    rng = np.random.default_rng(6)
    queues = [*pairs(ONE, 5_000, 60, rng), *pairs(OTHER, 6_000, 60, rng)]
    common = [(int(rng.choice(pool)), 7_000 + i) for i in range(8) for pool in (ONE, OTHER)]
    assert sizes(split_pools(relations(addresses, [*queues, *common]), GROUP, P)) == [(0, 60)]


def judged(_, group):
    return SimpleNamespace(group=group, bits=np.full(len(group), 12.0 if len(group) >= 20 else 6.0), mean=np.mean)


@pytest.fixture
def told(monkeypatch):
    """Tells a ring of all accounts apart into pools of these sizes."""

    def of(*sizes_of: int) -> list[tuple[int, int]]:
        parts = np.split(GROUP, np.cumsum(sizes_of)[:-1])
        monkeypatch.setattr(rings, "split_pools", lambda *_: parts)
        meter = SimpleNamespace(r=relations([(a, 100 + a // 35) for a in range(35)]), p=P)
        return sizes([v.group for v in rings._told_apart(meter, [judged(None, GROUP)])])

    monkeypatch.setattr(rings, "judge", judged)
    monkeypatch.setattr(rings, "convincing", lambda *_: True)
    return of


def test_a_ring_that_has_grown_is_told_apart_and_loses_nobody(told, monkeypatch):
    assert told(60) == [(0, 60)]
    assert told(35, 25) == [(0, 35), (35, 25)]
    assert told(35, 15, 10) == [(0, 60)]  # a few accounts are worth no measure of their own
    assert told(24, 26, 10) == [(24, 36), (0, 24)]
    monkeypatch.setattr(rings, "convincing", lambda _, v: len(v.group) > 30)
    assert told(35, 25) == [(0, 60)]
    assert told(20, 20, 20) == [(0, 60)]


def test_a_pool_that_does_not_stand_goes_to_the_ring_that_it_is_run_with(monkeypatch):
    rng = np.random.default_rng(7)
    first, other = GROUP[:40], GROUP[40:]
    r = relations(pairs(range(30, 60), 0, 120, rng))  # the last ten of the first ring use the other's addresses
    monkeypatch.setattr(rings, "judge", judged)
    monkeypatch.setattr(rings, "convincing", lambda *_: True)
    monkeypatch.setattr(
        rings, "split_pools", lambda _, group, __: np.split(group, [30]) if len(group) == 40 else [group]
    )
    found = rings._told_apart(SimpleNamespace(r=r, p=P), [judged(None, first), judged(None, other)])
    assert sizes([v.group for v in found]) == [(0, 30), (30, 30)]
