"""What speaks about a group as a whole: payloads dealt out or drawn, and how much of the group an object reaches."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from graphring.detect.cohesion import cohesion
from graphring.detect.dealing import Dealing, threes
from graphring.detect.evidence import Meter
from graphring.detect.layers import build_layer
from graphring.detect.parameters import Parameters
from graphring.detect.sharing import Shared


def meter_of(sent, prompts):
    """A meter that knows who sent which payload; `sent`: a list of items for each account."""
    n = len(sent)
    account = np.repeat(np.arange(n), [len(items) for items in sent])
    code = np.arange(n, dtype=np.int32)
    items = build_layer("item", account, np.concatenate(sent), code)
    meter = Meter.__new__(Meter)
    meter.p = Parameters()
    meter.r = SimpleNamespace(
        content=SimpleNamespace(items=items),
        customers=SimpleNamespace(code=code, count=n),
        requests=np.full(n, prompts), links=(),
    )  # fmt: skip
    met = Dealing(*threes(items, code, code, np.full(n, float(prompts)), meter.p.exclusive), 0.0, np.zeros(n))
    meter.dealing = lambda _: met
    return meter, code


def test_a_queue_that_is_dealt_twice_is_told_from_draws():
    rng = np.random.default_rng(1)
    accounts, each = 60, 40
    half = rng.permutation(accounts * each // 2)
    queue = np.concatenate([half, rng.permutation(half)])
    dealt, group = meter_of([np.unique(part) for part in np.split(queue, accounts)], each)
    drawn, _ = meter_of([np.unique(rng.integers(0, accounts * each // 2, each)) for _ in range(accounts)], each)
    assert dealt.dealing(group).dealt > 20.0
    assert drawn.dealing(group).dealt < dealt.p.dealt_bits


@pytest.mark.parametrize("exponent", [0.5, 1.5, 3.0])
def test_draws_of_popular_items_are_draws(exponent):
    rng = np.random.default_rng(2)
    popular = [np.unique((rng.random(30) ** exponent * 500).astype(int)) for _ in range(50)]
    meter, group = meter_of(popular, 30)
    assert meter.dealing(group).dealt < meter.p.dealt_bits


def test_popular_texts_are_drawn_and_a_queue_is_not():
    rng = np.random.default_rng(3)
    popular = [np.unique((rng.random(30) ** 4.0 * 4000).astype(int)) for _ in range(50)]
    meter, group = meter_of(popular, 30)
    assert meter.dealing(group).drawn(meter.p)
    even, _ = meter_of([np.unique(rng.integers(0, 500, 30)) for _ in range(50)], 30)
    assert not even.dealing(group).drawn(even.p)
    queue = np.concatenate([rng.permutation(750), rng.permutation(750)])
    dealt, _ = meter_of([np.unique(part) for part in np.split(queue, 50)], 30)
    assert not dealt.dealing(group).drawn(dealt.p)


def test_copies_of_a_whole_set_are_not_dealt():
    meter, group = meter_of([np.arange(40)] * 25, 40)
    assert meter.dealing(group).dealt == pytest.approx(0.0, abs=1e-6)


def test_cohesion_is_the_share_of_the_group_that_a_shared_object_reaches():
    account = np.array([0, 1, 2, 3, 0, 1, 3])
    item = np.array([7, 7, 7, 7, 8, 8, 9])
    layer = build_layer("link", account, item, np.arange(5, dtype=np.int32))
    reached = cohesion(layer, np.arange(5, dtype=np.int32))
    assert reached == pytest.approx([(3 + 1) / 4 / 2, (3 + 1) / 4 / 2, 3 / 4, 3 / 4, 0.0])


@pytest.mark.parametrize(("dealt", "paced", "times"), [(5.0, 0.0, 1.0), (0.0, 0.0, 150.0), (0.0, 20.0, 1.0)])
def test_without_a_wrapper_payloads_count_where_they_are_dealt_out_in_either_half_or_keep_a_pace(dealt, paced, times):
    """Users of a tool share what is popular in either half: that they draw it tells them from a queue."""
    meter, group = meter_of([np.arange(3)] * 12, 30)
    meter.luck, meter.dealing = {"item": 150.0}, lambda _: SimpleNamespace(dealt=dealt, paced=paced)
    halves = np.array([[60.0, 1.0, 100.0], [60.0, 1.0, 100.0]])
    shared = Shared(np.full(12, 20), np.full(12, 10.0), np.full(12, 0.2), np.zeros(12), halves)
    untied = SimpleNamespace(bits=np.zeros(12))
    expected = meter._expected(meter.r.content.items, shared, untied, group)
    np.testing.assert_allclose(expected, 0.2 * times, rtol=0.3)
    tied = SimpleNamespace(bits=np.full(12, meter.p.wrapper_cap))
    assert meter._expected(meter.r.content.items, shared, tied, group) is shared.expected
