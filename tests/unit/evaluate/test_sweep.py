"""Sweeps: every seed meets every world, the one without rings included, and intervals are Student's."""

from __future__ import annotations

import json
from dataclasses import replace

import pyarrow as pa
import pytest
from scipy import stats

from graphring.errors import InputError
from graphring.evaluate import Outcome, Plan, World, sweep, sweep_json, sweep_markdown
from graphring.evaluate.intervals import interval
from graphring.model import GRAPH_ACCOUNTS, MEMBERS, OBJECTS, RINGS, SIGHTINGS, GraphTables
from tests.fakes import FakeSnapshot, table

RING = [f"r{i}" for i in range(10)]
BENIGN = [f"b{i}" for i in range(20)]


class Maker:
    """A world whose detector finds `seed` of ten members, two fewer without the network family."""

    def __init__(self, *, rings_where_none: bool = False) -> None:
        self.asked: list[World] = []
        self.rings_where_none = rings_where_none

    def __call__(self, world: World) -> Outcome:
        self.asked.append(world)
        ring = "" if world.preset == "benign" and not self.rings_where_none else "t1"
        rows = [{"account_id": a, "ring": ring, "kind": "pool" if ring else "company"} for a in RING]
        rows += [{"account_id": a, "ring": "", "kind": "company"} for a in BENIGN]
        found = world.seed - 2 * bool(world.detect) if ring else 0
        fake = FakeSnapshot.sample()
        members = [{"ring_id": "R-1", "account_id": a, "confidence": 0.9, "role": "member"} for a in RING[:found]]
        rings = [{"ring_id": "R-1", "tier": "high", "score": 20.0, "probability": 1.0}] if found else []
        tables = {**fake.tables, "rings": table(rings, RINGS), "members": table(members, MEMBERS)}
        edges = [
            {"account_id": a, "object_type": "ip", "object_id": "x", "count": 1} for a in sorted(RING + BENIGN[:5])
        ]
        nodes = table([{"account_id": a} for a in sorted(RING + BENIGN)], GRAPH_ACCOUNTS)
        graph = GraphTables(nodes, OBJECTS.empty_table(), table(edges, SIGHTINGS))
        return Outcome(
            FakeSnapshot(fake.run, tables, replace(fake.graph, accounts=nodes)), pa.Table.from_pylist(rows), graph
        )


PLAN = Plan(seeds=(6, 8), presets=("default",), ringless="benign", ablate=("network",), dials={"jitter": [5, 60]})


def test_every_seed_meets_every_world() -> None:
    maker = Maker()
    result = sweep(maker, PLAN)
    assert [(w.seed, w.preset, dict(w.dials), dict(w.detect)) for w in maker.asked if w.seed == 6] == [
        (6, "default", {}, {}),
        (6, "benign", {}, {}),
        (6, "default", {}, {"disabled_families": ["network"]}),
        (6, "default", {"jitter": 5}, {}),
        (6, "default", {"jitter": 60}, {}),
    ]
    (default,) = result.presets
    recall = default.figures["recall"]
    assert recall is not None
    assert (recall.mean, recall.n) == (pytest.approx(0.7), 2)
    assert default.kinds["pool"] == recall
    assert [line.name for line in result.dials] == ["jitter = 5", "jitter = 60"]
    change = result.ablations[0].change["recall"]
    assert change is not None
    assert (change.mean, change.low) == (pytest.approx(-0.2), pytest.approx(-0.2))


def test_the_world_without_rings_is_judged_by_what_it_accuses() -> None:
    result = sweep(Maker(), PLAN)
    assert result.ringless.figures["precision"] is None
    assert result.ringless.figures["recall"] is None
    assert result.ringless.rings == 0
    with pytest.raises(InputError, match="the world 'benign' has rings"):
        sweep(Maker(rings_where_none=True), PLAN)


def test_baselines_are_judged_beside() -> None:
    union, leiden = sweep(Maker(), PLAN).baselines
    assert union.name.startswith("default: union-find")
    assert leiden.name.startswith("default: Leiden")
    precision = union.figures["precision"]
    assert precision is not None
    assert precision.mean == pytest.approx(10 / 15)
    assert union.name == "default: union-find, objects of at most 20 accounts"


def test_the_interval_is_students() -> None:
    got = interval([0.5, 0.7, None, 0.9])
    low, high = stats.t.interval(0.95, 2, 0.7, stats.sem([0.5, 0.7, 0.9]))
    assert got is not None
    assert (got.mean, got.low, got.high, got.n) == (pytest.approx(0.7), pytest.approx(low), min(1.0, high), 3)
    assert interval([None]) is None
    single = interval([0.4])
    assert single is not None
    assert (single.low, single.high) == (None, None)


def test_markdown_and_json_carry_the_same_figures() -> None:
    result = sweep(Maker(), PLAN)
    text = sweep_markdown(result)
    assert "| default | 1.000 [1.000, 1.000] | 0.700 [0.000, 1.000] |" in text
    assert "| benign | – | – |" in text
    assert "| without network |" in text
    whole = json.loads(sweep_json(result))
    assert whole["presets"][0]["figures"]["recall"]["mean"] == 0.7
    assert sweep_json(result) == sweep_json(sweep(Maker(), PLAN))


def test_a_plan_without_seeds_is_refused() -> None:
    with pytest.raises(InputError, match="at least one seed"):
        sweep(Maker(), replace(PLAN, seeds=()))
