"""Every page and form, run by Streamlit's AppTest on a published state."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from graphring.cases import Kind, Outcome
from graphring.config import Settings
from graphring.model import ADDED, RUN_TABLES
from graphring.refresh import State
from graphring.ui.session import Desk
from graphring.ui.views.act import _zipped
from graphring.ui.views.health import _place
from tests.fakes import HOSTILE_IDS, FakeSnapshot

from .conftest import Opened, markup, opener, published


def ids(app: AppTest) -> list[str]:
    return list(app.dataframe[0].value["ring_id"])


# --- the queue -----------------------------------------------------------------------------------------------------
def test_the_queue_lists_rings_surest_first(page: Opened) -> None:
    app = page()
    assert not app.exception
    assert ids(app) == ["R-00001", "R-00002", "R-00003"]
    assert "Run 7, finished 25 Jan 2026, 02:04 UTC: 50,000 accounts, 1,250,000 exchanges." in markup(app)


@pytest.mark.parametrize(
    ("key", "value", "left"),
    [
        ("queue_tiers", ["high", "watch"], ["R-00001", "R-00003"]),
        ("queue_score", 10.0, ["R-00001", "R-00002"]),
        ("queue_accounts", 17, ["R-00001"]),
        ("queue_status", ["born"], ["R-00001", "R-00002", "R-00003"]),
        ("queue_search", "R-00002", ["R-00002"]),
        ("queue_search", "acct-004117", ["R-00001"]),
        ("queue_search", "192.0.2.44", ["R-00003"]),
    ],
)
def test_filters_and_search(page: Opened, key: str, value: object, left: list[str]) -> None:
    app = page()
    app.session_state[key] = value
    assert ids(app.run()) == left


def test_a_search_without_a_hit_says_so(page: Opened) -> None:
    app = page()
    app.text_input(key="queue_search").input("<b>nobody</b>").run()
    assert app.text[0].value.startswith("Nothing in this run begins with “<b>nobody</b>”")
    assert "No ring matches." in markup(app)


def test_the_queue_filters_by_decision(page: Opened, state: State) -> None:
    state.casebook.decide("R-00003", "benign", by="Ada", reason="a hackathon", run_id="run-000007", accounts=["a"])
    app = page()
    assert list(app.dataframe[0].value["decision"]) == ["No decision", "No decision", "Benign"]
    app.session_state["queue_decisions"] = ["open"]
    assert ids(app.run()) == ["R-00001", "R-00002"]


# --- a ring --------------------------------------------------------------------------------------------------------
def test_a_deep_link_opens_a_ring_cold(page: Opened) -> None:
    app = page("ring", ring="R-00001")
    assert not app.exception
    shown = markup(app)
    assert "24 accounts created in one sitting" in shown
    assert "41.0 bits" in shown
    assert "A tutoring company that bought virtual cards per class" in shown
    assert "+14.2 of +31.7" in shown
    assert "History: Born in run 7 (first seen in this run)." in shown
    assert [frame.value.shape[0] for frame in app.dataframe] == [25, 11]
    assert len(app.get("vega_lite_chart")) == 2
    assert len(app.get("bidi_component")) == 1


def test_a_ring_says_what_holds_it_together_and_why_it_has_its_tier(page: Opened, state: State) -> None:
    app = page("ring", ring="R-00001")
    shown = markup(app)
    assert "Without the content evidence 5 of 24 accounts would remain." in shown
    assert "Without this object fewer than half stay connected: 11." in shown
    assert shown.index(">Observed<") < shown.index("The accounts were created in one sitting")
    assert shown.index(">Inferred<") < shown.index("suggests one operator")
    assert "p = 0.0005, q = 0.001" in shown
    assert "At least 12 bits, two families of 2 bits each" in shown
    watched = page("ring", ring="R-00003")
    assert "How tiers are given; why this one is watch" in [e.label for e in watched.expander]
    assert any("For medium it lacks 9.72 bits (it has 4.5)" in t.value for t in watched.text)


def test_a_run_that_does_not_know_what_holds_a_ring_shows_no_such_section(tmp_path: Path) -> None:
    sample = FakeSnapshot.sample()
    tables = dict(sample.tables)
    for name in ("rings", "evidence", "ring_objects"):
        rows = [{k: v for k, v in row.items() if k not in ADDED} for row in tables[name].to_pylist()]
        tables[name] = pa.Table.from_pylist(rows, schema=RUN_TABLES[name])
    app = opener(published(tmp_path, replace(sample, tables=tables)))("ring", ring="R-00001")
    assert not app.exception
    assert "What holds it together" not in markup(app)


def test_a_view_is_on_record_once_per_visit(page: Opened, state: State) -> None:
    app = page("ring", ring="R-00001")
    app.text_input(key="graphring_name").input("Ada").run()
    views = [entry for entry in state.casebook.history("R-00001") if entry.action == "view"]
    assert [(entry.by, entry.text) for entry in views] == [("unnamed (page)", "page, run-000007")]


def test_an_unknown_ring_and_no_ring_are_one_clear_line(page: Opened) -> None:
    assert "has no ring R-99999." in markup(page("ring", ring="R-99999"))
    assert "No ring is chosen." in markup(page("ring"))


def test_hostile_text_is_shown_as_text(page: Opened) -> None:
    app = page("ring", ring="R-00002")
    assert not app.exception
    shown = markup(app)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    for bad in ("<script", "<img", "<svg", "\u202e", "</style><style>", "L" * 500):
        assert bad not in shown
    for element in [*app.markdown, *app.caption, *app.error]:
        assert not [text for text in HOSTILE_IDS if text in element.value]
    accounts = app.dataframe[0].value["Account"]
    assert not [name for name in accounts if name.startswith(("=", "+", "-", "@", "\t"))]


def drawn(app: AppTest) -> str:
    return str(app.get("bidi_component")[0].proto)


def test_each_ring_has_its_own_graph(page: Opened) -> None:
    first, third = (drawn(page("ring", ring=ring_id)) for ring_id in ("R-00001", "R-00003"))
    assert "Graph of ring R-00001" in first
    assert "Graph of ring R-00003" in third


def test_a_new_run_is_shown_and_states_do_not_mix(tmp_path: Path) -> None:
    """What is cached is cached for one run of one state."""
    sample = FakeSnapshot.sample()
    here, there = (published(tmp_path / name, sample) for name in ("here", "there"))
    assert ids(opener(here)()) == ids(opener(there)()) == ["R-00001", "R-00002", "R-00003"]
    assert "41.0 bits" in markup(opener(here)("ring", ring="R-00001"))

    rings = sample.rings().to_pylist()
    rings[0] = {**rings[0], "score": 3.5, "tier": "watch"}
    tables = {**sample.tables, "rings": sample.rings().from_pylist(rings, schema=RUN_TABLES["rings"])}
    published(tmp_path / "here", replace(sample, tables=tables).with_run("run-000008", 8))
    assert ids(opener(here)()) == ["R-00002", "R-00003", "R-00001"]
    assert "3.5 bits" in markup(opener(here)("ring", ring="R-00001"))
    assert ids(opener(there)()) == ["R-00001", "R-00002", "R-00003"]
    assert "41.0 bits" in markup(opener(there)("ring", ring="R-00001"))


# --- decide, note, export ------------------------------------------------------------------------------------------
def name(app: AppTest, who: str = "Ada Quill") -> AppTest:
    return app.text_input(key="graphring_name").input(who).run()


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def test_a_decision_goes_into_the_casebook(page: Opened, state: State) -> None:
    app = name(page("ring", ring="R-00001"))
    app.radio(key="decide_outcome").set_value(Outcome.CONFIRMED)
    app.text_area(key="decide_reason").input("cards and wrapper")
    app = press(app, "Record decision")
    assert not app.exception
    entry = state.casebook.outcomes()["R-00001"]
    assert (entry.by, entry.outcome, entry.text, entry.run_id) == (
        "Ada Quill", Outcome.CONFIRMED, "cards and wrapper", "run-000007",
    )  # fmt: skip
    members = [f"acct-{4_100 + 17 * i:06d}" for i in range(24)]
    assert state.casebook.accounts(entry) == tuple(members), "the victim among the accounts is not decided on"
    assert "Recorded: confirmed" in markup(app)
    assert "Decided: confirmed" in markup(app)
    assert app.text_area(key="decide_reason").value == ""


def test_an_incomplete_decision_is_not_recorded(page: Opened, state: State) -> None:
    app = press(page("ring", ring="R-00001"), "Record decision")
    assert "Not recorded: your name and an outcome and a reason missing." in markup(app)
    assert not state.casebook.outcomes()


def test_a_decision_can_be_reopened(page: Opened, state: State) -> None:
    app = page("ring", ring="R-00001")
    assert Outcome.REOPEN not in app.radio(key="decide_outcome").options
    state.casebook.decide("R-00001", "benign", by="Ada", reason="x", run_id="run-000007", accounts=["a"])
    app = page("ring", ring="R-00001")
    assert app.radio(key="decide_outcome").options[-1].startswith("Reopen")


def test_a_note_goes_into_the_casebook(page: Opened, state: State) -> None:
    app = name(page("ring", ring="R-00001"))
    app.text_area(key="note_text").input("ask <b>payments</b>")
    app = press(app, "Add note")
    note = next(e for e in state.casebook.history("R-00001") if e.kind is Kind.NOTE)
    assert (note.by, note.text) == ("Ada Quill", "ask <b>payments</b>")
    assert "ask &lt;b&gt;payments&lt;/b&gt;" in markup(app)


def test_an_export_writes_the_case_folder_and_offers_it(page: Opened, state: State) -> None:
    app = press(name(page("ring", ring="R-00003")), "Prepare case file")
    assert not app.exception
    assert len(app.get("download_button")) == 1
    folder = Path(app.session_state["graphring_case_file"][2])
    assert (folder / "manifest.json").is_file()
    assert folder.is_relative_to(state.settings.state)
    assert [e.by for e in state.casebook.history("R-00003") if e.action == "export"] == ["Ada Quill"]


def test_the_zip_holds_the_folder_and_has_the_same_bytes_each_time(tmp_path: Path) -> None:
    folder = tmp_path / "R-00001-run"
    folder.mkdir()
    (folder / "b.txt").write_text("b")
    (folder / "a.txt").write_text("a")
    zipped = _zipped(folder)
    assert zipped == _zipped(folder)
    assert zipfile.ZipFile(io.BytesIO(zipped)).namelist() == ["R-00001-run/a.txt", "R-00001-run/b.txt"]


# --- templates, health ---------------------------------------------------------------------------------------------
def test_templates_are_listed(page: Opened) -> None:
    app = page("templates")
    assert not app.exception
    assert list(app.dataframe[0].value["family_id"]) == ["F-00001", "F-00666", "F-00031"]


def test_run_health_shows_stages_and_counts(page: Opened) -> None:
    app = page("health")
    assert not app.exception
    shown = markup(app)
    assert "Run 7 (run-000007), finished 25 Jan 2026, 02:04 UTC after 251 seconds." in shown
    assert "1,250,000" in shown
    assert "Detect" in shown


def test_quarantine_and_warnings_are_shown_as_text(tmp_path: Path) -> None:
    sample = FakeSnapshot.sample()
    row = {"table": "exchanges", "file": "<b>x</b>.csv", "row": 3, "reason": "no <i>ts</i>"}
    quarantine = sample.quarantine().from_pylist([row], schema=RUN_TABLES["quarantine"])
    run = replace(sample.run, warnings=("half of <b>exchanges</b> have no prompt",))
    settings = published(
        tmp_path / "state", replace(sample, run=run, tables={**sample.tables, "quarantine": quarantine})
    )
    app = opener(settings)("health")
    shown = markup(app)
    assert "no &lt;i&gt;ts&lt;/i&gt;" in shown
    assert "half of &lt;b&gt;exchanges" in shown
    assert app.dataframe[0].value["File"][0] == "<b>x</b>.csv"


# --- nothing there -------------------------------------------------------------------------------------------------
def test_a_run_without_rings_says_so(tmp_path: Path) -> None:
    sample = FakeSnapshot.sample()
    empty = {name: schema.empty_table() for name, schema in RUN_TABLES.items()}
    app = opener(published(tmp_path / "state", replace(sample, tables=empty)))()
    assert not app.exception
    assert "This run found no ring." in markup(app)


@pytest.mark.parametrize("where", ["", "ring", "templates", "health"])
def test_a_missing_state_is_one_clear_line(tmp_path: Path, where: str) -> None:
    missing = tmp_path / "typo"
    app = opener(Settings(state=missing))(where)
    assert not app.exception
    assert "There is no state directory" in markup(app)
    assert "graphring refresh LOGS --state DIR" in markup(app)
    assert not missing.exists(), "looking leaves no trace"


def test_a_state_without_a_run_is_one_clear_line(tmp_path: Path) -> None:
    app = opener(Settings(state=tmp_path))()
    assert "Nothing has been published" in markup(app)


def test_a_broken_store_is_one_clear_line(tmp_path: Path) -> None:
    settings = published(tmp_path / "state", FakeSnapshot.sample())
    (settings.state / "snapshots" / "run-000007" / "rings.parquet").write_bytes(b"broken")
    app = opener(settings)()
    assert not app.exception
    assert "cannot be read" in markup(app)
    assert "Traceback" not in markup(app)


def test_the_store_is_named_without_its_credentials(state: State) -> None:
    settings = state.settings.model_copy(update={"store": "bolt://neo4j:secret@db.example:7687"})
    desk = Desk(State(settings), FakeSnapshot.sample())
    assert _place(desk) == "bolt://db.example:7687"
