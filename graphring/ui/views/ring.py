"""One ring: a sentence, the figures, the evidence, who and what, and what people said of it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from graphring.cases import Entry, Kind, Outcome, life
from graphring.model import Role
from graphring.ui import charts, markup, session
from graphring.ui.data import Ring, read_ring
from graphring.ui.frames import records
from graphring.ui.session import UNNAMED, Desk
from graphring.ui.views import act
from graphring.ui.views.graph import show_graph
from graphring.ui.views.reasons import show_reasons
from graphring.ui.words import (
    cell,
    clean,
    count,
    day,
    esc,
    event_name,
    kind_name,
    measure_name,
    plural,
    timestamp,
)  # fmt: skip

__all__ = ["show"]


def show(desk: Desk) -> None:
    """The ring that the address names: /ring?ring=R-00001."""
    ring_id = st.query_params.get("ring", "")
    if not ring_id:
        session.forget_view()
        markup.note("No ring is chosen.", "plain", "Choose one in the queue.")
        st.page_link(session.page("queue"), label="Go to the queue")
        return
    ring = read_ring(desk, ring_id)
    if session.first_view(ring_id, desk.run_id):
        desk.state.casebook.record(session.person() or UNNAMED, "view", ring_id, f"page, {desk.run_id}")
    history = desk.state.casebook.history(ring_id)
    st.page_link(session.page("queue"), label="← Queue")
    _head(desk, ring, history)
    with st.container(key="ring_layout"):
        main, rail = st.columns([2.75, 1], gap="large")
        with rail, st.container(key="ring_rail"):
            act.panel(desk, ring, history)
        with main:
            show_reasons(desk, ring)
            with st.container(key="ring_graph"):
                show_graph(desk, ring)
            _activity(ring)
            _accounts(ring)
            _objects(ring)
            _history(ring, history)


def _head(desk: Desk, ring: Ring, history: list[Entry]) -> None:
    facts = ring.facts
    badges = [markup.badge(facts["ring_id"], "id"), markup.tier_badge(facts["tier"])]
    decision = next((e for e in reversed(history) if e.kind is Kind.DECISION), None)
    if decision is not None and decision.outcome is not None and decision.outcome is not Outcome.REOPEN:
        badges.append(markup.badge(f"Decided: {decision.outcome}", str(decision.outcome)))
    badges.append(markup.badge(event_name(facts["status"]), "plain"))
    markup.headline(badges, facts["headline"])
    markup.facts(
        [
            ("Score", f"{facts['score']:.1f} bits"),
            ("Probability", _share(facts["probability"])),
            ("Accounts", count(facts["accounts"])),
            ("Active", f"{day(facts['first_seen'])} to {day(facts['last_seen'])}"),
            ("Strangers score as much", _p_value(facts["p_value"], facts.get("q_value"))),
            ("Suggested measure", measure_name(facts["measure"])),
        ]
    )
    if line := life(records(ring.ledger)):
        st.html(f'<p class="gr-below">History: {esc(line, 1_000)}</p>')
    newer = desk.snapshot.run
    if decision is not None and decision.run_id != newer.run_id and decision.outcome is not Outcome.REOPEN:
        grown = facts["accounts"] - (decision.accounts_count or 0)
        if grown:
            change = f"{plural(abs(grown), 'account')} {'more' if grown > 0 else 'fewer'} than when it was decided"
            markup.note(
                f"The ring has {change} ({day(decision.at)}).",
                "warn",
                "Look again: the decision covers the accounts of that day.",
            )


def _share(value: float | None) -> str:
    if value is None or pd.isna(value):
        return ""
    return "over 99.9 %" if value > 0.999 else "under 0.1 %" if value < 0.001 else f"{value:.1%}".replace("%", " %")


def _p_value(value: float | None, among: float | None) -> str:
    if value is None or pd.isna(value):
        return ""
    return f"p = {value:.2g}" + ("" if among is None or pd.isna(among) else f", q = {among:.2g}")


def _dark() -> bool:
    return st.context.theme.type == "dark"


def _activity(ring: Ring) -> None:
    markup.section("Activity by hour", "Exchanges of the ring's accounts. People sleep, scripts keep to a timetable.")
    if ring.activity.empty:
        st.text("No exchanges were seen in this run.")
    else:
        st.altair_chart(charts.heat_map(ring.activity, dark=_dark()), alt="Exchanges by day and hour of the day")


def _accounts(ring: Ring) -> None:
    markup.section("Accounts", _who_is_in(ring))
    frame = ring.accounts
    st.dataframe(
        pd.DataFrame(
            {
                "Account": frame["account_id"].map(cell),
                "Confidence": frame["confidence"] * 100,
                "Bits": frame["bits"],
                "Role": frame["role"].map(lambda role: clean(role).capitalize()),
                "Created": frame["created_at"],
                "Plan": frame["plan"].map(cell),
                "Country": frame["country"].map(cell),
                "Mail domain": frame["email_domain"].map(cell),
                "Organisation": frame["organisation"].map(cell),
                "Status": frame["status"].map(cell),
                "Requests": frame["requests"],
                "Active days": frame["active_days"],
            }
        ),
        hide_index=True,
        height="content" if len(frame) <= 10 else 388,
        alt="Accounts of the ring, surest first",
        column_config={
            "Confidence": st.column_config.NumberColumn(format="%.0f %%"),
            "Bits": st.column_config.NumberColumn(format="%.1f"),
            "Created": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm", timezone="UTC"),
            "Requests": st.column_config.NumberColumn(format="localized"),
        },
    )


def _who_is_in(ring: Ring) -> str:
    roles = ring.accounts["role"].value_counts()
    others = [plural(n, clean(role)) for role, n in sorted(roles.items()) if role != Role.MEMBER]
    beside = f" Not counted as members: {', '.join(others)}." if others else ""
    return f"{plural(roles.get(Role.MEMBER, 0), 'member')}, surest first.{beside}"


def _objects(ring: Ring) -> None:
    markup.section(
        "Shared objects", "What the accounts have in common. The rarer among all accounts, the more it says."
    )
    frame = ring.objects
    names = [cell(row["label"] or row["object_id"], 80) for row in records(frame)]
    st.dataframe(
        pd.DataFrame(
            {
                "Type": frame["object_type"].map(kind_name),
                "Object": names,
                "In the ring": frame["members"],
                "Outside it": frame["outsiders"],
                "Rarity (bits)": frame["bits"],
                "Id": [cell(name, 80) for name in frame["object_id"]],
            }
        ),
        hide_index=True,
        height="content" if len(frame) <= 10 else 388,
        alt="Objects that accounts of the ring share",
        column_config={
            "In the ring": st.column_config.NumberColumn(format="localized"),
            "Outside it": st.column_config.NumberColumn(format="localized"),
            "Rarity (bits)": st.column_config.NumberColumn(format="%.1f"),
        },
    )


def _history(ring: Ring, history: list[Entry]) -> None:
    markup.section("History", "What people said and did, then what the runs found.")
    said = [
        f'<li><span class="gr-when">{esc(timestamp(e.at))} · {esc(e.by, 80)}</span>{_entry(e)}</li>'
        for e in reversed(history[-60:])
    ]
    found = [
        f'<li><span class="gr-when">{esc(row["run_id"])}</span>{esc(event_name(row["event"]))}: '
        f"{esc(plural(row['accounts'], 'account'))}. {esc(_sentence(row['note']))}</li>"
        for row in reversed(records(ring.ledger)[-60:])
    ]
    people, runs = st.columns(2, gap="large")
    with people:
        st.html(f'<ul class="gr-log">{"".join(said) or "<li>Nothing yet.</li>"}</ul>')
    with runs:
        st.html(f'<ul class="gr-log">{"".join(found) or "<li>Nothing yet.</li>"}</ul>')


def _sentence(text: str | None) -> str:
    return text[:1].upper() + text[1:] if text else ""


def _entry(entry: Entry) -> str:
    if entry.kind is Kind.DECISION:
        what = f"<b>Decided: {esc(entry.outcome)}</b> ({esc(plural(entry.accounts_count or 0, 'account'))})<br>"
        return f'{what}<span class="gr-said">{esc(entry.text, 2_000)}</span>'
    if entry.kind is Kind.NOTE:
        return f'<b>Note</b><br><span class="gr-said">{esc(entry.text, 2_000)}</span>'
    return f"{esc(event_name(entry.action))}" + (f" ({esc(entry.text, 200)})" if entry.text else "")
