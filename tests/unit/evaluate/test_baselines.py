"""The baselines find what shares, which is all they can."""

from __future__ import annotations

import pyarrow as pa

from graphring.evaluate import bipartite_leiden, union_find
from graphring.model import GRAPH_ACCOUNTS, MEMBERS, OBJECTS, RINGS, SIGHTINGS, GraphTables
from tests.fakes import table


def graph(edges: list[tuple[str, str, str]], accounts: int = 60) -> GraphTables:
    rows = [{"account_id": a, "object_type": t, "object_id": o, "count": 1} for a, t, o in sorted(edges)]
    nodes = [{"account_id": f"a{i:03}"} for i in range(accounts)]
    return GraphTables(table(nodes, GRAPH_ACCOUNTS), OBJECTS.empty_table(), table(rows, SIGHTINGS))


def clique(first: int, last: int, *objects: str) -> list[tuple[str, str, str]]:
    return [(f"a{i:03}", "ip", name) for i in range(first, last) for name in objects]


def members(tables: dict[str, pa.Table]) -> list[list[str]]:
    rows = tables["members"].to_pylist()
    return [[r["account_id"] for r in rows if r["ring_id"] == ring] for ring in tables["rings"]["ring_id"].to_pylist()]


def test_union_find_joins_over_shared_objects_and_ignores_hubs() -> None:
    world = graph([*clique(0, 6, "x"), *clique(5, 12, "y"), *clique(20, 26, "z"), *clique(0, 60, "hub")])
    tables = union_find(world, max_degree=20)
    assert members(tables) == [[f"a{i:03}" for i in range(12)], [f"a{i:03}" for i in range(20, 26)]]
    assert tables["rings"].schema == RINGS
    assert tables["members"].schema == MEMBERS
    assert len(members(union_find(world, max_degree=100))[0]) == 60


def test_leiden_tells_communities_apart_and_the_threshold_decides() -> None:
    world = graph([*clique(0, 8, "x", "y", "z"), *clique(8, 16, "p", "q", "r"), ("a007", "ip", "p")])
    assert members(bipartite_leiden(world, threshold=5.0)) == [
        [f"a{i:03}" for i in range(8)],
        [f"a{i:03}" for i in range(8, 16)],
    ]
    assert members(bipartite_leiden(world, threshold=50.0)) == []


def test_object_types_limit_what_joins() -> None:
    world = graph([*clique(0, 8, "x"), *[(f"a{i:03}", "payment_method", "c") for i in range(10, 20)]])
    assert members(union_find(world, object_types=["payment_method"])) == [[f"a{i:03}" for i in range(10, 20)]]


def test_a_graph_without_edges_has_no_rings() -> None:
    assert members(union_find(graph([]))) == []
    assert members(bipartite_leiden(graph([]))) == []
