"""The case file: complete, inert, the same again, and never over another."""

from __future__ import annotations

import base64
import csv
import errno
import hashlib
import io
import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pytest

from graphring.cases import Casebook, Kind, Outcome, export_case, verify_case
from graphring.errors import DiskFullError, InputError, StoreError, UnknownRingError
from graphring.model import RING_OBJECTS
from tests.fakes import HOSTILE_IDS, FakeSnapshot

AT = datetime(2026, 1, 26, 13, tzinfo=UTC)
HOW = {"by": "kim", "version": "0.1.0", "at": AT}
FILES = ["accounts.csv", "case.json", "manifest.json", "report.html"]


def text(folder: Path, name: str = "report.html") -> str:
    return (folder / name).read_text(encoding="utf-8")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def cells(folder: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text(folder, "accounts.csv"), newline="")))


class Tags(HTMLParser):
    """Every element with its attributes, and all text outside of style."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_a_case_file_has_its_files_and_the_casebook_knows_of_it(
    snapshot: FakeSnapshot, book: Casebook, tmp_path: Path
) -> None:
    folder = export_case(snapshot, book, "R-00001", tmp_path / "out", **HOW)
    assert folder == tmp_path / "out" / "R-00001-run-000007"
    assert names(folder) == FILES
    assert names(folder.parent) == [folder.name]
    verified = verify_case(folder)
    assert (verified.ring_id, verified.run_id, verified.redacted) == ("R-00001", "run-000007", False)
    assert (verified.run_fingerprint, verified.created_at) == ("5d" * 32, "2026-01-26T13:00:00.000000Z")
    audit = book.history("R-00001")[-1]
    assert (audit.kind, audit.action, audit.by) == (Kind.AUDIT, "export", "kim")
    assert verified.manifest_sha256 in audit.text


def test_a_second_export_stands_beside_the_first(snapshot: FakeSnapshot, book: Casebook, tmp_path: Path) -> None:
    first = export_case(snapshot, book, "R-00003", tmp_path, **HOW)
    before = {name: (first / name).read_bytes() for name in FILES}
    second = export_case(snapshot, book, "R-00003", tmp_path, **HOW)
    assert second.name == "R-00003-run-000007-2"
    assert {name: (first / name).read_bytes() for name in FILES} == before


def test_neither_an_empty_folder_nor_a_file_is_replaced(snapshot: FakeSnapshot, book: Casebook, tmp_path: Path) -> None:
    (tmp_path / "R-00003-run-000007").mkdir()
    (tmp_path / "R-00003-run-000007-2").symlink_to("/nowhere")
    assert export_case(snapshot, book, "R-00003", tmp_path, **HOW).name == "R-00003-run-000007-3"


def test_the_same_case_has_the_same_bytes(snapshot: FakeSnapshot, book: Casebook, tmp_path: Path) -> None:
    folders = []
    for place in ("a", "b"):
        with Casebook.open(f"sqlite:///{tmp_path / place}.sqlite", clock=lambda: AT) as own:
            own.decide("R-00001", "confirm", by="kim", reason="r", run_id="run-000007", accounts=["acct-004100"])
            folders.append(export_case(snapshot, own, "R-00001", tmp_path / place, **HOW))
    assert [(folders[0] / name).read_bytes() for name in FILES] == [(folders[1] / name).read_bytes() for name in FILES]


def test_case_json_has_everything(snapshot: FakeSnapshot, book: Casebook, tmp_path: Path) -> None:
    book.decide("R-00002", Outcome.WATCH, by="kim", reason="why", run_id="run-000007", accounts=["a"])
    book.note("R-00002", by="lee", text="note")
    book.record("kim", "view", "R-00002")
    case = json.loads(text(export_case(snapshot, book, "R-00002", tmp_path, **HOW), "case.json"))
    assert case["schema"] == {"name": "graphring-case", "version": 1}
    assert list(case) == sorted(case)
    assert {row["account_id"] for row in case["accounts"]} == set(HOSTILE_IDS)
    assert [row["name"] for row in case["evidence"]] == ["shared_cards", "shared_wrapper"]
    assert case["ring"]["score"] == 10.5
    assert [row["label"] for row in case["objects"] if row["object_type"] == "device"] == ["L" * 4_000]
    assert [(row["outcome"], row["accounts"]) for row in case["decisions"]] == [("watch", ["a"])]
    assert [row["text"] for row in case["notes"]] == ["note"]
    assert case["casebook"]["entries"] == 3
    assert case["families"][0]["family_id"] == "F-00666"


@pytest.mark.parametrize("redacted", [False, True])
def test_hostile_text_is_inert(book: Casebook, tmp_path: Path, redacted: bool) -> None:
    hostile = FakeSnapshot.sample(long_label=1_000_000)
    book.note("R-00002", by="<b>eve</b>", text="<script>alert(9)</script>\n\u202eabc {{ 7*7 }}")
    folder = export_case(hostile, book, "R-00002", tmp_path, redacted=redacted, **HOW)
    report = text(folder)
    assert len(report) < 200_000
    tags = Tags(report)
    active = {"script", "img", "iframe", "object", "embed", "link", "form", "a", "base", "b", "i"}
    assert not active & {tag for tag, _ in tags.found}
    assert [tag for tag, _ in tags.found].count("style") == 1
    attributes = {name for _, attrs in tags.found for name in attrs}
    assert not [name for name in attributes if name.startswith("on") or name in {"src", "href", "style", "srcset"}]
    assert "<script>alert(9)</script>" in "".join(tags.words)
    assert "{{ 7*7 }}" in "".join(tags.words)
    for name in FILES:
        assert not set("\u202e\u2066\u2067\u2069\u200b\x00\x1b") & set(text(folder, name)), name
    for row in cells(folder)[1:]:
        for index in (0, 7, 8):
            assert row[index][:1] not in {"=", "+", "-", "@", "\t", "\r"}
    verify_case(folder)


def test_formula_starts_get_an_apostrophe_and_other_text_does_not(
    snapshot: FakeSnapshot, book: Casebook, tmp_path: Path
) -> None:
    rows = cells(export_case(snapshot, book, "R-00002", tmp_path, **HOW))
    accounts = {row[0] for row in rows[1:]}
    assert {"'+1+cmd|' /C calc'!A0", "'-2+3", "'@SUM(1+1)", "'\\x09=1+1"} <= accounts
    assert {"../../../etc/passwd", "acct\\u202egnp.exe", "line\\x0abreak\\x0dreturn"} <= accounts
    assert len(rows) == 1 + len(HOSTILE_IDS)


def test_the_report_loads_nothing_and_its_policy_fits_its_style(
    snapshot: FakeSnapshot, book: Casebook, tmp_path: Path
) -> None:
    report = text(export_case(snapshot, book, "R-00001", tmp_path, **HOW))
    policy = next(attrs["content"] for tag, attrs in Tags(report).found if "http-equiv" in attrs)
    style = report.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style
    assert "@import" not in style
    assert "http://" not in report
    assert "https://" not in report


def test_facts_stand_apart_from_inference_and_the_numbers_are_those_of_the_run(
    snapshot: FakeSnapshot, book: Casebook, tmp_path: Path
) -> None:
    report = text(export_case(snapshot, book, "R-00001", tmp_path, **HOW))
    facts, _, rest = report.split("<h2>Observed facts</h2>")[1].partition("<h3>Inference</h3>")
    inference = rest.split("</section>")[0]
    assert "11 seconds apart" in facts
    assert "suggests one operator" in inference
    assert "suggests one operator" not in facts
    for piece in ("41.0 bits", "over 99.9%", "and 1 victim", "+14.2", "\N{MINUS SIGN}2.1", "tutoring company"):
        assert piece in report
    assert "History over the runs: <bdi>Born in run 7 (first seen in this run).</bdi>" in report


def test_a_small_ring_that_nobody_decided(snapshot: FakeSnapshot, book: Casebook, tmp_path: Path) -> None:
    report = text(export_case(snapshot, book, "R-00003", tmp_path, **HOW))
    assert "All 5 accounts." in report
    assert "nobody has decided yet" in report


@pytest.mark.slow
def test_a_ring_of_twenty_thousand_accounts(book: Casebook, tmp_path: Path) -> None:
    folder = export_case(FakeSnapshot.large(20_000), book, "R-00001", tmp_path, **HOW)
    assert len(cells(folder)) == 1 + 20_001
    report = text(folder)
    assert "The 200 accounts of highest confidence; 19,801 more are in accounts.csv, which is complete." in report
    assert "The 25 most shared of 2,508 objects; case.json has all." in report
    assert len(report) < 200_000
    verify_case(folder)


def test_a_decision_says_how_the_ring_has_changed_since(snapshot: FakeSnapshot, book: Casebook, tmp_path: Path) -> None:
    members = snapshot.members("R-00003")["account_id"].to_pylist()
    decided = {"by": "kim", "run_id": "run-000006"}
    book.decide("R-00003", "watch", reason="first", accounts=[*members[:3], "gone"], **decided)
    book.decide("R-00003", "clear", reason="two\nlines", accounts=members, **decided)
    report = text(export_case(snapshot, book, "R-00003", tmp_path, **HOW))
    assert "About the 4 accounts that the ring had then; since then 2 joined and 1 left." in report
    assert "About the 5 accounts that the ring had then; they are the same in this run." in report
    assert "two\nlines" in report
    assert "decided 2026-01-26 by kim" in report
    assert ">benign<" in report


def test_an_unknown_ring_is_told_and_nothing_is_written(snapshot: FakeSnapshot, book: Casebook, tmp_path: Path) -> None:
    with pytest.raises(UnknownRingError, match="run run-000007 has no ring 'R-00099'"):
        export_case(snapshot, book, "R-00099", tmp_path / "out", **HOW)
    with pytest.raises(InputError, match="'by' is empty"):
        export_case(snapshot, book, "R-00001", tmp_path / "out", by=" ", version="0.1.0")
    assert not (tmp_path / "out").exists()
    assert book.entries() == []


def test_an_export_that_cannot_be_audited_does_not_exist(
    snapshot: FakeSnapshot, book: Casebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **named: object) -> None:
        raise StoreError("the casebook is read-only")

    monkeypatch.setattr(book, "record", refuse)
    with pytest.raises(StoreError, match="read-only"):
        export_case(snapshot, book, "R-00001", tmp_path / "out", **HOW)
    assert names(tmp_path / "out") == []


@pytest.mark.parametrize(("number", "kind"), [(errno.ENOSPC, DiskFullError), (errno.EIO, StoreError)])
def test_a_failing_disk_is_told_and_leaves_nothing(
    snapshot: FakeSnapshot, book: Casebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type
) -> None:
    def fail(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(kind):
        export_case(snapshot, book, "R-00001", tmp_path / "out", **HOW)
    assert names(tmp_path / "out") == []
    assert book.entries() == []


def test_a_file_in_place_of_the_folder_is_told(snapshot: FakeSnapshot, book: Casebook, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")
    with pytest.raises(StoreError, match="no case file could be written to"):
        export_case(snapshot, book, "R-00001", tmp_path / "out", **HOW)


def test_the_folder_is_named_by_ids_without_anything_that_leads_elsewhere(book: Casebook, tmp_path: Path) -> None:
    odd = FakeSnapshot.sample().with_run("../../2026-01-25T02:00 ü", 8)
    with pytest.raises(InputError):
        export_case(odd, book, "../R-00001", tmp_path / "out", **HOW)
    odd = odd.with_run("../../2026-01-25T02:00", 8)
    folder = export_case(odd, book, "R-00001", tmp_path / "out", **HOW)
    assert folder == tmp_path / "out" / "R-00001-_2026-01-25T02_00"
    verify_case(folder)


def test_the_report_says_what_holds_the_ring_together(snapshot: FakeSnapshot, book: Casebook, tmp_path: Path) -> None:
    report = text(export_case(snapshot, book, "R-00001", tmp_path, **HOW))
    assert "What holds the ring together" in report
    assert "Without the content evidence 5 of 24 accounts would remain." in report
    assert "Without this object fewer than half stay connected: 11." in report
    assert "p = 0.0005 at most" in report
    case = json.loads(text(tmp_path / "R-00001-run-000007", "case.json"))
    assert case["ring"]["connected"] == 24
    assert [row["remain"] for row in case["objects"] if row["cut"] == 1] == [11]


def test_objects_to_be_removed_are_redacted_too(snapshot: FakeSnapshot, book: Casebook, tmp_path: Path) -> None:
    rows = snapshot.tables["ring_objects"].to_pylist()
    rows = [row | {"cut": 1, "remain": 2} if row["object_type"] == "payment_method" else row for row in rows]
    tables = {**snapshot.tables, "ring_objects": pa.Table.from_pylist(rows, schema=RING_OBJECTS)}
    cards = [row["object_id"] for row in rows if row["object_type"] == "payment_method" and row["ring_id"] == "R-00001"]
    report = text(export_case(replace(snapshot, tables=tables), book, "R-00001", tmp_path, redacted=True, **HOW))
    assert "To be removed" in report
    assert not [card for card in cards if card in report]
