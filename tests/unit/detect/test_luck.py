"""Luck: what a search finds among strangers, measured on the same layer with its edges dealt anew."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from graphring.detect.layers import build_layer
from graphring.detect.luck import search_luck
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
