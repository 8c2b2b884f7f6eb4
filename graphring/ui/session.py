"""What a browser session works with: the opened state, the person's name, and what was already put on record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

import streamlit as st
from streamlit.navigation.page import Page

from graphring.config import Settings, load_settings
from graphring.errors import NoRunError
from graphring.refresh import State, open_state
from graphring.store import Snapshot

__all__ = [
    "UNNAMED",
    "Desk",
    "first_view",
    "forget_view",
    "name_box",
    "open_desk",
    "page",
    "person",
    "set_opener",
    "set_pages",
]

UNNAMED = "unnamed (page)"
"""Who is put on record before a name was given."""

_PERSON, _VIEWED, _PAGES = "graphring_person", "graphring_viewed", "graphring_pages"
_lock = Lock()
_states: dict[str, State] = {}


@dataclass(frozen=True)
class Desk:
    """One run of the page: the state, and the published run that it shows."""

    state: State
    snapshot: Snapshot

    @property
    def run_id(self) -> str:
        """The run that is shown."""
        return self.snapshot.run.run_id

    @property
    def key(self) -> tuple[str, ...]:
        """What caches may tell runs of different states apart by."""
        return (str(self.state.settings.state.absolute()), self.state.settings.store, self.run_id)


class _Opener:
    """How the page gets at its state; `graphring serve` and tests put their own settings or state here."""

    settings: Settings | None = None
    open: Callable[[], State] | None = None


def set_opener(settings: Settings | None = None, opener: Callable[[], State] | None = None) -> None:
    """Serve these settings, or whatever `opener` opens; neither: graphring.toml and environment decide."""
    _Opener.settings, _Opener.open = settings, opener


def _opened(settings: Settings) -> State:
    """One state for all sessions of this server; the casebook pools its connections, snapshots are immutable."""
    key = settings.model_dump_json()
    with _lock:
        if key not in _states:
            _states[key] = open_state(settings)
        return _states[key]


def open_desk() -> Desk:
    """The state and its last published run.

    Raises
    ------
    GraphringError: settings are wrong, the state is missing, nothing was published, the store does not answer.
    """
    if _Opener.open:
        state = _Opener.open()
        return Desk(state, state.store.current())
    settings = _Opener.settings or load_settings()
    if not settings.store and not settings.state.is_dir():
        raise NoRunError(
            f"there is no state directory {settings.state}",
            "Run `graphring refresh LOGS --state DIR` first, or give `graphring serve` the right --state",
        )
    state = _opened(settings)
    return Desk(state, state.store.current())


def person() -> str:
    """The name that this session's actions go on record under."""
    return str(st.session_state.get(_PERSON, "")).strip()


def name_box() -> str:
    """Ask for the name that this session's actions are recorded under; sign-in comes later, and the page says so."""
    given = st.text_input("Your name", value=person(), max_chars=80, key="graphring_name", autocomplete="name")
    st.session_state[_PERSON] = given.strip()
    st.caption("Not authenticated: there is no sign-in yet. What you do here is recorded under this name.")
    return given.strip()


def first_view(ring_id: str, run_id: str) -> bool:
    """True when this session has just come to the ring: reruns of its page are the same view."""
    if st.session_state.get(_VIEWED) == (ring_id, run_id):
        return False
    st.session_state[_VIEWED] = (ring_id, run_id)
    return True


def forget_view() -> None:
    """The session looks at something else; coming back to a ring is a new view."""
    st.session_state.pop(_VIEWED, None)


def set_pages(pages: Mapping[str, Page]) -> None:
    """Remember the pages of this session, for links between them."""
    st.session_state[_PAGES] = pages


def page(name: str) -> Page:
    """A page by its name."""
    pages: Mapping[str, Page] = st.session_state[_PAGES]
    return pages[name]
