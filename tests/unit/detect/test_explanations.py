"""Significance, what carries a ring, and the sum of its evidence, on a small world whose rings are really found."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from graphring.config import Settings
from graphring.detect import Parameters, detect
from graphring.detect.counterfactual import remaining
from graphring.detect.evidence import Meter
from graphring.detect.explain import explain, member_confidence, probability, score_of
from graphring.detect.judge import FAMILIES, judge
from graphring.detect.relations import read_relations
from graphring.detect.rings import find_rings
from graphring.detect.significance import adjusted, empirical, significance, stranger_scores
from graphring.engine import Engine
from graphring.model import Family, Tier

sys.path.insert(0, str(Path(__file__).parent))
from worlds import World, mixed

P = replace(Parameters(), null_draws=99)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    traffic, graph, _ = mixed(3, 1200).write(tmp_path_factory.mktemp("world"))
    relations = read_relations(traffic, graph, P)
    rings = find_rings(relations, P)
    assert len(rings) >= 3
    return SimpleNamespace(traffic=traffic, graph=graph, relations=relations, rings=rings)


def strangers(seen: SimpleNamespace, size: int, number: int) -> list[np.ndarray]:
    """Groups of accounts that are in no ring, drawn blindly."""
    inside = np.concatenate([v.group for v in seen.rings])
    free = np.setdiff1d(np.arange(seen.relations.n), inside)
    rng = np.random.default_rng(7)
    return [np.sort(rng.choice(free, size, replace=False)).astype(np.int32) for _ in range(number)]


# --- significance --------------------------------------------------------------------------------------------------
def test_rings_beat_every_group_of_strangers_and_the_floor_is_said(seen: SimpleNamespace) -> None:
    found = significance(seen.relations, P, seen.rings)
    assert len(found.draws) == 99
    assert found.p_values == (1 / 100,) * len(seen.rings)
    harmonic = sum(1 / i for i in range(1, len(seen.rings) + 1))
    assert found.q_values == pytest.approx([harmonic / 100] * len(seen.rings))


def test_strangers_do_not_beat_strangers(seen: SimpleNamespace) -> None:
    """P-values of strangers like a ring's accounts are spread over 0..1; those of anybody are not at its low end."""
    groups = [v.group for v in seen.rings]
    draws = stranger_scores(seen.relations, P, groups)
    alike = empirical(stranger_scores(seen.relations, replace(P, seed=5), groups), draws)
    assert (alike <= 0.1).mean() <= 0.2
    assert 0.4 <= alike.mean() <= 0.6
    meter = Meter(seen.relations, P, np.isin(np.arange(seen.relations.n), np.concatenate(groups)))
    blind = [score_of(judge(meter, group)) for group in strangers(seen, min(map(len, groups)), 40)]
    assert (empirical(np.array(blind), draws) <= 0.1).mean() <= 0.1


def test_the_draws_are_the_same_each_time_and_others_with_another_seed(seen: SimpleNamespace) -> None:
    p = replace(P, null_draws=9)
    groups = [v.group for v in seen.rings]
    first = stranger_scores(seen.relations, p, groups)
    assert np.array_equal(first, stranger_scores(seen.relations, p, groups))
    assert not np.array_equal(first, stranger_scores(seen.relations, replace(p, seed=2), groups))


def test_without_strangers_nothing_is_claimed(seen: SimpleNamespace) -> None:
    everybody = [np.arange(seen.relations.n, dtype=np.int32)]
    assert not len(stranger_scores(seen.relations, P, everybody))
    assert not len(stranger_scores(seen.relations, P, []))
    assert significance(seen.relations, replace(P, null_draws=0), seen.rings).p_values == (None,) * len(seen.rings)


def test_an_empirical_p_value_is_never_zero_and_ties_count_against_the_ring() -> None:
    null = np.array([0.0, 1.0, 2.0, 3.0])
    assert empirical(np.array([9.0, 3.0, -1.0]), null).tolist() == [0.2, 0.4, 1.0]


def test_q_values_are_at_least_p_values_and_keep_their_order() -> None:
    chance = np.array([0.001, 0.04, 0.04, 0.5])
    found = adjusted(chance)
    assert (found >= chance).all()
    assert found.argsort(kind="stable").tolist() == [0, 1, 2, 3]
    assert found[0] == pytest.approx(0.001 * 4 * (1 + 1 / 2 + 1 / 3 + 1 / 4))


