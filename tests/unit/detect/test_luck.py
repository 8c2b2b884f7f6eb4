"""Luck: what a search finds among strangers, measured on the same layer with its edges dealt anew."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from graphring.detect.groups import communities, halves
from graphring.detect.layers import build_layer, keep_objects
from graphring.detect.luck import search_luck, unlucky_half
from graphring.detect.parameters import Parameters
from graphring.detect.sharing import Exposure, Sharer

P = Parameters()
N = 900


def layer_of(rng: np.random.Generator, objects: int, each: int, ring: int = 0):
    """Every account uses `each` of the objects at random; the first `ring` accounts share a dozen of their own."""
    account = np.repeat(np.arange(N, dtype=np.int32), each)
    key = rng.integers(0, objects, N * each)
    own = account < ring
    key[own] = objects + rng.integers(0, 12, int(own.sum()))
    return build_layer("item", account, key, np.arange(N, dtype=np.int32))


def luck_of(layer, p: Parameters = P) -> float:
    relations = SimpleNamespace(customers=SimpleNamespace(code=np.arange(N, dtype=np.int32)))
    each = np.diff(layer.start) + 1.0
    return search_luck(layer, Exposure(each, np.array([each.sum()])), relations, p, P.exclusive)


def test_strangers_in_a_dense_layer_look_striking_when_searched_for() -> None:
    assert luck_of(layer_of(np.random.default_rng(1), 1500, 6)) > 3.0


def test_a_ring_shares_far_more_than_luck() -> None:
    layer = layer_of(np.random.default_rng(2), 1500, 6, ring=30)
    each = np.diff(layer.start) + 1.0
    ring = np.arange(30, dtype=np.int32)
    shared = Sharer(layer, np.arange(N, dtype=np.int32)).share(
        ring, Exposure(each, np.array([each.sum()])), P.smooth, P.exclusive
    )
    assert shared.observed.sum() > luck_of(layer) * shared.expected.sum()


def test_where_objects_have_hardly_more_than_one_user_there_is_no_luck() -> None:
    assert luck_of(layer_of(np.random.default_rng(3), 200_000, 3)) == 1.0


def test_luck_is_bounded_and_the_same_each_time() -> None:
    layer = layer_of(np.random.default_rng(4), 1500, 6)
    assert luck_of(layer) == luck_of(layer)
    assert luck_of(layer, Parameters(luck_most=2.0)) == 2.0


def queue_of(rng: np.random.Generator, accounts: int) -> tuple[np.ndarray, np.ndarray]:
    """A queue of 300 payloads of which each is dealt to two of the first accounts, beside what all send at random."""
    dealt = [(int(a), 900_000 + i) for i in range(300) for a in rng.choice(accounts, 2, replace=False)]
    account = np.concatenate([np.repeat(np.arange(N), 6), [a for a, _ in dealt]])
    return account.astype(np.int32), np.concatenate([rng.integers(0, 1500, N * 6), [o for _, o in dealt]])


def test_what_half_of_the_payloads_found_the_other_half_does_not_share_by_luck() -> None:
    rng = np.random.default_rng(5)
    layer = build_layer("item", *queue_of(rng, 40), np.arange(N, dtype=np.int32))
    each = np.diff(layer.start) + 1.0
    exposure, sharer = Exposure(each, np.array([each.sum()])), Sharer(layer, np.arange(N, dtype=np.int32))

    def luck(group: np.ndarray) -> float:
        return unlucky_half(sharer.share(group.astype(np.int32), exposure, P.smooth, P.exclusive), P)

    assert luck(np.arange(40)) < 1.5
    found = [
        luck(group) for half in halves(layer) for group in communities(half, 5.0, N, P.seed)
        if len(group) >= 8 and not (group < 40).any()
    ]  # fmt: skip
    assert len(found) > 20
    assert min(found) > 3.0


def test_a_handful_of_payloads_in_each_half_says_nothing() -> None:
    account = np.array([0, 1, 2, 3, 4, 5, 6, 7], dtype=np.int32)
    layer = build_layer("item", account, account // 2, np.arange(N, dtype=np.int32))
    exposure = Exposure(np.ones(N), np.array([float(N)]))
    shared = Sharer(layer, np.arange(N, dtype=np.int32)).share(account, exposure, P.smooth)
    assert shared.halves[:, 2].tolist() == [2.0, 2.0]
    assert unlucky_half(shared, P) == float("inf")
    assert unlucky_half(shared, Parameters(luck_sigma=0.0)) == 1.0


def test_halves_have_every_payload_once() -> None:
    layer = layer_of(np.random.default_rng(6), 1500, 6)
    even, odd = halves(layer)
    assert sorted([*even.key.tolist(), *odd.key.tolist()]) == sorted(keep_objects(layer, layer.degree > 0).key.tolist())
    assert abs(even.size - odd.size) <= 1
