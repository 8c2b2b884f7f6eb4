from __future__ import annotations

import json

import pandas as pd
import pytest

from graphring.model import NodeRef
from graphring.ui.network import Graph, Group, ring_graph
from tests.fakes import HOSTILE_IDS, FakeSnapshot


def draw(snapshot: FakeSnapshot, ring_id: str, **options: int) -> Graph:
    members = snapshot.members(ring_id).to_pandas()
    accounts = members.sort_values(["confidence", "account_id"], ascending=[False, True])
    objects = snapshot.ring_objects(ring_id).to_pandas()
    sightings = snapshot.sightings(members["account_id"].tolist()).to_pandas()
    return ring_graph(ring_id, accounts, objects, sightings, **options)


def edge_ends(graph: Graph) -> set[str]:
    return {end for edge in graph.data["edges"] for end in (edge["source"], edge["target"])}


def test_a_small_ring_is_drawn_whole() -> None:
    graph = draw(FakeSnapshot.sample(), "R-00003")
    assert graph.left_out == ""
    assert [(t["kind"], t["count"]) for t in graph.data["types"]] == [("account", 5), ("ip", 1), ("template", 1)]
    assert len(graph.data["edges"]) == 10
    assert edge_ends(graph) <= {node["id"] for node in graph.data["nodes"]} == set(graph.refs)


def test_hostile_names_are_cut_and_ids_are_ours() -> None:
    graph = draw(FakeSnapshot.sample(long_label=1_000_000), "R-00002")
    assert all(len(node["label"]) <= 62 for node in graph.data["nodes"])
    assert "\u202e" not in json.dumps(graph.data, ensure_ascii=False)
    assert {ref.id for ref in graph.refs.values() if isinstance(ref, NodeRef) and ref.kind == "account"} == set(
        HOSTILE_IDS
    )
    assert all(node["id"][0] in "ao" and node["id"][1:].isdigit() for node in graph.data["nodes"])


def test_the_same_ring_gives_the_same_drawing() -> None:
    first, second = (draw(FakeSnapshot.sample(), "R-00001").data["version"] for _ in range(2))
    assert first == second


def test_too_many_objects_leave_the_least_shared_out() -> None:
    graph = draw(FakeSnapshot.sample(), "R-00001", limit=30, top=4)
    assert len(graph.data["nodes"]) == 30
    assert graph.left_out.startswith("Not drawn: ")


@pytest.fixture(scope="module")
def large() -> FakeSnapshot:
    return FakeSnapshot.large(3_000)


def test_a_large_ring_becomes_groups_and_says_what_is_left_out(large: FakeSnapshot) -> None:
    graph = draw(large, "R-00001")
    assert len(graph.data["nodes"]) <= 500
    groups = [ref for ref in graph.refs.values() if isinstance(ref, Group)]
    drawn = [account for group in groups for account in group.accounts]
    assert len(drawn) == len(set(drawn)) >= 3_000
    assert "3,00" in graph.left_out
    assert "less shared objects not drawn" in graph.left_out
    assert edge_ends(graph) <= set(graph.refs)


def test_accounts_of_a_group_use_exactly_its_objects(large: FakeSnapshot) -> None:
    graph = draw(large, "R-00001")
    kept = {ref for ref in graph.refs.values() if isinstance(ref, NodeRef)}
    uses: dict[str, set[NodeRef]] = {}
    for row in large.graph.sightings.to_pylist():
        ref = NodeRef(row["object_type"], row["object_id"])
        if ref in kept:
            uses.setdefault(row["account_id"], set()).add(ref)
    for group in graph.refs.values():
        if isinstance(group, Group):
            assert all(uses[account] == set(group.objects) for account in group.accounts)


def test_a_ring_without_objects_is_drawn_as_lone_accounts() -> None:
    accounts = pd.DataFrame({"account_id": ["a", "b"], "confidence": [0.9, 0.8]})
    objects = pd.DataFrame({"object_type": [], "object_id": [], "label": [], "members": []})
    sightings = pd.DataFrame({"account_id": [], "object_type": [], "object_id": [], "count": []})
    assert len(ring_graph("R-00001", accounts, objects, sightings).data["nodes"]) == 2