# --- what carries a ring -------------------------------------------------------------------------------------------
def test_what_remains_without_a_family(seen: SimpleNamespace) -> None:
    for v in seen.rings:
        left = remaining(v, P)
        assert all(0 <= n <= len(v.group) for n in left.values())
        silent = [f for f in FAMILIES if not any((s.bits != 0).any() for s in v.signals if s.family is f)]
        assert not set(silent) & set(left)
        strongest = FAMILIES[int(v.families.mean(axis=0).argmax())]
        weakest = min(left, key=lambda f: float(np.abs(v.families[:, FAMILIES.index(f)]).mean()))
        assert left[strongest] <= left[weakest]


def test_a_ring_of_one_family_does_not_outlive_it(tmp_path: Path) -> None:
    world = World(6)
    for _ in range(2000):
        a = world.new_account()
        for o in world.rng.integers(0, 3000, 2):
            world.links.append((a, "counterparty", f"c{o}"))
    for i in range(100, 130):
        for o in world.rng.choice(8, 4, replace=False):
            world.links.append((i, "counterparty", f"ring{o}"))
    traffic, graph, _ = world.write(tmp_path)
    p = P.without_traffic()
    rings = find_rings(read_relations(traffic, graph, p), p)
    assert rings
    assert remaining(rings[0], p)[Family.OTHER] == 0


# --- the sum -------------------------------------------------------------------------------------------------------
def test_the_evidence_adds_up_to_the_score(seen: SimpleNamespace) -> None:
    for v in seen.rings:
        found = explain(v, P)
        assert sum(i.bits for i in found.items) == pytest.approx(found.score, abs=1e-9)
        assert found.score == pytest.approx(score_of(v), abs=0.006)
        assert [i.name for i in found.items if i.observed is None] in ([], ["other small evidence"])


def test_the_curve_of_members_is_its_own(seen: SimpleNamespace) -> None:
    p = replace(P, member_shift=1.5, member_slope=0.5)
    assert probability(p.even_bits, p) == pytest.approx(0.5)
    assert member_confidence(p.even_bits + 1.5, p) == pytest.approx(0.5)
    assert member_confidence(p.even_bits + 3.5, p) == pytest.approx(2 / 3)


def test_an_unlikely_ring_is_watched_only(seen: SimpleNamespace) -> None:
    v = max(seen.rings, key=score_of)
    assert explain(v, P, 0.01, 0.02).tier in {Tier.HIGH, Tier.MEDIUM}
    assert explain(v, P, 0.4, 0.9).tier is Tier.WATCH
    assert explain(v, replace(P, even_bits=40.0)).tier is Tier.WATCH


# --- the tables ----------------------------------------------------------------------------------------------------
def run(seen: SimpleNamespace, graph: object = None) -> Mapping[str, pa.Table]:
    with Engine(threads=1) as engine:
        return detect(engine, seen.traffic, graph or seen.graph, None, Settings(detect={"null_draws": 19}), "run-1", 1)


def test_tables_say_what_dissolves_a_ring(seen: SimpleNamespace) -> None:
    found = run(seen)
    members = {row["ring_id"]: row["accounts"] for row in found["rings"].to_pylist()}
    rows = [row for row in found["ring_objects"].to_pylist() if row["cut"] is not None]
    assert rows
    for ring in {row["ring_id"] for row in rows}:
        places = sorted((row["cut"], row["remain"]) for row in rows if row["ring_id"] == ring)
        assert [place for place, _ in places] == list(range(1, len(places) + 1))
        assert 2 * places[-1][1] < members[ring]
        assert [left for _, left in places] == sorted((left for _, left in places), reverse=True)
    for row in found["rings"].to_pylist():
        assert 0 < row["connected"] <= row["accounts"]
        assert (row["p_value"], row["tier"]) == (0.05, "watch")  # 19 draws cannot tell more, and a q-value adds to it


def test_hostile_names_of_links_are_data(seen: SimpleNamespace, tmp_path: Path) -> None:
    world = World(9)
    for _ in range(800):
        world.links.append((world.new_account(), "{0}{x!r}%s", f"c{world.rng.integers(2000)}"))
    for i in range(40, 60):
        for o in range(4):
            world.links.append((i, "{0}{x!r}%s", f"ring{o}"))
    traffic, graph, _ = world.write(tmp_path)
    found = run(SimpleNamespace(traffic=traffic), graph)
    assert "{0}{x!r}%s objects" in found["evidence"]["statement"].to_pylist()[0]
