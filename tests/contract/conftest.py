"""The stores that the contract is held against."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from graphring.config import Settings
from graphring.store import open_store
from graphring.store.protocol import GraphStore
from tests.contract.neo4j_server import Target, target

Opener = Callable[[], GraphStore]


@pytest.fixture(scope="session")
def neo4j_server() -> Iterator[Target]:
    """One server for all tests of a process."""
    with target() as server:
        yield server


@pytest.fixture
def neo4j(neo4j_server: Target) -> Target:
    """An empty database."""
    neo4j_server.wipe()
    return neo4j_server


@pytest.fixture(params=["snapshot", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens one and the same store again and again, as separate processes would."""
    settings = Settings(state=tmp_path / "state", keep_runs=3)
    if request.param == "neo4j":
        settings = request.getfixturevalue("neo4j").settings(tmp_path / "state")
    opened: list[GraphStore] = []

    def opener() -> GraphStore:
        opened.append(open_store(settings))
        return opened[-1]

    yield opener
    for store in opened:
        store.close()


@pytest.fixture
def store(reopen: Opener) -> GraphStore:
    """An empty store."""
    return reopen()
