"""What dissolves a ring: always enough, never an object too many, and as few as there are where that can be known."""

from __future__ import annotations

from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphring.detect.dissolve import dissolve


def largest(edges: list[tuple[int, int]], n: int, gone: tuple[int, ...]) -> int:
    """Members in the largest part, by networkx."""
    graph = nx.Graph()
    graph.add_nodes_from(("a", i) for i in range(n))
    graph.add_edges_from((("a", a), ("o", o)) for a, o in edges if o not in gone)
    return max(sum(kind == "a" for kind, _ in part) for part in nx.connected_components(graph))


def cut_of(edges: list[tuple[int, int]], n: int, seed: int = 1):
    account, item = (np.array(side, dtype=np.int64) for side in zip(*edges, strict=True))
    return dissolve(account, item, n, seed)


def clusters(sizes: list[int], bridges: list[tuple[int, ...]]) -> tuple[list[tuple[int, int]], int, int]:
    """Members of each cluster share three objects; each bridge is one more object of these members."""
    edges, first, objects = [], 0, 0
    for size in sizes:
        edges += [(first + i, objects + o) for i in range(size) for o in range(3)]
        first, objects = first + size, objects + 3
    for bridge in bridges:
        edges += [(a, objects) for a in bridge]
        objects += 1
    return edges, first, objects


def test_a_star_falls_with_its_centre() -> None:
    cut = cut_of([(i, 0) for i in range(10)] + [(0, 1), (1, 1)], 10)
    assert (cut.objects, cut.remain, cut.connected) == ((0,), (2,), 10)


def test_what_is_not_connected_needs_no_cut() -> None:
    cut = cut_of([(0, 0), (1, 0), (2, 1), (3, 1)], 12)
    assert (cut.objects, cut.connected) == ((), 2)
    assert dissolve(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), 7, 1).connected == 1


def test_bridges_between_dense_parts_are_found_however_few_use_them() -> None:
    edges, n, objects = clusters([7, 7, 7], [(0, 8), (9, 15, 16)])
    cut = cut_of(edges, n)
    assert set(cut.objects) == {objects - 1, objects - 2}
    assert cut.remain == (14, 7)
    assert cut.connected == n


def test_most_used_first() -> None:
    edges, n, _ = clusters([5, 5, 5, 5], [(0, 5, 10, 15), (1, 6)])
    used = [sum(o == x for _, o in edges) for x in cut_of(edges, n).objects]
    assert used == sorted(used, reverse=True)


@st.composite
def rings(draw: st.DrawFn) -> tuple[list[tuple[int, int]], int]:
    n, m = draw(st.integers(3, 9)), draw(st.integers(1, 7))
    pairs = [(a, o) for a in range(n) for o in range(m)]
    return draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=24, unique=True)), n


@settings(max_examples=150, deadline=None)
@given(rings())
def test_it_dissolves_no_object_is_too_many_and_few_rings_have_a_smaller_answer(
    ring: tuple[list[tuple[int, int]], int],
) -> None:
    edges, n = ring
    cut = cut_of(edges, n)
    assert cut.connected == largest(edges, n, ())
    assert 2 * largest(edges, n, cut.objects) < n or n < 2
    for o in cut.objects:
        assert 2 * largest(edges, n, tuple(x for x in cut.objects if x != o)) >= n
    for k in range(len(cut.objects)):
        assert cut.remain[k] == largest(edges, n, cut.objects[: k + 1])
    used = sorted({o for _, o in edges})
    best = next(k for k in range(len(used) + 1) if any(2 * largest(edges, n, c) < n for c in combinations(used, k)))
    assert len(cut.objects) <= best + 2


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_edges_does_not_matter(seed: int) -> None:
    edges, n, _ = clusters([6, 5, 7], [(0, 7), (3, 12, 13), (2, 8)])
    again = [edges[i] for i in np.random.default_rng(seed).permutation(len(edges))]
    assert cut_of(again, n) == cut_of(edges, n)
