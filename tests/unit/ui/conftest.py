"""A published state made from the sample snapshot, and the page on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from graphring.config import Settings
from graphring.refresh import State, open_state
from graphring.store.snapshot import SnapshotStore
from graphring.ui import session
from graphring.ui.server import SCRIPT
from tests.fakes import FakeSnapshot

Opened = Callable[..., AppTest]


def published(where: Path, snapshot: FakeSnapshot) -> Settings:
    """Publish a snapshot into a state directory."""
    store = SnapshotStore(where)
    with store.lock():
        store.load(snapshot.graph)
        store.publish(snapshot.run, snapshot.tables)
    return Settings(state=where)


@pytest.fixture(scope="session")
def sample_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("sample") / "state"
    published(where, FakeSnapshot.sample(long_label=1_000_000))
    return where


@pytest.fixture
def state(sample_state: Path, tmp_path: Path) -> Iterator[State]:
    """The sample's runs with a casebook of this test's own."""
    settings = Settings(state=sample_state, casebook=f"sqlite:///{tmp_path / 'casebook.db'}")
    with open_state(settings) as opened:
        yield opened


@pytest.fixture
def page(state: State) -> Iterator[Opened]:
    """Open a page of the app: `page("ring", ring="R-00001")`."""
    yield opener(state.settings)
    session.set_opener()
    st.cache_data.clear()
    st.cache_resource.clear()


def opener(settings: Settings) -> Opened:
    def open_page(name: str = "", **query: str) -> AppTest:
        session.set_opener(settings)
        app = AppTest.from_file(str(SCRIPT), default_timeout=60)
        app._page_hash = calc_hash(name)
        for key, value in query.items():
            app.query_params[key] = value
        return app.run()

    return open_page


def markup(app: AppTest) -> str:
    """Everything that the page wrote as HTML."""
    return "\n".join(element.proto.body for element in app.get("html"))
