"""Reads of a published run as pandas frames, cached by (state, run, ring): never by the content of a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from graphring.errors import UnknownRingError
from graphring.model import NodeRef
from graphring.ui.session import Desk

__all__ = ["Ring", "find_rings", "node_profile", "read_ring", "rings"]

_NEIGHBOURS = 2_000
"""How many accounts of a hub the search follows; the page says when it stops there."""


@dataclass(frozen=True)
class Ring:
    """Everything that the page shows of one ring.

    `facts` is its row of RINGS; the frames have the columns of the schemas of the same name; `accounts` is MEMBERS
    joined with GRAPH_ACCOUNTS, surest first; `sightings` are those of shared objects.
    """

    key: tuple[str, ...]
    """Tells rings of different runs and states apart."""
    facts: dict[str, Any]
    accounts: pd.DataFrame
    evidence: pd.DataFrame
    objects: pd.DataFrame
    activity: pd.DataFrame
    ledger: pd.DataFrame
    sightings: pd.DataFrame


def _desk_key(desk: Desk) -> tuple[str, ...]:
    return desk.key


@st.cache_data(max_entries=4, show_spinner=False, hash_funcs={Desk: _desk_key})
def rings(desk: Desk) -> pd.DataFrame:
    """RINGS of the run, highest score first."""
    frame = _frame(desk.snapshot.rings())
    return frame.sort_values(["score", "ring_id"], ascending=[False, True], ignore_index=True)


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs={Desk: _desk_key})
def read_ring(desk: Desk, ring_id: str) -> Ring:
    """One ring.

    Raises
    ------
    UnknownRingError: the run has no ring of this id.
    """
    snapshot = desk.snapshot
    facts = next((row for row in snapshot.rings().to_pylist() if row["ring_id"] == ring_id), None)
    if facts is None:
        raise UnknownRingError(
            f"run {desk.run_id} has no ring {ring_id[:40]}",
            "Look it up in the queue; a ring can end or merge from run to run",
        )
    members = _frame(snapshot.members(ring_id))
    ids = members["account_id"].tolist()
    accounts = members.merge(_frame(snapshot.accounts(ids)), on="account_id", how="left")
    objects = _frame(snapshot.ring_objects(ring_id))
    return Ring(
        key=(*desk.key, ring_id),
        facts=facts,
        accounts=accounts.sort_values(["confidence", "account_id"], ascending=[False, True], ignore_index=True),
        evidence=_frame(snapshot.evidence(ring_id)),
        objects=objects,
        activity=_frame(snapshot.activity(ring_id)),
        ledger=_frame(snapshot.ledger(ring_id)),
        sightings=_shared(_frame(snapshot.sightings(ids)), objects),
    )


def _shared(sightings: pd.DataFrame, objects: pd.DataFrame) -> pd.DataFrame:
    """The sightings of objects that the ring shares."""
    return sightings.merge(objects[["object_type", "object_id"]], on=["object_type", "object_id"])


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs={Desk: _desk_key})
def find_rings(desk: Desk, text: str) -> tuple[list[str], list[NodeRef], bool]:
    """Rings that hold what begins with `text`: (ring ids, the accounts and objects found, were neighbours cut)."""
    refs = list(desk.snapshot.search(text, limit=20))
    cut = False
    accounts: set[str] = set()
    for ref in refs:
        if ref.kind == "account":
            accounts.add(ref.id)
        else:
            near = desk.snapshot.neighbours(ref, limit=_NEIGHBOURS)
            cut = cut or near.num_rows == _NEIGHBOURS
            accounts.update(near["account_id"].to_pylist())
    members = _frame(desk.snapshot.members())
    return sorted(members.loc[members["account_id"].isin(accounts), "ring_id"].unique()), refs, cut


def node_profile(desk: Desk, ref: NodeRef) -> dict[str, Any]:
    """The row of OBJECTS or GRAPH_ACCOUNTS of one node; empty where the run does not know it."""
    table = desk.snapshot.accounts([ref.id]) if ref.kind == "account" else desk.snapshot.objects([ref])
    rows = table.to_pylist()
    return rows[0] if rows else {}


def _frame(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas()
    return frame
