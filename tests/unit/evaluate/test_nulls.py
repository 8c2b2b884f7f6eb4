"""Null runs count what a detector reports on shuffled worlds, and would tell if it reported anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pytest

from graphring.engine import Engine
from graphring.evaluate import null_runs, union_find
from graphring.graph import build_graph
from graphring.model import GraphTables, Traffic
from tests.unit.evaluate.test_shuffle import world


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Traffic, GraphTables]:
    traffic = world(tmp_path_factory.mktemp("world"))
    with Engine() as engine:
        return traffic, build_graph(engine, traffic)


def shared_card_and_device(_traffic: Traffic, graph: GraphTables) -> Mapping[str, pa.Table]:
    """Finds what is not there: whoever shares a card."""
    return union_find(graph, max_degree=50, object_types=["payment_method"])


def two_cards_in_common(_traffic: Traffic, graph: GraphTables) -> Mapping[str, pa.Table]:
    """Never finds anything."""
    return union_find(graph, max_degree=0)


def test_a_careless_detector_is_caught(run: tuple[Traffic, GraphTables], tmp_path: Path) -> None:
    result = null_runs(shared_card_and_device, *run, n=3, seed=5, scratch=tmp_path)
    assert result.shuffles == 3
    assert result.rings == sum(result.tiers.values()) == sum(sum(r.values()) for r in result.by_shuffle) == 12
    assert result.accounts == 3 * 40
    assert len(result.best_scores) == 3
    assert None not in result.best_scores
    assert list(tmp_path.iterdir()) == []


def test_a_silent_detector_has_no_rings(run: tuple[Traffic, GraphTables], tmp_path: Path) -> None:
    result = null_runs(two_cards_in_common, *run, n=2, scratch=tmp_path)
    assert (result.shuffles, result.rings, result.accounts) == (2, 0, 0)
    assert result.best_scores == (None, None)


def test_shuffles_differ_from_each_other_and_repeat_for_a_seed(
    run: tuple[Traffic, GraphTables], tmp_path: Path
) -> None:
    seen: list[list[tuple[str, str]]] = []

    def watch(_traffic: Traffic, graph: GraphTables) -> Mapping[str, pa.Table]:
        seen.append([(r["account_id"], r["object_id"]) for r in graph.sightings.to_pylist()])
        return union_find(graph, max_degree=0)

    null_runs(watch, *run, n=2, seed=9, scratch=tmp_path)
    null_runs(watch, *run, n=3, seed=9, scratch=tmp_path)
    assert seen[0] != seen[1]
    assert seen[:2] == seen[2:4]
    assert Counter(a for a, _ in seen[0]) == Counter(a for a, _ in seen[4])
