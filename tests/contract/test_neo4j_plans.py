"""Readers' queries start from an index: the server's own plans say so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from neo4j import GraphDatabase

from graphring.model import NodeRef
from graphring.store.neo4j import neo4j_init, open_neo4j, statements
from graphring.store.neo4j.columns import SENTINELS
from graphring.store.neo4j.queries import HUB_BOUND, QUERIES
from graphring.store.neo4j.read import ACCOUNTS_QUERY, NEXT_TYPE_QUERY, OBJECTS_QUERIES, OTHERS_QUERY, SIGHTINGS_QUERY
from graphring.store.neo4j.schema import KINDS, OTHER
from tests.contract import graphs
from tests.contract.neo4j_server import Target

pytestmark = pytest.mark.neo4j

FORBIDDEN = (
    "AllNodesScan", "NodeByLabelScan", "SubtractionNode", "UnionNode", "IntersectionNode", "CartesianProduct",
    "RelationshipTypeScan", "AllRelationshipsScan",
)  # fmt: skip
GIVEN: dict[str, Any] = {
    **SENTINELS, "run": "run-0001", "ring": "R-000001", "id": "a1", "ids": ["a1", "b"], "type": "Device", "text": "a",
    "limit": 50, "offset": 0, "bound": HUB_BOUND, "low": 0, "high": 100,
}  # fmt: skip
BULK = {
    "read accounts": (ACCOUNTS_QUERY, {"after": "", "size": 10}),
    "read sightings": (SIGHTINGS_QUERY, {"low": "a", "high": "b"}),
    "read types": (NEXT_TYPE_QUERY, {"after": ""}),
    "read others": (OTHERS_QUERY, {"after": "", "size": 10, "type": "Device"}),
    **{f"read {name}": (query, {"after": "", "size": 10}) for name, query in OBJECTS_QUERIES.items()},
}
WRITTEN = {
    **{
        f"{name} {kind.label}": make(kind)
        for name, make in (
            ("merge", statements.merge_nodes), ("expire", statements.expire_nodes),
            ("sweep", lambda kind: statements.sweep(kind)[0]),
        )
        for kind in statements.NODES
    },
    **{
        f"{name} {kind.relationship}": make(kind)
        for name, make in (
            ("new", lambda kind: statements.write_sightings(kind, new=True)),
            ("changed", lambda kind: statements.write_sightings(kind, new=False)),
            ("remove", statements.remove_sightings),
        )
        for kind in (*KINDS.values(), OTHER)
    },
}  # fmt: skip
COLUMNS = {name: [] for name in ("account_id", "object_type", "object_id", "who")}


def operators(plan: dict[str, Any]) -> list[str]:
    below = [name for child in plan.get("children", []) for name in operators(child)]
    return [str(plan["operatorType"]).split("@")[0], *below]


def explained(target: Target, query: str, given: dict[str, Any]) -> list[str]:
    with GraphDatabase.driver(target.url, auth=(target.user, target.password)) as driver, driver.session() as session:
        plan = session.run(f"EXPLAIN {query}", given).consume().plan
    assert plan is not None
    return operators(plan)


@pytest.fixture
def schema(neo4j: Target, tmp_path: Path) -> Target:
    neo4j_init(neo4j.settings(tmp_path))
    return neo4j


@pytest.mark.parametrize("name", [*QUERIES, *BULK])
def test_a_query_starts_from_an_index(schema: Target, name: str) -> None:
    query, given = BULK.get(name, (QUERIES.get(name, ""), {}))
    found = explained(schema, query, {**GIVEN, **given})
    assert not [operator for operator in found if operator.startswith(FORBIDDEN)], found
    assert any("Index" in operator for operator in found), found


@pytest.mark.parametrize("name", WRITTEN)
def test_a_write_starts_from_an_index(schema: Target, name: str) -> None:
    found = explained(schema, WRITTEN[name], {"c": COLUMNS, "rows": 0, "size": 10, "ours": []})
    scans = ("AllNodesScan", "CartesianProduct", "RelationshipTypeScan", "AllRelationshipsScan")
    if not name.startswith("sweep"):  # what is swept is found by its label, of which there is little
        scans += ("NodeByLabelScan", "IntersectionNode")
        assert any("Index" in operator or "NodeUnique" in operator for operator in found), found
    assert not [operator for operator in found if operator.startswith(scans)], found


def test_the_check_can_fail(schema: Target) -> None:
    assert "NodeByLabelScan" in explained(schema, "MATCH (a:Account) WHERE a.plan = 'pro' RETURN a", {})


def test_a_hub_is_bounded_and_its_head_is_right(neo4j: Target, tmp_path: Path) -> None:
    names = tuple(f"acc-{n:05d}" for n in range(3000))
    edges = tuple((name, "ip", "hub", 1 + n % 97) for n, name in enumerate(names))
    store = open_neo4j(neo4j.settings(tmp_path, batch_rows=5000))
    with store.lock():
        store.load(graphs.graph(edges, names))
        tables = {name: table.schema.empty_table() for name, table in graphs.run_tables().items()}
        store.publish(graphs.run(), tables)
    found = store.current().neighbours(NodeRef("ip", "hub"), limit=40, offset=20).to_pylist()
    expected = sorted(edges, key=lambda edge: (-edge[3], edge[0]))[20:60]
    assert [(row["account_id"], row["count"]) for row in found] == [(edge[0], edge[3]) for edge in expected]
    assert [ref.id for ref in store.current().search("acc-", limit=7)] == list(names[:7])
    store.close()
    neo4j.run("CALL db.resampleOutdatedIndexes()")
    neo4j.run("CALL db.clearQueryCaches()")
    for name, query in QUERIES.items():  # with a hub and thousands of accounts to reckon with, too
        planned = explained(neo4j, query, GIVEN)
        assert not [operator for operator in planned if operator.startswith(FORBIDDEN)], (name, planned)
