"""From raw logs to rings, a decision and a case file, through the command line alone."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.e2e.conftest import Run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("whole-product")]


def members(graphring: Run, state: Path) -> list[dict[str, str]]:
    done = graphring("rings", "--members", "--format", "csv", "--state", state)
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


def first_ring(graphring: Run, state: Path) -> str:
    return members(graphring, state)[0]["ring_id"]


def test_members_are_listed_sorted_with_their_ring_s_score_and_tier(graphring: Run, state: Path) -> None:
    rows = members(graphring, state)
    assert list(rows[0]) == ["ring_id", "account_id", "confidence", "score", "tier"]
    assert [(r["ring_id"], r["account_id"]) for r in rows] == sorted((r["ring_id"], r["account_id"]) for r in rows)
    assert {r["tier"] for r in rows} <= {"high", "medium", "watch"}
    assert all(0 <= float(r["confidence"]) <= 1 for r in rows)


def test_evaluate_agrees_with_a_count_over_the_members(graphring: Run, state: Path, world: Path) -> None:
    flagged = {r["account_id"] for r in members(graphring, state) if r["tier"] in ("high", "medium")}
    truth = pq.read_table(world / "truth.parquet").to_pylist()
    guilty = {row["account_id"] for row in truth if row["ring"]}
    done = graphring("evaluate", world / "truth.parquet", "--format", "json", "--state", state)
    assert done.returncode == 0, done.stderr
    accounts = json.loads(done.stdout)["truth"]["accounts"]
    assert flagged
    assert accounts["precision"] == pytest.approx(len(flagged & guilty) / len(flagged), abs=1e-4)
    assert accounts["recall"] == pytest.approx(len(flagged & guilty) / len(guilty), abs=1e-4)


def test_show_lists_evidence_that_adds_up_to_the_score(graphring: Run, state: Path) -> None:
    done = graphring("show", first_ring(graphring, state), "--format", "json", "--state", state)
    ring = json.loads(done.stdout)
    assert sum(e["bits"] for e in ring["evidence"]) == pytest.approx(ring["score"], abs=0.01)
    assert ring["headline"]


def test_a_decision_a_case_file_and_its_verification(graphring: Run, state: Path, tmp_path: Path) -> None:
    ring = first_ring(graphring, state)
    decided = graphring("decide", ring, "confirmed", "--by", "Dana", "--reason", "shared cards", "--state", state)
    assert decided.returncode == 0, decided.stderr
    exported = graphring("case", "export", ring, "--out", tmp_path, "--state", state)
    assert exported.returncode == 0, exported.stderr
    folder = Path(exported.stdout.strip())
    assert {"report.html", "case.json", "accounts.csv", "manifest.json"} <= {path.name for path in folder.iterdir()}
    assert "shared cards" in (folder / "report.html").read_text(encoding="utf-8")
    assert graphring("case", "verify", folder).returncode == 0
    with (folder / "accounts.csv").open("a", encoding="utf-8") as file:
        file.write("one,more\n")
    changed = graphring("case", "verify", folder)
    assert changed.returncode == 1
    assert "accounts.csv" in changed.stderr


def test_templates_gives_a_family_or_none_for_every_exchange(
    graphring: Run, state: Path, world: Path, tmp_path: Path
) -> None:
    out = tmp_path / "assignments.parquet"
    assert graphring("templates", "--assignments", out, "--state", state).returncode == 0
    lost = graphring("templates", "--assignments", tmp_path / "none" / "x.parquet", "--state", state)
    assert lost.returncode != 0
    assert "its directory does not exist" in lost.stderr
    assert "Traceback" not in lost.stderr
    assigned = pq.read_table(out)
    assert assigned.column_names == ["exchange_id", "family_id"]
    assert len(set(assigned["exchange_id"].to_pylist())) == assigned.num_rows
    renamed = graphring("templates", "--assignments", tmp_path / "assignments.csv", "--state", state)
    assert renamed.returncode == 2
    assert ".parquet" in renamed.stderr
    assert not (tmp_path / "assignments.csv").exists()
    (tmp_path / "taken.parquet").mkdir()
    taken = graphring("templates", "--assignments", tmp_path / "taken.parquet", "--state", state)
    assert taken.returncode == 2
    assert "is a directory" in taken.stderr


def test_templates_shows_a_family_with_its_variants(graphring: Run, state: Path, tmp_path: Path) -> None:
    listed = json.loads(graphring("templates", "--format", "json", "--state", state).stdout)
    family = max(listed, key=lambda row: len(row["variants"]))
    shown = graphring("templates", family["family_id"], "--state", state)
    assert shown.returncode == 0, shown.stderr
    for text in (family["exemplar"], *family["variants"]):
        assert text.split("⟨…⟩")[0].split("\n")[0][:60].strip() in shown.stdout
    row = list(
        csv.DictReader(
            io.StringIO(graphring("templates", family["family_id"], "--format", "csv", "--state", state).stdout)
        )
    )
    assert [r["family_id"] for r in row] == [family["family_id"]]
    unwritten = tmp_path / "unwritten.parquet"
    lost = graphring("templates", "F999999", "--assignments", unwritten, "--state", state)
    assert lost.returncode == 2
    assert not unwritten.exists()
    assert "F999999" in lost.stderr


def test_doctor_finds_a_published_state_in_order(graphring: Run, state: Path) -> None:
    done = graphring("doctor", "--state", state)
    assert done.returncode == 0, done.stdout
    assert "last run run-00001" in done.stdout


@pytest.mark.parametrize(
    ("args", "code", "named"),
    [
        (["show", "R-99999"], 2, "R-99999"),
        (["decide", "R-00001", "guilty", "--by", "Dana", "--reason", "x"], 2, "guilty"),
        (["decide", "R-00001", "confirmed", "--by", "Dana", "--reason", " "], 2, "reason"),
        (["case", "verify", "nowhere"], 2, "nowhere"),
    ],
)
def test_wrong_usage_is_one_line(graphring: Run, state: Path, args: list[str], code: int, named: str) -> None:
    where = [] if args[0] == "case" else ["--state", state]
    done = graphring(*args, *where)
    assert done.returncode == code
    assert named in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_state_that_is_not_there_is_said_and_not_made(graphring: Run, tmp_path: Path) -> None:
    done = graphring("rings", "--state", tmp_path / "nowhere")
    assert done.returncode == 2
    assert "nowhere" in done.stderr
    assert not (tmp_path / "nowhere").exists()
