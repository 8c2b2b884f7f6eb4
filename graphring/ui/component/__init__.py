"""The graph widget: cytoscape.js as a Streamlit component; `tools/build_component.py` builds its JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

__all__ = ["built", "graph"]

_DIST = Path(__file__).with_name("dist")


def built() -> bool:
    """Is the JavaScript there?"""
    return any(_DIST.glob("index-*.js")) and any(_DIST.glob("graph-*.css"))


def graph(data: Mapping[str, Any], *, key: str) -> str | None:
    """Draw `data` (see `graphring.ui.network`); returns the id of the selected node."""
    mount = st.components.v2.component("graphring.graph", js="index-*.js", css="graph-*.css")
    result = mount(key=key, data=dict(data), default={"selected": None}, on_selected_change=_nothing)
    return result.get("selected")


def _nothing() -> None:
    """State changes rerun the fragment; nothing else is to be done."""
