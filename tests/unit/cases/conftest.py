"""A casebook and a snapshot to export from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphring.cases import Casebook
from tests.fakes import FakeSnapshot

NOON = datetime(2026, 1, 26, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def snapshot() -> FakeSnapshot:
    return FakeSnapshot.sample()


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Casebook]:
    with Casebook.open(f"sqlite:///{tmp_path / 'book.sqlite'}", clock=lambda: NOON) as opened:
        yield opened
