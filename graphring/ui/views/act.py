"""What a person does about a ring: decide, note, export a case file."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import streamlit as st

import graphring
from graphring.cases import Entry, Kind, Outcome, export_case
from graphring.errors import GraphringError
from graphring.ui import markup, session
from graphring.ui.data import Ring
from graphring.ui.session import Desk
from graphring.ui.words import clean, timestamp

__all__ = ["panel"]

_OUTCOMES = {
    Outcome.CONFIRMED: "Confirmed: the accounts act together against the terms",
    Outcome.BENIGN: "Benign: there is an innocent reason",
    Outcome.WATCH: "Watch: not enough to act on yet",
    Outcome.REOPEN: "Reopen: an earlier decision no longer holds",
}
_SAID = "graphring_said"
_FILES = "graphring_case_file"


def panel(desk: Desk, ring: Ring, history: list[Entry]) -> None:
    """The column beside the ring."""
    said = st.session_state.pop(_SAID, None)
    if said:
        markup.note(said, "good")
    who = session.name_box()
    decisions = [entry for entry in history if entry.kind is Kind.DECISION]
    _decide(desk, ring, who, decisions)
    _note(desk, ring, who)
    _export(desk, ring, who)


def _decide(desk: Desk, ring: Ring, who: str, decisions: list[Entry]) -> None:
    markup.section("Decide")
    if decisions:
        last = decisions[-1]
        st.text(f"Last: {last.outcome} by {clean(last.by)}, {timestamp(last.at)}.")
    outcomes = [o for o in _OUTCOMES if o is not Outcome.REOPEN or decisions]
    with st.form("decide", border=False):
        outcome = st.radio("Outcome", outcomes, index=None, format_func=_OUTCOMES.__getitem__, key="decide_outcome")
        reason = st.text_area(
            "Reason",
            key="decide_reason",
            max_chars=2_000,
            height=110,
            placeholder="Kept in the casebook and shown in the case file",
        )
        sent = st.form_submit_button("Record decision", type="primary", width="stretch")
    if not sent:
        return
    missing = [
        name for name, given in (("your name", who), ("an outcome", outcome), ("a reason", reason.strip())) if not given
    ]
    if missing or outcome is None:
        markup.note(f"Not recorded: {' and '.join(missing)} missing.", "bad")
        return
    accounts = ring.accounts.loc[ring.accounts["role"] == "member", "account_id"].tolist()
    entry = desk.state.casebook.decide(
        ring.facts["ring_id"], outcome, by=who, reason=reason, run_id=desk.run_id, accounts=accounts
    )
    _done(f"Recorded: {outcome}, entry {entry.seq} of the casebook.", "decide_outcome", "decide_reason")


def _note(desk: Desk, ring: Ring, who: str) -> None:
    with st.expander("Add a note"), st.form("note", border=False):
        text = st.text_area("Note", key="note_text", max_chars=5_000, height=100)
        if not st.form_submit_button("Add note", width="stretch"):
            return
        if not who or not text.strip():
            markup.note("Not recorded: your name and a text are needed.", "bad")
            return
        desk.state.casebook.note(ring.facts["ring_id"], by=who, text=text)
        _done("Note added.", "note_text")


def _export(desk: Desk, ring: Ring, who: str) -> None:
    markup.section("Case file", "Report, accounts and manifest, for readers without this page.")
    ring_id = ring.facts["ring_id"]
    with st.form("export", border=False):
        redacted = st.checkbox("Redacted: pseudonyms for accounts and payment methods", key="export_redacted")
        if st.form_submit_button("Prepare case file", width="stretch"):
            if not who:
                markup.note("Not prepared: your name is needed.", "bad")
                return
            try:
                folder = export_case(
                    desk.snapshot,
                    desk.state.casebook,
                    ring_id,
                    desk.state.settings.state / "exports",
                    by=who,
                    redacted=redacted,
                    version=graphring.__version__,
                )
            except GraphringError as error:
                markup.show_error(error)
                return
            st.session_state[_FILES] = (ring_id, desk.run_id, str(folder))
    ready = st.session_state.get(_FILES)
    if not ready or ready[:2] != (ring_id, desk.run_id):
        return
    folder = Path(ready[2])
    if not folder.is_dir():
        markup.note("The case file was moved away from the state.", "plain", "Prepare it again.")
        return
    st.text(f"Ready: {folder}")
    st.download_button(
        "Download as zip", _zipped(folder), file_name=f"{folder.name}.zip", mime="application/zip", on_click="ignore",
        width="stretch", type="primary",
    )  # fmt: skip


def _zipped(folder: Path) -> bytes:
    """The folder as a zip, files in order, always with the same date, so that the same folder gives the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()


def _done(said: str, *keys: str) -> None:
    """Say what happened after a rerun that shows it, with the form empty again."""
    for key in keys:
        st.session_state.pop(key, None)
    st.session_state[_SAID] = said
    st.rerun()
