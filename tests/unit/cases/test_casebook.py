"""The casebook: what is said stays said."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from graphring.cases import Casebook, Kind, Outcome, parse_outcome
from graphring.cases.database import Database
from graphring.cases.schema import VERSION
from graphring.errors import ConfigError, InputError, StoreError, VerificationError

NOON = datetime(2026, 1, 26, 12, tzinfo=UTC)
DECISION = {"by": "kim", "reason": "cards and wrapper", "run_id": "run-000007"}


def url(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "casebook.sqlite"


@pytest.fixture
def casebook(path: Path) -> Iterator[Casebook]:
    ticks = iter(range(10_000))
    with Casebook.open(url(path), clock=lambda: NOON + timedelta(seconds=next(ticks))) as opened:
        yield opened


def test_the_latest_decision_counts_and_all_are_kept(casebook: Casebook) -> None:
    first = casebook.decide("R-00001", Outcome.CONFIRMED, **DECISION, accounts=["b", "a", "b"])
    casebook.note("R-00001", by="lee", text="two lines\nand a tab\t")
    second = casebook.decide("R-00001", "dismiss", by="lee", reason="a school", run_id="run-000008", accounts=["a"])
    casebook.decide("R-00002", Outcome.WATCH, **DECISION, accounts=["x"])
    assert casebook.outcomes() == {"R-00001": second, "R-00002": casebook.entries()[-1]}
    assert second.outcome is Outcome.BENIGN
    assert casebook.accounts(first) == ("a", "b")
    assert first.accounts_count == 2
    assert first.at == NOON
    assert [entry.kind for entry in casebook.history("R-00001")] == [Kind.DECISION, Kind.NOTE, Kind.DECISION]
    assert casebook.history("R-00001")[1].text == "two lines\nand a tab\t"
    casebook.verify()


def test_it_is_there_after_closing(casebook: Casebook, path: Path) -> None:
    entry = casebook.decide("R-00001", Outcome.CONFIRMED, **DECISION, accounts=["a"])
    key = casebook.pseudonym_key()
    casebook.close()
    with Casebook.open(url(path)) as again:
        assert again.entries() == [entry]
        assert again.pseudonym_key() == key
        assert again.head().entries == 1


def test_audit_entries_count_for_the_highest_ring_number(casebook: Casebook) -> None:
    assert casebook.highest_ring_number() == 0
    casebook.record("nightly", "rings found", "R-00042", "highest so far")
    casebook.decide("R-00007", Outcome.WATCH, **DECISION, accounts=["a"])
    casebook.record("kim", "sign in")
    assert casebook.highest_ring_number() == 42
    assert casebook.history("R-00042")[0].action == "rings found"
    assert casebook.entries()[-1].ring_id is None


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("confirm", Outcome.CONFIRMED),
        ("Confirmed ", Outcome.CONFIRMED),
        ("clear", Outcome.BENIGN),
        ("dismiss", Outcome.BENIGN),
        ("benign", Outcome.BENIGN),
        ("watch", Outcome.WATCH),
        ("reopen", Outcome.REOPEN),
    ],
)
def test_outcomes_have_verb_forms(text: str, outcome: Outcome) -> None:
    assert parse_outcome(text) is outcome


def test_an_unknown_outcome_is_told_with_those_that_are_known() -> None:
    with pytest.raises(InputError, match=r"'guilty'.*confirmed, benign, watch, reopen"):
        parse_outcome("guilty")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"by": " \n"}, "'by' is empty"),
        ({"reason": "\x00\x1b"}, "'reason' is empty"),
        ({"reason": "x" * 10_001}, "'reason' has 10,001 characters"),
        ({"accounts": []}, "names no accounts"),
        ({"accounts": ["\ud800"]}, "not valid Unicode"),
    ],
)
def test_what_makes_no_decision_is_refused_and_leaves_nothing(casebook: Casebook, change: dict, what: str) -> None:
    with pytest.raises(InputError, match=what):
        casebook.decide("R-00001", Outcome.WATCH, **{**DECISION, "accounts": ["a"], **change})
    assert casebook.entries() == []


@pytest.mark.parametrize("ring_id", ["", "R-1", "R-00001/..", "R-00001\n", "R-٠٠٠٠١"])
def test_only_ring_ids_of_ours(casebook: Casebook, ring_id: str) -> None:
    with pytest.raises(InputError, match="no ring id"):
        casebook.note(ring_id, by="kim", text="x")


def test_control_characters_go_and_everything_else_stays(casebook: Casebook) -> None:
    entry = casebook.note("R-00001", by="k\x00i\x1bm\n", text="a\x00b\u202e <b>'; DROP TABLE entries; -- ü\r\n")
    assert (entry.by, entry.text) == ("kim", "ab\u202e <b>'; DROP TABLE entries; -- ü\n")
    assert casebook.entries() == [entry]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET text = 'other'",
        "DELETE FROM entries",
        "UPDATE member_sets SET accounts = '[]'",
        "DELETE FROM member_sets",
        "INSERT OR REPLACE INTO entries SELECT * FROM entries WHERE seq = 1",
        "INSERT INTO entries (seq, kind, at, by, action, text, previous, hash) VALUES (9, '', '', '', '', '', 'p', '')",
        "INSERT OR REPLACE INTO member_sets SELECT hash, '[]' FROM member_sets",
    ],
)
def test_nothing_is_changed_or_deleted(casebook: Casebook, path: Path, statement: str) -> None:
    for ring in ("R-00001", "R-00002"):
        casebook.decide(ring, Outcome.WATCH, **DECISION, accounts=[ring])
    with sqlite3.connect(path) as connection, pytest.raises(sqlite3.DatabaseError, match="append-only"):
        connection.execute(statement)
    connection.close()
    casebook.verify()


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE entries SET text = 'other' WHERE seq = 2", "entry 2 .*content was changed"),
        ("UPDATE entries SET at = 'yesterday' WHERE seq = 3", "entry 3 .*content was changed"),
        ("UPDATE entries SET ring_number = 9 WHERE seq = 2", "entry 2 .*ring number"),
        ("DELETE FROM entries WHERE seq = 2", "entry 2 .*missing"),
        ("UPDATE entries SET previous = 'x' WHERE seq = 1", "entry 1 .*does not follow"),
        ("UPDATE member_sets SET accounts = '[]'", "entry 1 .*list of accounts"),
        ("DELETE FROM member_sets", "entry 1 .*list of accounts"),
    ],
)
def test_a_change_behind_its_back_is_named(casebook: Casebook, path: Path, statement: str, what: str) -> None:
    for number in range(1, 4):
        casebook.decide(f"R-{number:05d}", Outcome.WATCH, **DECISION, accounts=[f"a{number}"])
    casebook.verify()
    with sqlite3.connect(path) as connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute(statement)
    connection.close()
    with pytest.raises(VerificationError, match=what):
        casebook.verify()


def _decide_often(where: str, name: str, start: object) -> None:
    with Casebook.open(where) as casebook:
        start.wait(60)  # type: ignore[attr-defined]
        for number in range(20):
            casebook.decide(f"R-{number + 1:05d}", "watch", by=name, reason="r", run_id="run-000001", accounts=[name])


def test_writers_at_once_keep_one_chain(path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(3)
    writers = [spawn.Process(target=_decide_often, args=(url(path), f"writer {i}", start)) for i in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    with Casebook.open(url(path)) as casebook:
        casebook.verify()
        entries = casebook.entries()
    assert [entry.seq for entry in entries] == list(range(1, 61))
    assert {name: sum(entry.by == name for entry in entries) for name in {e.by for e in entries}} == {
        f"writer {i}": 20 for i in range(3)
    }


def test_a_newer_casebook_is_refused(casebook: Casebook, path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE casebook_version SET version = version + 1")
    connection.close()
    with pytest.raises(StoreError, match=rf"has layout {VERSION + 1}, this graphring knows layouts up to {VERSION}"):
        Casebook.open(url(path))


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE customers (id)")
    connection.close()
    with pytest.raises(StoreError, match="other tables"):
        Casebook.open(url(tmp_path / "other.db"))


def test_a_locked_casebook_is_told(casebook: Casebook, path: Path) -> None:
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with _impatient(path) as other:
        with pytest.raises(StoreError, match="locked by another program"):
            other.note("R-00001", by="kim", text="x")
        assert other.entries() == []  # reading goes on
    holder.close()


def _impatient(path: Path) -> Casebook:
    return Casebook(Database(url(path), timeout=0.1), lambda: NOON)


def test_a_lost_casebook_is_told_and_not_begun_anew(casebook: Casebook, path: Path) -> None:
    casebook.note("R-00001", by="kim", text="x")
    path.unlink()
    with pytest.raises(StoreError, match="cannot be opened"):
        casebook.note("R-00001", by="kim", text="y")
    assert not path.exists()


def test_a_damaged_casebook_is_told(casebook: Casebook, path: Path) -> None:
    casebook.note("R-00001", by="kim", text="x")
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match="is not a database"):
        casebook.entries()
    with pytest.raises(StoreError, match="is not a database"):
        Casebook.open(url(path))


def _write_as_nobody(path: Path, results: object) -> None:
    if os.getuid() == 0:
        os.setuid(65534)
    try:
        with _impatient(path) as casebook:
            casebook.note("R-00001", by="kim", text="x")
    except StoreError as error:
        results.put(str(error))  # type: ignore[attr-defined]


def test_a_read_only_casebook_is_told() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "casebook.sqlite"
        Casebook.open(url(path)).close()
        path.chmod(0o444)
        Path(folder).chmod(0o555)
        spawn = multiprocessing.get_context("spawn")
        results = spawn.Queue()
        writer = spawn.Process(target=_write_as_nobody, args=(path, results))
        writer.start()
        try:
            assert "is read-only" in results.get(timeout=60)
        finally:
            writer.join(60)
            Path(folder).chmod(0o755)


@pytest.mark.parametrize("bad", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://u:secret@h/d"])
def test_a_url_that_cannot_be_used_is_told_without_its_password(bad: str) -> None:
    with pytest.raises(ConfigError) as told:
        Casebook.open(bad)
    assert "secret" not in str(told.value)


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        Casebook.open(url(tmp_path))
