"""The queue: every ring of the run, surest first, with what was decided."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from graphring.cases import Entry, Outcome
from graphring.ui import markup, session
from graphring.ui.data import find_rings, rings
from graphring.ui.session import Desk
from graphring.ui.words import TIERS, cell, clean, count, event_name, kind_name, plural, timestamp

__all__ = ["show"]

_OPEN = "open"
_DECISIONS = {_OPEN: "No decision", "confirmed": "Confirmed", "benign": "Benign", "watch": "Watch"}
_ROW = 62
"""Pixels of a row; from 4 rem on, long sentences wrap."""
_COLUMNS = ("ring_id", "tier", "score", "accounts", "headline", "decision", "status", "last_seen")


def show(desk: Desk) -> None:
    """The queue with its filters."""
    session.forget_view()
    found = rings(desk)
    run = desk.snapshot.run
    seen = ", ".join(plural(run.counts[k], k[:-1]) for k in ("accounts", "exchanges") if k in run.counts)
    markup.title("Rings to review", f"Run {run.number}, finished {timestamp(run.finished)}: {seen}.")
    if found.empty:
        markup.note(
            "This run found no ring.",
            "plain",
            "Run health shows what was read and what was left out; new logs bring a new run.",
        )
        return
    frame = _with_decisions(found, desk.state.casebook.outcomes())
    frame = _filtered(desk, frame)
    chosen = _table(frame)
    if chosen:
        st.switch_page(session.page("ring"), query_params={"ring": chosen})


def _with_decisions(found: pd.DataFrame, outcomes: Mapping[str, Entry]) -> pd.DataFrame:
    decided = [outcomes.get(ring_id) for ring_id in found["ring_id"]]
    return found.assign(
        decision=[
            _OPEN if entry is None or entry.outcome in (None, Outcome.REOPEN) else str(entry.outcome)
            for entry in decided
        ]
    )


def _filtered(desk: Desk, frame: pd.DataFrame) -> pd.DataFrame:
    with st.container(key="queue_filters"):
        first = st.columns([2.2, 1.4, 2.4, 1.0], vertical_alignment="bottom")
        text = first[0].text_input(
            "Find an account or a shared object",
            key="queue_search",
            placeholder="account id, IP, card or template, or R-00001",
            max_chars=200,
        )
        tiers = first[1].pills(
            "Tier", list(TIERS), format_func=TIERS.__getitem__, selection_mode="multi", key="queue_tiers", wrap=True
        )
        decisions = first[2].pills(
            "Decision",
            list(_DECISIONS),
            format_func=_DECISIONS.__getitem__,
            selection_mode="multi",
            key="queue_decisions",
            wrap=True,
        )
        with first[3].popover("More filters", width="stretch"):
            score = st.number_input("Score of at least (bits)", value=None, step=1.0, key="queue_score")
            accounts = st.number_input("Accounts, at least", value=None, min_value=0, step=1, key="queue_accounts")
            states = st.multiselect(
                "Since the last run", sorted(frame["status"].unique()), format_func=event_name, key="queue_status"
            )
    kept = frame
    if text.strip():
        kept = kept[kept["ring_id"].isin(_search(desk, text.strip()))]
    for column, wanted in (("tier", tiers), ("decision", decisions), ("status", states)):
        if wanted:
            kept = kept[kept[column].isin(wanted)]
    if score is not None:
        kept = kept[kept["score"] >= score]
    if accounts is not None:
        kept = kept[kept["accounts"] >= accounts]
    st.caption(_counted(len(kept), len(frame)))
    return kept.reset_index(drop=True)


def _counted(kept: int, everything: int) -> str:
    return plural(kept, "ring") if kept == everything else f"{count(kept)} of {plural(everything, 'ring')}"


def _search(desk: Desk, text: str) -> list[str]:
    ids, refs, cut = find_rings(desk, text)
    by_id = [ring_id for ring_id in rings(desk)["ring_id"] if ring_id == text.upper()]
    if by_id:
        return by_id
    if not refs:
        st.text(f"Nothing in this run begins with “{clean(text)}” (capital and small letters differ).")
    else:
        named = ", ".join(f"{kind_name(ref.kind).lower()} {clean(ref.id, 40)}" for ref in refs[:4])
        more = f" and {len(refs) - 4} more" if len(refs) > 4 else ""
        st.text(f"Rings with {named}{more}" + (" (busiest accounts of the object only)" if cut else ""))
    return ids


def _table(frame: pd.DataFrame) -> str | None:
    """The rings as a table; returns the id of the one that was chosen."""
    if frame.empty:
        markup.note("No ring matches.", "plain", "Clear a filter to see more.")
        return None
    shown = pd.DataFrame(
        {
            "ring_id": frame["ring_id"],
            "tier": [TIERS.get(tier, clean(tier)) for tier in frame["tier"]],
            "score": frame["score"].round(1),
            "accounts": frame["accounts"],
            "headline": [cell(text, 240) for text in frame["headline"]],
            "decision": [_DECISIONS.get(d, clean(d)) for d in frame["decision"]],
            "status": [event_name(status) for status in frame["status"]],
            "last_seen": frame["last_seen"],
        }
    )
    event = st.dataframe(
        shown,
        hide_index=True,
        key="queue_table",
        on_select="rerun",
        selection_mode=["single-row", "single-cell"],
        column_order=_COLUMNS,
        row_height=_ROW,
        height="content" if len(shown) <= 12 else 13 * _ROW,
        alt="Rings, highest score first; choose a row to open the ring",
        column_config={
            "ring_id": st.column_config.TextColumn("Ring", width=85),
            "tier": st.column_config.TextColumn("Tier", width=70),
            "score": st.column_config.NumberColumn("Score (bits)", format="%.1f", width=95),
            "accounts": st.column_config.NumberColumn("Accounts", format="localized", width=85),
            "headline": st.column_config.TextColumn("What it looks like", width=520),
            "decision": st.column_config.TextColumn("Decision", width=95),
            "status": st.column_config.TextColumn("Since last run", width=100),
            "last_seen": st.column_config.DatetimeColumn("Last active", format="D MMM YYYY", width=100, timezone="UTC"),
        },
    )
    st.caption("Choose a row to open the ring.")
    rows = list(event.selection.rows) + [row for row, _ in event.selection.cells]
    return str(shown["ring_id"].iloc[rows[0]]) if rows and rows[0] < len(shown) else None
