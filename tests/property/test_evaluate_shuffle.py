"""A shuffled graph keeps every degree, doubles no edge, and repeats for the same seed."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from graphring.evaluate.curveball import generator, shuffle_layer

EDGES = st.sets(st.tuples(st.integers(0, 12), st.integers(0, 9)), min_size=1, max_size=60)


@given(EDGES, st.integers(0, 2**31 - 1))
@settings(max_examples=200, deadline=None)
def test_degrees_stay_and_no_edge_is_doubled(edges: set[tuple[int, int]], seed: int) -> None:
    account, old = (np.array(x) for x in zip(*sorted(edges), strict=True))
    layer = shuffle_layer(account, old, generator(seed, "test"))
    after = list(zip(layer.account.tolist(), layer.new.tolist(), strict=True))
    assert len(set(after)) == len(after) == len(edges)
    assert Counter(a for a, _ in after) == Counter(a for a, _ in edges)
    assert Counter(o for _, o in after) == Counter(o for _, o in edges)
    assert layer.new_of(account, old).tolist() == layer.new.tolist()


@given(EDGES, st.integers(0, 2**31 - 1), st.randoms())
@settings(max_examples=50, deadline=None)
def test_the_same_seed_gives_the_same_graph_whatever_the_order(
    edges: set[tuple[int, int]], seed: int, chance: object
) -> None:
    rows = sorted(edges)
    shuffled = rows * 2
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = (
        shuffle_layer(np.array([a for a, _ in r]), np.array([o for _, o in r]), generator(seed, "x"))
        for r in (rows, shuffled)
    )
    assert first.new.tolist() == second.new.tolist()


def test_what_was_together_is_torn_apart() -> None:
    account = np.repeat(np.arange(2_000), 3)
    old = (account // 20) * 3 + np.tile(np.arange(3), 2_000)  # 100 groups of 20 accounts, three objects each
    layer = shuffle_layer(account, old, generator(1, "x"))
    kept = np.mean(layer.new // 3 == layer.account // 20)
    assert kept < 0.03  # 0.01 by chance


def test_small_graphs_come_out_uniformly() -> None:
    """Three accounts with one object each: all six matchings equally often (chi-square below its .1 % point)."""
    counts = Counter(
        tuple(shuffle_layer(np.arange(3), np.arange(3), generator(seed, "u")).new.tolist()) for seed in range(1_200)
    )
    assert len(counts) == 6
    assert sum((n - 200) ** 2 / 200 for n in counts.values()) < 20.5
