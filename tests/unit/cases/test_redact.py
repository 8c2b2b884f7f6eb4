"""A redacted case file tells the case and not the accounts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphring.cases import Casebook, export_case, verify_case
from graphring.cases.redact import _namer, _truncate_in_prose
from tests.fakes import FakeSnapshot

HOW = {"by": "kim", "version": "0.1.0", "at": datetime(2026, 1, 26, 13, tzinfo=UTC), "redacted": True}


def case(folder: Path) -> dict:
    return json.loads((folder / "case.json").read_text())


def everything(folder: Path) -> str:
    return "".join(path.read_text() for path in sorted(folder.iterdir()))


def test_no_id_or_address_is_left_anywhere(snapshot: FakeSnapshot, book: Casebook, tmp_path: Path) -> None:
    members = snapshot.members("R-00001")["account_id"].to_pylist()
    book.decide(
        "R-00001", "confirm", by="kim", reason=f"{members[0]} leads", run_id="r", accounts=[*members, "acct-gone"]
    )
    book.note(
        "R-00001", by="lee", text="acct-gone paid pm_0000c0ffee0000 from 203.0.113.10, 2001:db8:14:7::25. At 06:15:00."
    )
    book.record("kim", "view", "R-00001")
    folder = export_case(snapshot, book, "R-00001", tmp_path, **HOW)
    content = everything(folder)
    for secret in [*members, "acct-gone", "pm_0000c0ffee0000", "203.0.113.10", "2001:db8:14:7", "c0ffee"]:
        assert secret not in content, secret
    redacted = case(folder)
    assert redacted["exported"]["redacted"] is True
    assert verify_case(folder).redacted
    note = redacted["notes"][0]["text"]
    assert note.startswith("account-")
    assert note.endswith("from 203.0.113.0/24, 2001:db8:14::/48. At 06:15:00.")
    assert {row["object_id"] for row in redacted["objects"] if row["object_type"] == "ip"} == {
        "203.0.113.0/24",
        "2001:db8:14::/48",
    }
    assert {row["email_domain"] for row in redacted["accounts"]} >= {"fastmail.example"}
    assert redacted["families"][0]["exemplar"].startswith("You are a senior tutor.")
    names = [row["account_id"] for row in redacted["accounts"]]
    assert names == sorted(set(names))
    assert set(names) - set(redacted["decisions"][0]["accounts"]) == set()
    assert "Redacted copy." in content
    for entry in book.entries()[:2]:
        assert entry.hash not in content
        assert (entry.accounts_hash or "none") not in json.dumps(redacted["decisions"])


def test_a_pseudonym_holds_for_a_ring_and_a_casebook_only(
    snapshot: FakeSnapshot, book: Casebook, tmp_path: Path
) -> None:
    def names(own: Casebook, place: str, taken: FakeSnapshot = snapshot) -> list[str]:
        return [
            row["account_id"] for row in case(export_case(taken, own, "R-00003", tmp_path / place, **HOW))["accounts"]
        ]

    first = names(book, "a")
    assert names(book, "b", snapshot.with_run("run-000008", 8)) == first
    with Casebook.open(f"sqlite:///{tmp_path / 'other.sqlite'}") as other:
        assert not set(names(other, "c")) & set(first)


def test_one_account_in_two_rings_has_two_pseudonyms() -> None:
    named = {_namer(key, ring)(kind, "a") for key in (b"1", b"2") for ring in ("R-1", "R-2") for kind in ("x", "y")}
    assert len({name.split("-")[1] for name in named}) == 8


def test_one_organisation_stays_one_and_is_not_named(snapshot: FakeSnapshot, book: Casebook, tmp_path: Path) -> None:
    folder = export_case(snapshot, book, "R-00003", tmp_path, **HOW)
    assert "Kestrel" not in everything(folder)
    assert len({row["organisation"] for row in case(folder)["accounts"]}) == 1
    assert "declare the organisation organisation-" in case(folder)["evidence"][2]["statement"]


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("203.0.113.10.", "203.0.113.0/24."),
        ("10.1.2.3/32", "10.1.2.0/24"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("2001:db8:14:7::25", "2001:db8:14::/48"),
        ("06:15:00", "06:15:00"),
        ("2.5.", "2.5."),
        ("::1", "::/48"),
    ],
)
def test_addresses_in_prose(text: str, out: str) -> None:
    assert _truncate_in_prose(text) == out
