"""The figures against a second, independent computation with plain sets, and against scikit-learn."""

from __future__ import annotations

import statistics
from itertools import pairwise, permutations
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from graphring.evaluate import findings_of, read_truth, score
from graphring.evaluate.judged import bring_together
from graphring.evaluate.ranking import accounts_at_k
from graphring.model import MEMBERS, RINGS

TRUE = ["", "", "", "t1", "t2", "t3"]
FOUND = ["R-1", "R-2", "R-3", "R-4"]


@st.composite
def worlds(draw: Any) -> tuple[list[dict[str, str]], list[dict[str, Any]], list[dict[str, Any]]]:
    n = draw(st.integers(0, 9))  # so few that Jaccard indices of exactly 1/2 and ties are common
    truth = [{"account_id": f"a{i:02}", "ring": draw(st.sampled_from(TRUE))} for i in range(n)]
    for row in truth:
        row["kind"] = f"kind of {row['ring']}" if row["ring"] else draw(st.sampled_from(["", "company", "course"]))
    tiers = draw(st.lists(st.sampled_from(["high", "medium", "watch"]), max_size=4))
    rings = [
        {"ring_id": r, "tier": t, "score": float(draw(st.integers(0, 3))), "probability": draw(st.floats(0, 1))}
        for r, t in zip(FOUND, tiers, strict=False)
    ]
    pairs = draw(st.sets(st.tuples(st.integers(0, n), st.integers(0, max(len(rings) - 1, 0))), max_size=20))
    members = [
        {
            "ring_id": rings[r]["ring_id"],
            "account_id": f"a{a:02}",
            "confidence": draw(st.sampled_from([0.0, 0.3, 0.31, 0.9, 1.0])),
            "role": role,
        }
        for a, r in sorted(pairs)
        if rings
        for role in [draw(st.sampled_from(["member", "member", "victim"]))]
    ]
    return truth, rings, members


def judge(world: tuple[list[Any], list[Any], list[Any]], order: int = 1) -> Any:
    truth, rings, members = world
    schema = pa.schema([("account_id", pa.string()), ("ring", pa.string()), ("kind", pa.string())])
    tables = {
        "rings": pa.Table.from_pylist([dict.fromkeys(RINGS.names) | r for r in rings[::order]], schema=RINGS),
        "members": pa.Table.from_pylist([dict.fromkeys(MEMBERS.names) | m for m in members[::order]], schema=MEMBERS),
    }
    return findings_of(tables), read_truth(pa.Table.from_pylist(truth[::order], schema=schema))


@given(worlds())
@settings(max_examples=150, deadline=None)
def test_figures_agree_with_an_independent_computation(world: Any) -> None:
    truth, rings, members = world
    true: dict[str, set[str]] = {}
    for row in truth:
        true.setdefault(row["ring"], set()).add(row["account_id"])
    true.pop("", None)
    found = {r["ring_id"]: set() for r in rings if r["tier"] != "watch"}
    for m in members:
        if m["role"] == "member" and m["ring_id"] in found:
            found[m["ring_id"]].add(m["account_id"])
    guilty, flagged = set().union(*true.values()), set().union(*found.values())
    hits = guilty & flagged
    jaccard = {t: max((len(a & b) / len(a | b) for b in found.values()), default=0.0) for t, a in true.items()}
    mostly = [f for f, b in found.items() if 2 * len(b & guilty) > len(b)]
    right = [f for f, b in found.items() if any(len(a & b) / len(a | b) > 0.5 for a in true.values())]

    got = score(*judge(world))
    assert got.accounts.precision == (pytest.approx(len(hits) / len(flagged)) if flagged else None)
    assert got.accounts.recall == (pytest.approx(len(hits) / len(guilty)) if guilty else None)
    assert got.accounts.false_accusations == len(flagged - guilty)
    assert {m.ring: m.jaccard for m in got.rings.matches} == pytest.approx(jaccard)
    assert got.rings.jaccard_median == (pytest.approx(statistics.median(jaccard.values())) if jaccard else None)
    assert got.rings.jaccard_min == (pytest.approx(min(jaccard.values())) if jaccard else None)
    assert got.rings.precision == (pytest.approx(len(right) / len(found)) if found else None)
    assert got.rings.guilty_share == (pytest.approx(len(mostly) / len(found)) if found else None)
    assert got.rings.recall == (
        pytest.approx(sum(j > 0.5 for j in jaccard.values()) / len(jaccard)) if jaccard else None
    )
    for line in got.kinds:
        assert line.recall == pytest.approx(len(flagged & true[line.kind[8:]]) / len(true[line.kind[8:]]))
    for look in got.look_alikes:
        mine = {r["account_id"] for r in truth if not r["ring"] and r["kind"] == look.kind}
        mine |= (flagged - {r["account_id"] for r in truth}) if not look.kind else set()
        assert look.accused == len(mine & flagged)


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_the_order_of_rows_does_not_matter(world: Any) -> None:
    assert score(*judge(world)) == score(*judge(world, order=-1))


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_brier_agrees_with_scikit_learn(world: Any) -> None:
    findings, truth = judge(world)
    judged = bring_together(findings, truth)
    best: dict[int, float] = {}
    for account, confidence in zip(judged.member_account.tolist(), judged.confidence.tolist(), strict=True):
        best[account] = max(best.get(account, 0.0), confidence)
    got = score(findings, truth).member_confidence
    assert got.count == len(best)
    assert sum(b.count for b in got.bins) == len(best)
    if best:
        outcome = [bool(judged.guilty[a]) for a in best]
        assert got.brier == pytest.approx(brier_score_loss(outcome, list(best.values()), pos_label=True))


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_precision_at_k_is_the_mean_over_all_ways_to_break_ties(world: Any) -> None:
    judged = bring_together(*judge(world))
    steps = accounts_at_k(judged, ks=(1, 2, 3))
    rank: dict[int, tuple[float, float]] = {}
    for ring, account, c in zip(judged.member_ring, judged.member_account, judged.confidence, strict=True):
        rank[int(account)] = max(rank.get(int(account), (-1.0, -1.0)), (float(judged.score[ring]), float(c)))
    chosen = sorted(rank, key=lambda a: rank[a], reverse=True)
    ways = [w for w in permutations(chosen[:6]) if all(rank[a] >= rank[b] for a, b in pairwise(w))]
    for step in steps:
        if step.k < 6 and (len(chosen) <= 6 or rank[chosen[5]] != rank[chosen[6]]):
            mean = np.mean([sum(bool(judged.guilty[a]) for a in way[: step.k]) / step.k for way in ways])
            assert step.precision == pytest.approx(mean)
