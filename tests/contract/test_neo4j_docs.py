"""The queries of docs/neo4j.md run as they stand there, and find something."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from graphring.store.neo4j import open_neo4j
from tests.contract import graphs
from tests.contract.neo4j_server import Target

PAGE = Path(__file__).parents[2] / "docs" / "neo4j.md"
FOUND = re.findall(r"```cypher\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)

pytestmark = pytest.mark.neo4j


@pytest.fixture(scope="module")
def published(neo4j_server: Target, tmp_path_factory: pytest.TempPathFactory) -> Target:
    neo4j_server.wipe()
    store = open_neo4j(neo4j_server.settings(tmp_path_factory.mktemp("state")))
    with store.lock():
        store.load(graphs.graph((*graphs.EDGES, ("a4", "ip", "203.0.113.7", 3))))
        store.publish(graphs.run(), graphs.run_tables())
    store.close()
    return neo4j_server


def test_there_are_ten() -> None:
    assert len(FOUND) == 10


@pytest.mark.parametrize("number", range(10))
def test_a_query_finds_something(published: Target, number: int) -> None:
    assert published.run(FOUND[number])
