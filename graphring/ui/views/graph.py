"""The graph of a ring with the details of the selected node, in one fragment: a click reruns only this."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from graphring.model import NodeRef
from graphring.ui import component, markup
from graphring.ui.data import Ring, node_profile
from graphring.ui.network import Graph, Group, ring_graph
from graphring.ui.session import Desk
from graphring.ui.words import clean, count, day, kind_name, plural

__all__ = ["show_graph"]

_LISTED = 8


def show_graph(desk: Desk, ring: Ring) -> None:
    """The section with graph and details."""
    markup.section("Who shares what", "Select a node to see what it is. The legend hides and shows a type.")
    if ring.objects.empty:
        st.text("The accounts of this ring share no object; see the evidence above.")
        return
    if not component.built():
        markup.note(
            "The graph widget is not built.", "warn", "Run `make install`; the tables below hold the same facts."
        )
        return
    _fragment(desk, ring)


@st.fragment
def _fragment(desk: Desk, ring: Ring) -> None:
    drawn = _draw(ring)
    left, right = st.columns([2.6, 1], gap="medium")
    with left:
        selected = component.graph(drawn.data, key=f"graph_{ring.facts['ring_id']}")
        if drawn.left_out:
            st.text(drawn.left_out)
    with right, st.container(key="graph_details"):
        chosen = drawn.refs.get(selected or "")
        if chosen is None:
            st.text("Nothing selected.")
            st.caption("With the keyboard: Tab to the graph, arrow keys, Enter; + − 0 zoom, Esc clears.")
        elif isinstance(chosen, Group):
            _group(ring, chosen)
        elif chosen.kind == "account":
            _account(ring, chosen)
        else:
            _object(desk, ring, chosen)


def _ring_key(ring: Ring) -> tuple[str, ...]:
    return ring.key


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs={Ring: _ring_key})
def _draw(ring: Ring) -> Graph:
    return ring_graph(ring.facts["ring_id"], ring.accounts, ring.objects, ring.sightings)


def _account(ring: Ring, ref: NodeRef) -> None:
    row = ring.accounts[ring.accounts["account_id"] == ref.id].iloc[0]
    _title("Account", ref.id)
    markup.facts(
        [
            ("Confidence", f"{row['confidence']:.0%}".replace("%", " %")),
            ("Role", clean(row["role"]).capitalize()),
            ("Created", "" if pd.isna(row["created_at"]) else day(row["created_at"])),
            ("Plan", clean(row["plan"])),
            ("Country", clean(row["country"])),
            ("Mail domain", clean(row["email_domain"])),
            ("Organisation", clean(row["organisation"])),
            ("Status", clean(row["status"])),
            ("Requests", "" if pd.isna(row["requests"]) else count(row["requests"])),
        ],
        compact=True,
    )
    mine = ring.sightings[ring.sightings["account_id"] == ref.id]
    _list(
        "Shares", [NodeRef(kind, name) for kind, name in zip(mine["object_type"], mine["object_id"], strict=True)], ring
    )


def _object(desk: Desk, ring: Ring, ref: NodeRef) -> None:
    row = ring.objects[(ring.objects["object_type"] == ref.kind) & (ring.objects["object_id"] == ref.id)].iloc[0]
    profile = node_profile(desk, ref)
    _title(kind_name(ref.kind), row["label"] or ref.id)
    markup.facts(
        [
            ("Id", clean(ref.id, 80) if row["label"] and row["label"] != ref.id else ""),
            ("In the ring", plural(row["members"], "account")),
            ("Outside it", plural(row["outsiders"], "account")),
            ("Rarity", f"{row['bits']:.1f} bits"),
            ("Note", clean(profile.get("note"), 120)),
            ("Damped", "yes, a hub that counts for less" if profile.get("damped") else ""),
        ],
        compact=True,
    )
    users = ring.sightings[(ring.sightings["object_type"] == ref.kind) & (ring.sightings["object_id"] == ref.id)]
    _list("Used by", [NodeRef("account", name) for name in users.sort_values("account_id")["account_id"]], ring)


def _group(ring: Ring, group: Group) -> None:
    _title("Group", plural(len(group.accounts), "account"))
    st.text("These accounts use the same of the most shared objects.")
    _list("They share", list(group.objects), ring)
    _list("Accounts", [NodeRef("account", name) for name in group.accounts], ring)


def _title(kind: str, name: str) -> None:
    st.caption(kind)
    st.code(clean(name, 120), language=None, wrap_lines=True)


def _list(title: str, refs: list[NodeRef], ring: Ring) -> None:
    if not refs:
        return
    st.caption(f"{title} ({count(len(refs))})")
    labels = {
        (kind, name): label
        for kind, name, label in zip(
            ring.objects["object_type"], ring.objects["object_id"], ring.objects["label"], strict=True
        )
    }
    lines = [
        clean(ref.id, 44)
        if ref.kind == "account"
        else f"{kind_name(ref.kind)}: {clean(labels.get((ref.kind, ref.id)) or ref.id, 44)}"
        for ref in refs[:_LISTED]
    ]
    if len(refs) > _LISTED:
        lines.append(f"and {count(len(refs) - _LISTED)} more")
    st.text("\n".join(lines))
