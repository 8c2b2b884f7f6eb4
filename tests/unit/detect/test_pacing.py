"""Whether payloads are sent again near in time."""

from __future__ import annotations

import numpy as np
import pytest

from graphring.detect.content import Content, first_sent
from graphring.detect.layers import build_layer
from graphring.detect.pacing import paced
from graphring.detect.parameters import Parameters
from graphring.detect.traffic import Exchanges

N = 40
DAY = 86_400
EVERYBODY = np.arange(N, dtype=np.int32)


def exchanges(account: np.ndarray, seconds: np.ndarray) -> Exchanges:
    none, hashes = np.zeros(len(account), dtype=np.int32), np.zeros(len(account), dtype=np.uint64)
    start = np.searchsorted(account, np.arange(N + 1)).astype(np.int64)
    return Exchanges(account, none, seconds.astype(np.int32), hashes, hashes, hashes, start, 0)


def world(lag: float | None, seed: int = 1, each: int = 30, copies: int = 60):
    """40 accounts of 30 exchanges over 40 days; 60 payloads are sent by two of them, the second time within `lag` days,
    or at any time.
    """
    rng = np.random.default_rng(seed)
    times = [np.sort(rng.uniform(0, 40 * DAY, each)) for _ in range(N)]
    free = [set(range(each)) for _ in range(N)]
    uses = []
    for item in range(copies):
        one, other = rng.choice(N, 2, replace=False)
        i = int(rng.choice(sorted(free[one])))
        near = sorted(free[other], key=lambda j: abs(times[other][j] - times[one][i]))
        within = [j for j in near if lag is not None and abs(times[other][j] - times[one][i]) <= lag * DAY]
        j = int(rng.choice(within or near[:1])) if lag is not None else int(rng.choice(near))
        free[one].discard(i)
        free[other].discard(j)
        uses += [(one * each + i, item), (other * each + j, item)]
    x = exchanges(np.repeat(np.arange(N, dtype=np.int32), each), np.concatenate(times))
    row, key = np.array(uses).T
    customer = np.arange(N, dtype=np.int32)
    items = build_layer("item", x.account[row], key, customer)
    return x, items, first_sent(items, row, key, x), customer


def bits(x, items, sent, customer, group=EVERYBODY) -> float:
    none = np.empty(0, dtype=np.int32)
    content = Content(build_layer("wrapper", none, none, customer), items, sent, none, none.astype(np.int64))
    said, each = paced(content, x, group, customer, None, Parameters())
    assert each.sum() == pytest.approx(2.0 * said)
    return said


@pytest.mark.parametrize("seed", range(4))
def test_a_queue_sends_again_soon_and_users_of_a_corpus_whenever_they_draw(seed):
    assert bits(*world(1.5, seed)) > 20.0
    assert bits(*world(None, seed)) < -4.0


def test_hours_that_all_keep_are_no_nearness():
    """All work on the same four days, and draw what they send on any of them."""
    x, _, _, customer = world(None)
    rng = np.random.default_rng(5)
    seconds = np.concatenate(
        [np.sort(rng.choice([3, 10, 17, 24], 30) * DAY + rng.uniform(0, 7_200, 30)) for _ in range(N)]
    )
    x = exchanges(x.account, seconds)
    pairs = np.array([rng.choice(N, 2, replace=False) for _ in range(60)])
    row = (pairs * 30 + rng.integers(0, 30, (60, 2))).ravel()
    key = np.repeat(np.arange(60), 2)
    items = build_layer("item", x.account[row], key, customer)
    assert bits(x, items, first_sent(items, row, key, x), customer) < 0.0


def test_one_customer_s_accounts_a_crowd_and_payloads_of_others_say_nothing():
    x, items, sent, customer = world(1.5)
    assert bits(x, items, sent, np.zeros(N, dtype=np.int32)) == 0.0
    common = build_layer("item", np.arange(N, dtype=np.int32), np.zeros(N, dtype=np.int64), customer)
    assert bits(x, common, np.zeros(N, dtype=np.int32), customer) == 0.0
    few = np.arange(2, dtype=np.int32)
    assert bits(x, common, np.zeros(N, dtype=np.int32), customer, group=few) == 0.0
    assert bits(x, items, sent, customer, group=few[:1]) == 0.0


def test_who_sent_each_once_cannot_be_told():
    account = np.arange(N, dtype=np.int32)
    x = exchanges(account, np.arange(N) * 100)
    row, key, customer = np.arange(N), np.arange(N) // 2, np.arange(N, dtype=np.int32)
    items = build_layer("item", account, key, customer)
    assert bits(x, items, first_sent(items, row, key, x), customer) == pytest.approx(0.0, abs=1e-9)


def test_rows_in_any_order_give_the_first_time_of_each_use():
    account = np.array([0, 0, 0, 1], dtype=np.int32)
    y = exchanges(account, np.array([50, 60, 70, 20]))
    layer = build_layer("item", account, np.array([7, 7, 8, 7]), np.arange(N, dtype=np.int32))
    for order in ([0, 1, 2, 3], [3, 1, 2, 0]):
        row = np.array(order)
        assert first_sent(layer, row, np.array([7, 7, 8, 7])[row], y).tolist() == [50, 70, 20]
    with pytest.raises(ValueError, match="uses"):
        first_sent(layer, np.array([0]), np.array([7]), y)
