"""The report: complete, the same bytes again, and inert whatever names the truth brings."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graphring.engine import Engine
from graphring.evaluate import NullResult, WorldStats, evaluate, report_html, world_stats
from graphring.graph import build_graph
from tests.fakes import HOSTILE_IDS, FakeSnapshot
from tests.unit.evaluate.test_shuffle import world

pytest.importorskip("vl_convert", reason="the package that draws is not installed")


def truth_of(fake: FakeSnapshot, *, kind: str = "pool") -> pa.Table:
    ids = fake.graph.accounts["account_id"].to_pylist()
    rings = [f"true-{i % 3}" if i < 30 else "" for i in range(len(ids))]
    kinds = [kind if ring else "company" for ring in rings]
    return pa.table({"account_id": ids, "ring": rings, "kind": kinds})


@pytest.fixture(scope="module")
def stats(tmp_path_factory: pytest.TempPathFactory) -> WorldStats:
    traffic = world(tmp_path_factory.mktemp("world"))
    with Engine() as engine:
        graph = build_graph(engine, traffic)
    ids = [f"acct-{a:03}" for a in range(40)]
    return world_stats(traffic, graph, pa.table({"account_id": ids, "ring": ["r"] * 40}))


def images(html: str) -> list[str]:
    return [base64.b64decode(m).decode() for m in re.findall(r"data:image/svg\+xml;base64,([^\"]+)", html)]


def test_the_report_holds_every_plot_and_needs_nothing_else(stats: WorldStats, tmp_path: Path) -> None:
    fake = FakeSnapshot.sample()
    pq.write_table(truth_of(fake), tmp_path / "truth.parquet")
    dials = pa.table({"ring": ["true-0", "true-1", "true-2"], "unrelated": [0.1, 0.5, 0.9]})
    pq.write_table(dials, tmp_path / "truth_rings.parquet")
    null = NullResult(shuffles=2, rings=1, accounts=3, tiers={"watch": 1}, by_shuffle=({"watch": 0}, {"watch": 1}))
    judged = evaluate(fake, tmp_path, null=null)
    html = report_html(judged, stats)
    titles = re.findall(r"<figure><h3>(.*?)</h3>", html)
    assert titles == [
        "Recall by kind of ring", "Precision at k, accounts", "Precision at k, rings",
        "Reliability of member confidence", "Reliability of ring probability", "unrelated", "Rings in shuffled worlds",
        "How many share an object", "Requests per account", "Hours of the week",
    ]  # fmt: skip
    assert len(images(html)) == len(titles)
    assert "<script" not in html
    assert re.findall(r'(?:src|href)="(?!data:)', html) == []
    assert html == report_html(judged, stats)


def test_a_report_without_truth_or_world_is_short() -> None:
    html = report_html(evaluate(FakeSnapshot.sample()))
    assert "Against the truth" not in html
    assert images(html) == []


@pytest.mark.parametrize("text", HOSTILE_IDS)
def test_hostile_names_are_text(text: str) -> None:
    fake = FakeSnapshot.sample()
    html = report_html(evaluate(fake, truth_of(fake, kind=text)))
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    for image in images(html):
        assert "<script" not in image
        assert "<img" not in image


def test_stats_of_a_world_leave_rings_out(stats: WorldStats) -> None:
    assert (stats.accounts, stats.innocent_only) == (80, True)
    assert (stats.degrees["payment_method"].values, stats.degrees["payment_method"].at_least) == ((1,), (1.0,))
    assert stats.degrees["ip"].total == 60
    assert stats.degrees["ip"].values[-1] == 2
    assert stats.requests.at_least[0] == 1.0
    assert list(stats.requests.at_least) == sorted(stats.requests.at_least, reverse=True)
    assert np.isclose(sum(stats.hours["all"]), 1.0)
    assert stats.hours["all"][5] > 0  # Monday 5 January, 05:00: account 43's first exchange
    assert sum(stats.hours["all"][72:]) == 0  # nobody is awake after Wednesday
