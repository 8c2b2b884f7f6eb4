"""Why a ring is one: the evidence added up, facts apart from inference, what carries it, and why it has its tier."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from graphring.detect.narrate import chance, counted, cut_of, dissolution, without_families
from graphring.detect.tiers import missing, rules, standing_of
from graphring.model import Tier
from graphring.refresh.calibration import parameters_of
from graphring.ui import charts, markup
from graphring.ui.data import Ring
from graphring.ui.frames import records
from graphring.ui.markup import Column
from graphring.ui.session import Desk
from graphring.ui.words import FAMILIES, TIERS, cell, clean, count, esc, kind_name, signed_bits

__all__ = ["show_reasons"]


def show_reasons(desk: Desk, ring: Ring) -> None:
    """Everything between the ring's figures and its graph."""
    markup.section(
        "Why this is a ring",
        "Each bar is one piece of evidence; 10 bits make a ring about a thousand times more likely.",
    )
    if ring.evidence.empty:
        st.text("No evidence was stored for this ring.")
        return
    st.altair_chart(
        charts.waterfall(ring.evidence, ring.facts["score"], dark=st.context.theme.type == "dark"),
        alt="Evidence in bits, added up to the score",
    )
    benign = ring.facts["benign_explanation"]
    if benign:
        weight = ring.facts["benign_bits"] or 0.0
        markup.note(
            f"Best innocent explanation (if true, the score changes by {signed_bits(weight)} bits)",
            "warn",
            benign[:1].upper() + benign[1:],
        )
    _pieces(ring)
    _holds(ring)
    _tier(desk, ring)


def _pieces(ring: Ring) -> None:
    pieces = records(ring.evidence)
    facts = [piece for piece in pieces if not piece["inferred"]]
    inferred = [piece for piece in pieces if piece["inferred"]]
    against = "What the logs show, against what accounts that have nothing to do with each other would."
    markup.section("Observed", f"{against} {counted(records(ring.accounts))}".strip())
    _table(facts, "Observed against expected")
    markup.section("Inferred", "Concluded by comparison with other hours, other accounts or everybody else.")
    if inferred:
        _table(inferred, "Inferred against expected")
    else:
        st.text("Nothing: the score rests on observed facts only.")
    if any(abs(piece["raw_bits"] - piece["bits"]) > 0.05 for piece in pieces):
        st.caption("“8.0 of 12.0” means that evidence of one kind overlaps, so only a part of it counts.")


def _table(pieces: list[dict[str, Any]], label: str) -> None:
    columns = [
        Column("Evidence", wide=True), Column("Kind"), Column("Observed", number=True), Column("Expected", number=True),
        Column("Counted as"), Column("Bits", number=True),
    ]  # fmt: skip
    rows = [
        [
            piece["statement"],
            FAMILIES.get(piece["family"], clean(piece["family"], 24)),
            _figure(piece["observed"]),
            _figure(piece["expected"]),
            clean(piece["unit"], 80),
            signed_bits(piece["bits"])
            + (f" of {signed_bits(piece['raw_bits'])}" if abs(piece["raw_bits"] - piece["bits"]) > 0.05 else ""),
        ]
        for piece in pieces
    ]
    markup.table(columns, rows, label=label)


def _holds(ring: Ring) -> None:
    """What would be left without a family of evidence, and which objects dissolve the ring."""
    pieces, objects = records(ring.evidence), records(ring.objects)
    told, left = dissolution(ring.facts, objects), without_families(ring.facts, pieces)
    if not told and not left:
        return
    markup.section("What holds it together", " ".join(left))
    if told:
        st.html(f'<p class="gr-below">{esc(told)}</p>')
    cut = cut_of(objects)
    if cut:
        columns = [
            Column("Remove", number=True), Column("Object", wide=True), Column("Type"),
            Column("In the ring", number=True), Column("Outside it", number=True),
            Column("Still connected", number=True),
        ]  # fmt: skip
        rows = [
            [count(o["cut"]), cell(o["label"] or o["object_id"], 80), kind_name(o["object_type"]), count(o["members"]),
             count(o["outsiders"]), count(o["remain"])]
            for o in cut
        ]  # fmt: skip
        markup.table(columns, rows, label="Objects whose removal dissolves the ring")


def _tier(desk: Desk, ring: Ring) -> None:
    """The rule in force, and what the ring lacks for the next tier."""
    p = parameters_of(desk.state.settings, traffic=desk.snapshot.run.counts.get("exchanges", 1) > 0)
    facts, tier = ring.facts, str(ring.facts["tier"])
    above = {Tier.MEDIUM.value: Tier.HIGH, Tier.WATCH.value: Tier.MEDIUM}.get(tier)
    lacks = missing(standing_of(facts, records(ring.evidence), p), above, p) if above else ()
    with st.expander(f"How tiers are given; why this one is {TIERS.get(tier, clean(tier, 20)).lower()}"):
        if chance(facts):
            st.text(chance(facts))
        if above and lacks:
            st.text(f"For {above} it lacks {'; '.join(lacks)}.")
        markup.table(
            [Column("Tier"), Column("Needs, and what is suggested then", wide=True)],
            [[TIERS.get(name, name), f"{rule[:1].upper()}{rule[1:]}."] for name, rule in rules(p)],
            label="Rules of the tiers",
        )


def _figure(value: float | None) -> str:
    if value is None or pd.isna(value):
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:,.3g}"
