"""A shuffled world keeps what belongs to an account or an object, and loses who shares with whom."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from graphring.engine import Engine
from graphring.evaluate.shuffling import shuffle
from graphring.graph import build_graph
from graphring.model import (
    ACCOUNTS,
    ASSIGNMENTS,
    EXCHANGES,
    FAMILIES,
    IPS,
    LINKS,
    PAYMENTS,
    SIGHTINGS,
    GraphTables,
    Traffic,
)
from tests.fakes import table

START = datetime(2026, 1, 5, tzinfo=UTC)
FAMILIES_OF = {"f-ring": range(40), "f-app": range(5), "f-tool": range(30, 110)}


def world(folder: Path, *, ring: int = 40, accounts: int = 120) -> Traffic:
    """40 accounts share a wrapper, four cards, IPs and a pool of payloads; the others live alone, but for a tool."""
    rng = np.random.default_rng(7)
    payments, links, exchanges, assignments = [], [], [], []
    cards: dict[str, str] = {}
    for a in range(accounts):
        card = f"card-{a % 4}" if a < ring else f"card-own-{a}"
        cards[card] = "virtual_card" if a < ring else "card"
        payments.append({"account": a, "payment_method": card, "ts": START + timedelta(hours=a), "kind": cards[card]})
        if a % 3 == 0:
            device = f"device-{a // 30}"
            links.append({"account": a, "object_type": "device", "object_id": device, "ts": None, "count": 2})
        for n in range(5 + a % 17):
            families = [f for f, users in FAMILIES_OF.items() if a in users]
            family = families[n % len(families)] if families and n % 4 else None
            wrapper = [hash_of(family, i) for i in range(6)] if family else []
            prompt = int(rng.integers(1, 60)) if a < ring else 1_000_000 + a * 100 + n
            ip = int(rng.integers(0, 10)) if a < ring else 10 + (a % 60)
            exchanges.append(
                {
                    "exchange_id": f"x-{a:03}-{n:03}", "account": a, "ts": START + timedelta(minutes=a * 7 + n * 61),
                    "ip": ip if n % 6 else -1, "model": "m", "conversation": prompt if n % 2 else 0,
                    "user_agent": 1 + a % 5, "system": hash_of(family, 99) if family else (a % 7 if n % 2 else 0),
                    "prompt": prompt, "source": 0, "template_id": f"t-{family}" if family else None,
                    "shingles": sorted({*wrapper, *(hash_of(prompt, i) for i in range(4))}),
                }
            )  # fmt: skip
            assignments.append({"exchange_id": exchanges[-1]["exchange_id"], "family_id": family})
    families = [{"family_id": f, "kind": "wrapper", "exemplar": f, "variants": []} for f in sorted(FAMILIES_OF)]
    payments.sort(key=lambda r: (r["account"], r["payment_method"]))
    links.sort(key=lambda r: (r["account"], r["object_type"], r["object_id"]))
    tables = {
        "accounts": table([{"account_id": f"acct-{a:03}", "known": True} for a in range(accounts)], ACCOUNTS),
        "payments": table(payments, PAYMENTS),
        "links": table(links, LINKS),
        "exchanges": table(exchanges, EXCHANGES),
        "ips": table([{"ip": f"10.0.0.{i:03}"} for i in range(75)], IPS),
        "families": table(families, FAMILIES),
        "assignments": table(assignments, ASSIGNMENTS),
    }
    return write(folder, tables)


def hash_of(*parts: Any) -> int:
    return int(np.random.default_rng([*str(parts).encode()]).integers(1, 2**63))


def write(folder: Path, tables: dict[str, pa.Table]) -> Traffic:
    folder.mkdir(exist_ok=True)
    for name, rows in tables.items():
        pq.write_table(rows, folder / f"{name}.parquet")
    return Traffic(**{f.name: folder / f"{f.name}.parquet" for f in fields(Traffic)})


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> tuple[Traffic, GraphTables]:
    traffic = world(tmp_path_factory.mktemp("before"))
    with Engine() as engine:
        return traffic, build_graph(engine, traffic)


@pytest.fixture(scope="module")
def after(before: tuple[Traffic, GraphTables], tmp_path_factory: pytest.TempPathFactory) -> tuple[Traffic, GraphTables]:
    return shuffle(*before, seed=3, out=tmp_path_factory.mktemp("after"))


def rows(path: Path) -> list[dict[str, Any]]:
    return pq.read_table(path).to_pylist()


def named(traffic: Traffic) -> list[dict[str, Any]]:
    """Exchanges with the family beside them and the IP by its name."""
    ips = [*pq.read_table(traffic.ips)["ip"].to_pylist(), None]
    both = zip(rows(traffic.exchanges), rows(traffic.assignments), strict=True)
    return [a | b | {"ip": ips[a["ip"]]} for a, b in both]


def degrees(pairs: set[tuple[Any, Any]]) -> tuple[Counter[Any], Counter[Any]]:
    return Counter(a for a, _ in pairs), Counter(o for _, o in pairs)


def test_every_table_keeps_its_schema_and_order(after: tuple[Traffic, GraphTables]) -> None:
    traffic, graph = after
    schemas = {
        "payments": PAYMENTS, "links": LINKS, "exchanges": EXCHANGES, "ips": IPS, "families": FAMILIES,
        "assignments": ASSIGNMENTS,
    }  # fmt: skip
    for name, schema in schemas.items():
        assert pq.read_table(getattr(traffic, name)).schema.equals(schema), name
    assert graph.sightings.schema.equals(SIGHTINGS)
    for name in ("payments", "links"):
        key = [(r["account"], r.get("payment_method") or r["object_id"]) for r in rows(getattr(traffic, name))]
        assert key == sorted(key)


def test_the_shuffled_graph_is_the_graph_of_the_shuffled_traffic(after: tuple[Traffic, GraphTables]) -> None:
    with Engine() as engine:
        built = build_graph(engine, after[0])
    sightings = built.sightings.drop_columns(["active_days"])  # moves with the account's slot, as the times do
    assert after[1].sightings.drop_columns(["active_days"]).equals(sightings)
    assert after[1].sightings["active_days"].equals(built.sightings["active_days"])
    assert after[1].objects.equals(built.objects)
    assert after[1].accounts.equals(built.accounts)


def test_accounts_keep_their_exchanges_and_hours(before: Any, after: Any) -> None:
    same = ["exchange_id", "account", "model", "input_tokens", "output_tokens", "source"]
    assert pq.read_table(before[0].exchanges, columns=same).equals(pq.read_table(after[0].exchanges, columns=same))
    ids = pq.read_table(after[0].assignments)["exchange_id"]
    assert ids.equals(pq.read_table(after[0].exchanges)["exchange_id"])


def test_each_account_moves_by_whole_days_of_its_own(tmp_path: Path) -> None:
    tables = {f.name: pq.read_table(getattr(world(tmp_path / "w"), f.name)) for f in fields(Traffic)}
    hours = pa.array([h * 3_600_000_000 for h in range(tables["exchanges"].num_rows)], pa.duration("us"))
    times = pa.array(np.full(len(hours), np.datetime64("2026-01-05")), pa.timestamp("us", tz="UTC"))
    tables["exchanges"] = tables["exchanges"].set_column(2, EXCHANGES.field("ts"), pc.add(times, hours))
    traffic = write(tmp_path / "w", tables)
    with Engine() as engine:
        graph = build_graph(engine, traffic)
        made, shuffled = shuffle(traffic, graph, seed=3, out=tmp_path)
        built = build_graph(engine, made)
    assert shuffled.sightings.equals(built.sightings)
    assert shuffled.accounts.equals(built.accounts)
    moved = defaultdict(set)
    for was, now in zip(rows(traffic.exchanges), rows(made.exchanges), strict=True):
        moved[was["account"]].add(now["ts"] - was["ts"])
    assert all(len(days) == 1 and next(iter(days)).seconds == 0 for days in moved.values())
    days = [next(iter(d)).days for d in moved.values()]
    assert len(set(days)) == 29
    assert max(map(abs, days)) == 14
    payments = zip(rows(traffic.payments), rows(made.payments), strict=True)
    assert {(a["account"], b["ts"] - a["ts"]) for a, b in payments} == {(a, timedelta(d)) for a, d in enumerate(days)}


@pytest.mark.parametrize("column", ["ip", "prompt", "conversation", "user_agent", "family_id"])
def test_degrees_stay_in_single_exchanges(before: Any, after: Any, column: str) -> None:
    was, now = ({(r["account"], r[column]) for r in named(t) if r[column]} for t in (before[0], after[0]))
    assert degrees(was) == degrees(now)
    assert was != now


@pytest.mark.parametrize("table_name", ["payments", "links"])
def test_degrees_stay_in_payments_and_links(before: Any, after: Any, table_name: str) -> None:
    column = {"payments": "payment_method", "links": "object_id"}[table_name]
    was, now = ({(r["account"], r[column]) for r in rows(getattr(t, table_name))} for t in (before[0], after[0]))
    assert degrees(was) == degrees(now)
    assert was != now


def test_a_payment_method_keeps_its_kind(before: Any, after: Any) -> None:
    kinds = [{(r["payment_method"], r["kind"]) for r in rows(t.payments)} for t in (before[0], after[0])]
    assert kinds[0] == kinds[1]


def test_content_goes_with_the_new_family_and_the_new_prompt(after: Any) -> None:
    for exchange, assigned in zip(rows(after[0].exchanges), rows(after[0].assignments), strict=True):
        family, shingles = assigned["family_id"], exchange["shingles"]
        wrapper = {hash_of(family, i) for i in range(6)} if family else set()
        payload = {hash_of(exchange["prompt"], i) for i in range(4)}
        assert shingles == sorted(wrapper | payload)
        assert exchange["template_id"] == (f"t-{family}" if family else None)
        if family:
            assert exchange["system"] == hash_of(family, 99)


def test_families_count_their_new_exchanges(after: Any) -> None:
    times: dict[str, list[datetime]] = defaultdict(list)
    for exchange, assigned in zip(rows(after[0].exchanges), rows(after[0].assignments), strict=True):
        times[assigned["family_id"]].append(exchange["ts"])
    for family in rows(after[0].families):
        mine = times[family["family_id"]]
        assert (family["exchanges"], family["first_seen"], family["last_seen"]) == (len(mine), min(mine), max(mine))


def test_the_ring_falls_apart(before: Any, after: Any) -> None:
    """120 pairs of 40 accounts shared each of four cards; by chance about 90 of all 780 pairs share one."""

    def meetings(graph: GraphTables) -> int:
        users = defaultdict(list)
        for row in graph.sightings.to_pylist():
            if row["object_type"] == "payment_method" and row["account_id"] < "acct-040":
                users[row["object_id"]].append(row["account_id"])
        return sum(len(u) * (len(u) - 1) // 2 for u in users.values())

    assert meetings(after[1]) < 0.5 * meetings(before[1])


def test_the_same_seed_gives_the_same_bytes(before: Any, after: Any, tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    (tmp_path / "other").mkdir()
    again, graph = shuffle(*before, seed=3, out=tmp_path / "again")
    other, _ = shuffle(*before, seed=4, out=tmp_path / "other")
    for name in ("payments", "links", "exchanges", "ips", "families", "assignments"):
        assert getattr(again, name).read_bytes() == getattr(after[0], name).read_bytes(), name
    assert graph.sightings.equals(after[1].sightings)
    assert other.exchanges.read_bytes() != again.exchanges.read_bytes()


def test_what_others_wrote_into_the_graph_is_shuffled_too(before: Any, tmp_path: Path) -> None:
    traffic, graph = before
    extra = [
        {"account_id": f"acct-{a:03}", "object_type": kind, "object_id": name, "count": 1}
        for a in range(0, 100, 2)
        for kind, name in (("phone", f"p{a // 20}"), ("ip", f"192.0.2.{a // 20}"))
    ]
    order = [(n, "ascending") for n in ("account_id", "object_type", "object_id")]
    merged = pa.concat_tables([graph.sightings, table(extra, SIGHTINGS)]).sort_by(order)
    made, shuffled = shuffle(traffic, replace(graph, sightings=merged), seed=1, out=tmp_path)
    pairs = [
        {(r["account_id"], (r["object_type"], r["object_id"])) for r in g.to_pylist()}
        for g in (merged, shuffled.sightings)
    ]
    assert degrees(pairs[0]) == degrees(pairs[1])
    ips = pq.read_table(made.ips)["ip"].to_pylist()
    assert ips == sorted(ips)
    seen = {(r["account_id"], r["object_id"]) for r in shuffled.sightings.to_pylist() if r["object_type"] == "ip"}
    for row in rows(made.exchanges):
        assert row["ip"] == -1 or (f"acct-{row['account']:03}", ips[row["ip"]]) in seen


def test_a_world_of_links_alone_can_be_shuffled(before: Any, tmp_path: Path) -> None:
    empty = {
        "payments": PAYMENTS, "exchanges": EXCHANGES, "ips": IPS, "families": FAMILIES, "assignments": ASSIGNMENTS
    }  # fmt: skip
    tables = {name: schema.empty_table() for name, schema in empty.items()}
    kept = {name: pq.read_table(getattr(before[0], name)) for name in ("accounts", "links")}
    traffic = write(tmp_path / "links", {**tables, **kept})
    with Engine() as engine:
        graph = build_graph(engine, traffic)
        made, shuffled = shuffle(traffic, graph, seed=1, out=tmp_path)
        assert build_graph(engine, made).sightings.equals(shuffled.sightings)
    assert shuffled.sightings.num_rows == graph.sightings.num_rows
