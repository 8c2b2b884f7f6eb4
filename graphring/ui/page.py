"""The page as a whole: navigation, the errors that people can mend, the style."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path

import streamlit as st

from graphring.errors import GraphringError
from graphring.ui import markup, session
from graphring.ui.session import Desk
from graphring.ui.views import health, queue, ring, templates

__all__ = ["main"]


_HERE = Path(__file__).parent

Show = Callable[[Desk], None]


def main() -> None:
    """Run the page once, for one session."""
    st.set_page_config(page_title="graphring", page_icon=str(_HERE / "icon.svg"), layout="wide", menu_items={})
    markup.style()
    st.logo(str(_HERE / "logo.svg"), size="large")
    pages = {
        "queue": st.Page(_guarded(queue.show), title="Queue", url_path="queue", default=True),
        "ring": st.Page(_guarded(ring.show), title="Ring", url_path="ring", visibility="hidden"),
        "templates": st.Page(_guarded(templates.show), title="Prompt templates", url_path="templates"),
        "health": st.Page(_guarded(health.show), title="Run health", url_path="health"),
    }
    session.set_pages(pages)
    st.navigation(list(pages.values()), position="top").run()


def _guarded(show: Show) -> Callable[[], None]:
    """The page of a view: opens the desk, and turns what people can mend into one clear line."""

    @wraps(show)
    def page() -> None:
        try:
            show(session.open_desk())
        except GraphringError as error:
            markup.show_error(error)

    return page
