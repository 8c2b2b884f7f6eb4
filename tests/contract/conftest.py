"""The stores that the contract is held against."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from graphring.store.protocol import GraphStore
from graphring.store.snapshot import SnapshotStore

Opener = Callable[[], GraphStore]


@pytest.fixture(params=["snapshot"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens one and the same store again and again, as separate processes would."""
    opened: list[GraphStore] = []

    def opener() -> GraphStore:
        opened.append(SnapshotStore(tmp_path / "state", keep_runs=3))
        return opened[-1]

    yield opener
    for store in opened:
        store.close()


@pytest.fixture
def store(reopen: Opener) -> GraphStore:
    """An empty store."""
    return reopen()
