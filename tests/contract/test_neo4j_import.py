"""Files for neo4j-admin: the imported graph is the one that a load would have written."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphring.model import GraphTables
from graphring.store.neo4j import export_for_import, open_neo4j
from tests.contract import graphs
from tests.contract.neo4j_server import Target, missing
from tools.neo4j import server as maven

pytestmark = [pytest.mark.neo4j, pytest.mark.slow]


def hostile() -> GraphTables:
    """Quotes, commas, line breaks and an empty text in what goes through CSV."""
    graph = graphs.graph()
    column = graph.accounts.schema.get_field_index("plan")
    plans = ['"', "a,b", "line\nbreak", "", "'; x", None]
    accounts = graph.accounts.set_column(column, "plan", [plans])
    return GraphTables(accounts, graph.objects, graph.sightings)


def test_an_imported_graph_is_a_loaded_one(tmp_path: Path) -> None:
    graph = hostile()
    export_for_import(graph, tmp_path / "files")
    try:
        maven.jars()
    except maven.ServerError as error:
        missing(str(error))
    maven.import_files(tmp_path / "home", tmp_path / "files")
    server = maven.start(tmp_path / "home", brief=True)
    try:
        store = open_neo4j(Target(server.url, maven.USER, maven.PASSWORD).settings(tmp_path / "state"))
        with store.lock():
            counts = store.load(graph)
            back = store.read_graph()
        store.close()
    finally:
        server.stop(kill=True)
    assert counts == {"accounts": 0, "objects": 0, "sightings": 0, "expired": 0}
    assert back.accounts.equals(graph.accounts)
    assert back.objects.equals(graph.objects)
    assert back.sightings.equals(graph.sightings)
