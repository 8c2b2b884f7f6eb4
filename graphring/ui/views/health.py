"""Run health: what the last refresh read, how long it took, what it left out and what it warns of."""

from __future__ import annotations

from urllib.parse import urlsplit

import pandas as pd
import streamlit as st

from graphring.ui import markup, session
from graphring.ui.markup import Column
from graphring.ui.session import Desk
from graphring.ui.words import cell, clean, count, plural, timestamp

__all__ = ["show"]

_FIRST = ("accounts", "exchanges", "objects", "sightings", "families", "rings", "duplicates", "quarantined")
_SHOWN = 1_000


def show(desk: Desk) -> None:
    """The current run, then the runs before it."""
    session.forget_view()
    run = desk.snapshot.run
    seconds = (run.finished - run.started).total_seconds()
    markup.title(
        "Run health",
        f"Run {run.number} ({run.run_id}), finished {timestamp(run.finished)} after {seconds:,.0f} seconds.",
    )
    markup.facts([(_counted(name), count(run.counts[name])) for name in _FIRST if name in run.counts])
    for warning in run.warnings:
        markup.note(warning, "warn")
    left, right = st.columns([1, 1], gap="large")
    with left:
        markup.section("Stages")
        longest = sorted(run.stages.items(), key=lambda item: (-item[1], item[0]))
        rows = [[stage.replace("_", " ").capitalize(), f"{took:,.1f}"] for stage, took in longest]
        markup.table([Column("Stage"), Column("Seconds", number=True)], rows, label="Stages and seconds")
    with right:
        markup.section("What this run is")
        about = [("graphring", run.version), ("Fingerprint", run.fingerprint[:16])]
        markup.facts([*about, ("Store", _place(desk))], compact=True)
        markup.section("Earlier runs")
        earlier = [r for r in desk.state.store.runs() if r.run_id != run.run_id][:10]
        if earlier:
            columns = [Column("Run", number=True), Column("Finished"), Column("Rings", number=True)]
            rows = [[str(r.number), timestamp(r.finished), count(r.counts.get("rings", 0))] for r in earlier]
            markup.table(columns, rows, label="Earlier runs")
        else:
            st.text("None.")
    _quarantine(desk)
    with st.expander("All counts of this run"):
        rows = [[_counted(name), count(number)] for name, number in sorted(run.counts.items())]
        markup.table([Column("Count"), Column("Number", number=True)], rows, label="All counts")


def _place(desk: Desk) -> str:
    """Where the store is, without the credentials that an address may carry."""
    settings = desk.state.settings
    if not settings.store:
        return f"embedded in {settings.state}"
    address = urlsplit(settings.store)
    return f"{address.scheme}://{address.hostname or ''}" + (f":{address.port}" if address.port else "")


def _counted(name: str) -> str:
    return "IP addresses" if name == "ips" else clean(name.replace("_", " ")).capitalize()


def _quarantine(desk: Desk) -> None:
    frame = desk.snapshot.quarantine().to_pandas()
    markup.section("Quarantine", "Rows of the logs that could not be used. They count in nothing above.")
    if frame.empty:
        st.text("Empty: every row was used.")
        return
    reasons = frame.groupby(["table", "reason"], sort=True).size().sort_values(ascending=False, kind="stable")
    rows = [[str(table), str(reason), count(rows)] for (table, reason), rows in list(reasons.items())[:20]]
    markup.table([Column("Table"), Column("Reason", wide=True), Column("Rows", number=True)], rows, label="Reasons")
    with st.expander(f"Single rows ({plural(min(len(frame), _SHOWN), 'row')} shown of {count(len(frame))})"):
        shown = frame.head(_SHOWN)
        st.dataframe(
            pd.DataFrame(
                {
                    "Table": shown["table"].map(cell), "File": shown["file"].map(cell), "Row": shown["row"],
                    "Reason": shown["reason"].map(cell),
                }
            ),
            hide_index=True,
        )  # fmt: skip
