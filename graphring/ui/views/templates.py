"""Prompt templates: the wrappers that prompts were found to share."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from graphring.ui import markup, session
from graphring.ui.session import Desk
from graphring.ui.words import cell, clean, count, day, plural

__all__ = ["show"]


def show(desk: Desk) -> None:
    """The list of families, and one of them at a time."""
    session.forget_view()
    families = desk.snapshot.families().to_pandas()
    markup.title(
        "Prompt templates",
        f"{plural(len(families), 'family', 'families')} of prompts that share a wrapper. "
        "Texts are redacted; slots are marked ⟨…⟩.",
    )
    if families.empty:
        markup.note("This run found no template.", "plain", "Exchanges without a prompt column have none.")
        return
    families = families.sort_values(["accounts", "family_id"], ascending=[False, True], ignore_index=True)
    event = st.dataframe(
        pd.DataFrame(
            {
                "family_id": families["family_id"].map(cell),
                "kind": families["kind"].map(clean),
                "exemplar": families["exemplar"].map(lambda text: cell(text, 200)),
                "accounts": families["accounts"],
                "exchanges": families["exchanges"],
                "rarity": families["rarity"].round(1),
                "last_seen": families["last_seen"],
            }
        ),
        hide_index=True,
        key="template_table",
        on_select="rerun",
        selection_mode=["single-row", "single-cell"],
        alt="Template families, most accounts first",
        column_config={
            "family_id": st.column_config.TextColumn("Family", width="small"),
            "kind": st.column_config.TextColumn("Kind", width="small"),
            "exemplar": st.column_config.TextColumn("Example, redacted", width="large"),
            "accounts": st.column_config.NumberColumn("Accounts", format="localized", width="small"),
            "exchanges": st.column_config.NumberColumn("Exchanges", format="localized", width="small"),
            "rarity": st.column_config.NumberColumn("Rarity (bits)", format="%.1f", width="small"),
            "last_seen": st.column_config.DatetimeColumn(
                "Last seen", format="D MMM YYYY", width="small", timezone="UTC"
            ),
        },
    )
    rows = list(event.selection.rows) + [row for row, _ in event.selection.cells]
    if not rows or rows[0] >= len(families):
        st.caption("Choose a row to read the whole text and its variants.")
        return
    _one(families.iloc[rows[0]])


def _one(family: pd.Series) -> None:
    markup.section(f"Family {clean(family['family_id'])}")
    markup.facts(
        [
            ("Accounts", count(family["accounts"])),
            ("Exchanges", count(family["exchanges"])),
            ("Rarity", f"{family['rarity']:.1f} bits"),
            ("Seen", f"{day(family['first_seen'])} to {day(family['last_seen'])}"),
        ]
    )
    st.code(clean(family["exemplar"], 4_000), language=None, wrap_lines=True)
    variants = list(family["variants"])[:20]
    if variants:
        markup.section("Variants", "Wrappers that were counted with it.")
        for variant in variants:
            st.code(clean(variant, 2_000), language=None, wrap_lines=True)
