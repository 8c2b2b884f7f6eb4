"""The graph of a handful of rows, checked by hand, and against a plain-Python count on random traffic."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graphring import model
from graphring.engine import Engine
from graphring.graph import build_graph
from graphring.graph.rarity import HUB_ACCOUNTS
from graphring.model import GraphTables, Traffic

START = datetime(2026, 1, 1, tzinfo=UTC)


def write_traffic(folder: Path, **rows: list[dict[str, Any]]) -> Traffic:
    schemas = {
        "accounts": model.ACCOUNTS,
        "payments": model.PAYMENTS,
        "links": model.LINKS,
        "exchanges": model.EXCHANGES,
        "ips": model.IPS,
        "families": model.FAMILIES,
        "assignments": model.ASSIGNMENTS,
    }
    paths = {}
    for name, schema in schemas.items():
        paths[name] = folder / f"{name}.parquet"
        pq.write_table(pa.Table.from_pylist(rows.get(name, []), schema=schema), paths[name])
    return Traffic(**paths)


def build(folder: Path, *, threads: int = 2, **rows: list[dict[str, Any]]) -> GraphTables:
    with Engine(threads=threads) as engine:
        return build_graph(engine, write_traffic(folder, **rows))


def accounts(ids: str) -> list[dict[str, Any]]:
    return [{"account_id": name, "created_at": START, "known": True} for name in ids]


def exchange(number: int, account: int, ip: int, hours: float = 0) -> dict[str, Any]:
    return {
        "exchange_id": f"x{number}",
        "account": account,
        "ip": ip,
        "ts": START + timedelta(hours=hours),
        "source": 0,
    }


def test_counts_times_and_days_of_one_edge(tmp_path: Path) -> None:
    graph = build(
        tmp_path,
        accounts=accounts("ab"),
        exchanges=[exchange(1, 0, 0), exchange(2, 0, 0, hours=30), exchange(3, 1, -1)],
        ips=[{"ip": "192.0.2.1"}],
        assignments=[{"exchange_id": f"x{n}", "family_id": None} for n in (1, 2, 3)],
    )
    assert graph.sightings.to_pylist() == [
        {
            "account_id": "a", "object_type": "ip", "object_id": "192.0.2.1", "count": 2, "first_seen": START,
            "last_seen": START + timedelta(hours=30), "active_days": 2,
        }
    ]  # fmt: skip
    assert graph.accounts["requests"].to_pylist() == [2, 1]


def test_an_account_without_traffic_is_still_a_node(tmp_path: Path) -> None:
    graph = build(tmp_path, accounts=accounts("abc"))
    assert graph.accounts["account_id"].to_pylist() == ["a", "b", "c"]
    assert graph.accounts["requests"].to_pylist() == [0, 0, 0]
    assert graph.sightings.schema == model.SIGHTINGS
    assert graph.objects.schema == model.OBJECTS


def test_links_keep_their_type_and_need_no_time(tmp_path: Path) -> None:
    links = [{"account": a, "object_type": "device", "object_id": "d", "ts": None, "count": 3} for a in (0, 0, 1)]
    graph = build(tmp_path, accounts=accounts("ab"), links=links)
    assert [(row["account_id"], row["count"]) for row in graph.sightings.to_pylist()] == [("a", 6), ("b", 3)]
    assert graph.objects["object_type"].to_pylist() == ["device"]


def test_a_template_is_labelled_by_its_exemplar(tmp_path: Path) -> None:
    family = {"family_id": "T-1", "kind": "wrapper", "exemplar": "Rate ⟨…⟩ from 1 to 5", "variants": [],
              "accounts": 1, "exchanges": 1, "rarity": 1.0}  # fmt: skip
    graph = build(
        tmp_path,
        accounts=accounts("ab"),
        exchanges=[exchange(1, 0, -1)],
        families=[family],
        assignments=[{"exchange_id": "x1", "family_id": "T-1"}],
    )
    assert graph.objects.to_pylist()[0]["label"] == "Rate ⟨…⟩ from 1 to 5"
    assert graph.objects.to_pylist()[0]["note"] == "wrapper"


def test_an_object_weighs_its_rarity(tmp_path: Path) -> None:
    payments = [{"account": a, "payment_method": "p", "ts": START} for a in (0, 1)]
    graph = build(tmp_path, accounts=accounts("abcdefgh"), payments=payments)
    assert graph.objects["weight"].to_pylist() == [pytest.approx(math.log2(8 / 2))]
    assert graph.objects["damped"].to_pylist() == [False]


def test_a_hub_is_damped_and_marked_but_kept(tmp_path: Path) -> None:
    many = HUB_ACCOUNTS * 2
    people = [{"account_id": f"a{n:05d}", "created_at": START, "known": True} for n in range(many * 4)]
    links = [{"account": a, "object_type": "ip", "object_id": "nat", "ts": None, "count": 1} for a in range(many)]
    row = build(tmp_path, accounts=people, links=links).objects.to_pylist()[0]
    assert row["damped"]
    assert row["weight"] == pytest.approx(2 * HUB_ACCOUNTS / many)


@pytest.mark.parametrize("seed", [1, 2])
def test_agrees_with_a_plain_count_whatever_the_threads(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    rows = [exchange(n, random.randrange(20), random.randrange(-1, 9), random.random() * 200) for n in range(500)]
    given = {
        "accounts": [{"account_id": f"a{n:02d}", "created_at": START, "known": True} for n in range(20)],
        "exchanges": rows,
        "ips": [{"ip": f"192.0.2.{n}"} for n in range(9)],
        "assignments": [{"exchange_id": row["exchange_id"], "family_id": None} for row in rows],
    }
    counted = Counter((row["account"], row["ip"]) for row in rows if row["ip"] >= 0)
    days = defaultdict(set)
    for row in rows:
        days[row["account"], row["ip"]].add(row["ts"].date())
    graph = build(tmp_path, threads=1, **given)
    found = {(r["account_id"], r["object_id"]): (r["count"], r["active_days"]) for r in graph.sightings.to_pylist()}
    assert found == {(f"a{a:02d}", f"192.0.2.{i}"): (n, len(days[a, i])) for (a, i), n in counted.items()}
    assert build(tmp_path, threads=2, **given) == graph
