"""Figures of small worlds that can be checked by hand, and the cases where there is nothing to divide by."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pyarrow as pa
import pytest
from rich.console import Console

from graphring.evaluate import Evaluation, NullResult, evaluate, to_json, to_table
from graphring.model import MEMBERS, RINGS
from tests.fakes import FakeSnapshot, table


def snapshot(rings: dict[str, tuple[str, list[str]]], accounts: list[str]) -> FakeSnapshot:
    fake = FakeSnapshot.sample()
    ring_rows = [
        {"ring_id": name, "tier": tier, "score": float(len(rings) - i), "probability": 0.9}
        for i, (name, (tier, _)) in enumerate(rings.items())
    ]
    members = [
        {"ring_id": name, "account_id": a, "confidence": 0.8, "role": "victim" if a.startswith("v") else "member"}
        for name, (_, ids) in rings.items()
        for a in ids
    ]
    tables = {**fake.tables, "rings": table(ring_rows, RINGS), "members": table(members, MEMBERS)}
    nodes = table([{"account_id": a} for a in accounts], fake.graph.accounts.schema)
    return FakeSnapshot(fake.run, tables, replace(fake.graph, accounts=nodes))


def truth(**rings: str) -> pa.Table:
    """ring → accounts, as text of one-letter ids; `innocent_x` are look-alikes of kind x in one group each."""
    rows = [
        {"account_id": a, "ring": "" if ring.startswith("innocent") else ring, "kind": ring.removeprefix("innocent_")}
        | {"group": "one" if ring.startswith("innocent_") else ""}
        for ring, ids in rings.items()
        for a in ids
    ]
    schema = pa.schema([(name, pa.string()) for name in ("account_id", "ring", "kind", "group")])
    return pa.Table.from_pylist(rows, schema=schema)


def test_a_world_by_hand() -> None:
    run = snapshot(
        {"R-1": ("high", list("abcx")), "R-2": ("medium", list("ghv")), "R-3": ("watch", list("de"))}, list("abcdexghv")
    )
    known = truth(r1="abcd", r2="efz", innocent_company="gh", innocent_course="xyv")
    scores = evaluate(run, known).truth
    assert scores is not None
    assert (scores.accounts.flagged, scores.accounts.guilty, scores.accounts.hits) == (6, 7, 3)
    assert scores.accounts.precision == 3 / 6
    assert scores.accounts.recall == 3 / 7
    assert scores.accounts.f1 == pytest.approx(2 * 3 / 13)
    assert (scores.watch.accounts, scores.watch.hits) == (2, 2)
    assert scores.watch.recall_with_watch == 5 / 7
    assert [(k.kind, k.recall) for k in scores.kinds] == [("r1", 3 / 4), ("r2", 0.0)]
    company, course = scores.look_alikes
    assert (company.accused, company.rate, company.groups, company.whole_groups, company.rings) == (2, 1.0, 1, 1, 1)
    assert (course.accused, course.groups, course.whole_groups, course.rings) == (1, 1, 0, 0)
    first, second = scores.rings.matches
    assert (first.best_ring, first.jaccard, second.best_ring, second.jaccard) == ("R-1", 3 / 5, None, 0.0)
    assert (scores.rings.precision, scores.rings.recall, scores.rings.guilty_share) == (0.5, 0.5, 0.5)
    assert (scores.rings.jaccard_median, scores.rings.jaccard_min) == (0.3, 0.0)
    assert scores.counts["unseen"] == 3  # f, z and y are not in the run


def test_victims_are_not_accused() -> None:
    scores = evaluate(snapshot({"R-1": ("high", ["a", "v"])}, ["a", "v"]), truth(r1="a", innocent_x="v")).truth
    assert scores is not None
    assert scores.accounts.precision == 1.0


def test_nothing_found_has_no_precision() -> None:
    scores = evaluate(snapshot({}, ["a"]), truth(r1="ab", innocent_="c")).truth
    assert scores is not None
    assert (scores.accounts.precision, scores.accounts.recall, scores.accounts.f1) == (None, 0.0, 0.0)
    assert (scores.rings.precision, scores.rings.recall, scores.rings.jaccard_min) == (None, 0.0, 0.0)
    assert scores.member_confidence.brier is None
    assert scores.accounts_at_k == ()


def test_a_world_without_rings_has_no_recall() -> None:
    scores = evaluate(snapshot({"R-1": ("high", ["a"])}, ["a"]), truth(innocent_="abc")).truth
    assert scores is not None
    assert (scores.accounts.precision, scores.accounts.recall, scores.accounts.f1) == (0.0, None, 0.0)
    assert scores.accounts.false_accusation_rate == 1 / 3
    assert (scores.rings.precision, scores.rings.recall, scores.rings.jaccard_median) == (0.0, None, None)


def test_nothing_found_where_nothing_is() -> None:
    scores = evaluate(snapshot({}, ["a"]), truth(innocent_="abc")).truth
    assert scores is not None
    assert (scores.accounts.precision, scores.accounts.recall, scores.accounts.f1) == (None, None, None)
    assert scores.accounts.false_accusation_rate == 0.0


def test_an_accused_account_that_the_truth_does_not_name_is_innocent() -> None:
    scores = evaluate(snapshot({"R-1": ("high", ["a", "q"])}, ["a", "q"]), truth(r1="a")).truth
    assert scores is not None
    assert scores.accounts.precision == 0.5
    assert scores.counts["flagged_unlisted"] == 1


def test_an_empty_truth_accuses_every_finding() -> None:
    scores = evaluate(snapshot({"R-1": ("high", ["a"])}, ["a"]), truth()).truth
    assert scores is not None
    assert (scores.accounts.precision, scores.accounts.recall) == (0.0, None)


def test_recall_by_dial_takes_the_rings_beside_the_truth(tmp_path: object) -> None:
    from pathlib import Path

    import pyarrow.parquet as pq

    folder = Path(str(tmp_path))
    pq.write_table(truth(r1="ab", r2="cd"), folder / "truth.parquet")
    dials = pa.table({"ring": ["r1", "r2"], "kind": ["k", "k"], "unrelated": [0.1, 0.9], "same": [1, 1]})
    pq.write_table(dials, folder / "truth_rings.parquet")
    scores = evaluate(snapshot({"R-1": ("high", ["a", "b"])}, list("abcd")), folder).truth
    assert scores is not None
    assert [(d.dial, d.step, d.recall) for d in scores.dials] == [("unrelated", "0.1", 1.0), ("unrelated", "0.9", 0.0)]


def test_json_has_truth_and_null_at_its_top_and_the_same_bytes_again() -> None:
    run = snapshot({"R-1": ("high", ["a", "b", "c"])}, list("abc"))
    known = truth(r1="ab", innocent_="c")
    null = NullResult(shuffles=20, rings=0, accounts=0)
    text = to_json(evaluate(run, known, null=null))
    whole = json.loads(text)
    assert whole["truth"]["precision"] == 0.666667
    assert (whole["null"]["shuffles"], whole["null"]["rings"]) == (20, 0)
    assert text == to_json(evaluate(run, known, null=null))
    assert json.loads(to_json(evaluate(run)))["truth"] is None


def test_hostile_names_stay_text_in_the_table() -> None:
    known = truth(**{"[red]r1[/red]\x1b[31m": "ab", "innocent_[link=http://x]": "c"})
    out = io.StringIO()
    Console(file=out, width=200, color_system=None).print(to_table(evaluate(snapshot({}, list("abc")), known)))
    assert "[red]r1[/red]" in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_an_evaluation_without_truth_counts_tiers() -> None:
    got: Evaluation = evaluate(FakeSnapshot.sample())
    assert got.rings == {"high": 1, "medium": 1, "watch": 1}
    assert got.members["high"] == 24
