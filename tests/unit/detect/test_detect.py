"""Detection as a whole, on small worlds of hashes: what it must find, and whom it must spare."""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graphring.config import Settings
from graphring.detect import detect
from graphring.engine import Engine
from graphring.errors import ConfigError
from graphring.model import RUN_TABLES, Tier

sys.path.insert(0, str(Path(__file__).parent))
from worlds import World, mixed


def run(traffic, graph, previous=None, number=1, threads=1, **overrides):
    with Engine(threads=threads) as engine:
        return detect(engine, traffic, graph, previous, Settings(detect=overrides), f"run-{number}", number)


def flagged(found):
    tier = dict(zip(found["rings"]["ring_id"].to_pylist(), found["rings"]["tier"].to_pylist(), strict=True))
    members = found["members"].to_pylist()
    members = [m for m in members if m["role"] == "member"]
    return {m["account_id"]: m["ring_id"] for m in members if tier[m["ring_id"]] != Tier.WATCH}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return mixed(3, 1500).write(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def found(world):
    return run(*world[:2])


def test_rings_are_found_and_look_alikes_spared(world, found):
    guilty = {a for a, (ring, _) in world[2].items() if ring}
    accused = set(flagged(found))
    assert len(accused & guilty) >= 0.9 * len(guilty)
    assert len(accused - guilty) <= 0.05 * len(accused)


def test_a_world_without_rings_has_none(tmp_path):
    traffic, graph, _ = mixed(8, 1500, rings=False).write(tmp_path)
    assert not flagged(run(traffic, graph))


def test_tables_have_their_schemas_and_the_score_is_the_sum_of_the_evidence(found):
    for name, table in found.items():
        assert table.schema.equals(RUN_TABLES[name])
    bits, families = {}, {}
    for row in found["evidence"].to_pylist():
        bits[row["ring_id"]] = bits.get(row["ring_id"], 0.0) + row["bits"]
        if row["bits"] >= 2:
            families.setdefault(row["ring_id"], set()).add(row["family"])
    for ring in found["rings"].to_pylist():
        assert ring["score"] == pytest.approx(bits[ring["ring_id"]], abs=0.5)
        assert 0.0 <= ring["probability"] <= 1.0
        assert ring["tier"] != Tier.HIGH or len(families[ring["ring_id"]]) >= 2


def test_the_same_input_gives_the_same_tables(world, found):
    again = run(*world[:2], threads=2)
    for name, table in found.items():
        assert table.equals(again[name]), name


def test_a_second_run_keeps_the_ids(world, found):
    again = run(*world[:2], previous=found, number=100)
    assert flagged(again) == flagged(found)
    assert set(again["rings"]["status"].to_pylist()) <= {"continued"}
    assert again["ledger"].num_rows == 2 * found["ledger"].num_rows


def test_what_is_gone_is_dormant_and_wakes_under_its_id(world, found, tmp_path):
    empty = {n: t.slice(0, 0) for n, t in found.items()}
    quiet = run(*mixed(8, 1500, rings=False).write(tmp_path)[:2], previous=found, number=2)
    events = {(r["ring_id"], r["event"]) for r in quiet["ledger"].to_pylist()}
    assert all((ring, "dormant") in events for ring in found["rings"]["ring_id"].to_pylist())
    assert empty["rings"].num_rows == 0


@pytest.mark.parametrize("family", ["content", "network", "timing"])
def test_a_disabled_family_gives_no_evidence(world, family):
    found = run(*world[:2], disabled_families=[family])
    assert family not in found["evidence"]["family"].to_pylist()


def test_unknown_parameters_are_named_with_the_nearest(world):
    with pytest.raises(ConfigError, match="strong_bits"):
        run(*world[:2], strong_bit=1)


def test_sharing_within_one_customer_is_no_evidence(tmp_path):
    world = World(5)
    world.background(800)
    start = len(world.profile)
    world.ring("pool", 40, cards=3)
    for a in range(start, len(world.profile)):
        world.profile[a]["org"] = "One Company"
    assert not flagged(run(*world.write(tmp_path)[:2]))


def test_customers_of_one_partner_are_no_ring(tmp_path):
    """One card, one device and one code for all: they bought together, and work each for themselves."""
    world = World(7)
    world.background(800)
    for _ in range(30):
        a = world.new_account(domain=f"client{world.fresh()}.com", created=3.0)
        world.pay(a, "partner-card")
        world.links += [(a, "device", "partner-device"), (a, "referral", "partner-code")]
        world.organic(a, 20)
    traffic, graph, _ = world.write(tmp_path)
    assert not flagged(run(traffic, graph))


def test_a_workshop_is_no_ring(tmp_path):
    """One day, one tool, at home or in the hall, accounts of that day; afterwards hardly anybody comes back."""
    world = World(8)
    world.background(800)
    tool, hall = world.fresh(), [world.fresh() for _ in range(3)]
    for i in range(40):
        a = world.new_account(created=9.3)
        ts = 9.5 * 86_400.0 + np.sort(world.rng.uniform(0, 5_400, 14))
        ip = np.full(14, hall[i % 3]) if i % 2 else world.person_ips(ts)
        world.add(a, ts, ip, np.full(14, tool), world.payloads(14))
        world.organic(a, 3, start=12.0)
    traffic, graph, _ = world.write(tmp_path)
    assert not flagged(run(traffic, graph))


def test_strangers_with_a_ring_s_wrapper_are_not_convicted_by_it(tmp_path):
    """A panel that divides its own set among homes, with the wording that a ring has too."""
    world = World(10)
    world.background(800)
    world.ring("pool", 40, wrapper=(wrapper := world.fresh()))
    items = np.arange(world.fresh(450), world.next_id)
    start = len(world.profile)
    for _ in range(25):
        a = world.new_account()
        world.profile[a]["created"] = float(world.rng.uniform(-300, 0))
        ts = world.human_times(36, 0, 28, 1)
        world.add(a, ts, world.home()(ts), np.full(36, wrapper), world.rng.choice(items, 36, replace=False))
        world.organic(a, 6)
    panel = set(range(start, len(world.profile)))
    for a in panel:
        world.truth[a] = ("", "panel")
    traffic, graph, truth = world.write(tmp_path)
    accused = set(flagged(run(traffic, graph)))
    guilty = {a for a, (ring, _) in truth.items() if ring}
    assert len(accused & guilty) >= 0.9 * len(guilty)
    assert not accused & {a for a, (_, kind) in truth.items() if kind == "panel"}


def test_a_ring_on_one_card_and_few_proxies_is_no_customer(tmp_path):
    world = World(9)
    world.background(800)
    start = len(world.profile)
    world.ring("pool", 24, cards=1, pool=5, signup="batch")
    for i, a in enumerate(range(start, len(world.profile))):
        world.profile[a] |= {
            "domain": ["gmail.com", "outlook.com", "yahoo.com", "proton.me", "qq.com"][i % 5],
            "created": 1.5 + i / 100,
        }
    traffic, graph, truth = world.write(tmp_path)
    guilty = {a for a, (ring, _) in truth.items() if ring}
    accused = set(flagged(run(traffic, graph)))
    assert len(accused & guilty) >= 0.9 * len(guilty)
    assert not accused - guilty


def test_links_alone_are_enough(tmp_path):
    world = World(6)
    for _ in range(3000):
        a = world.new_account()
        for o in world.rng.integers(0, 4000, 2):
            world.links.append((a, "counterparty", f"c{o}"))
    for i in range(100, 130):
        world.truth[i] = ("r", "links")
        for o in world.rng.choice(8, 4, replace=False):
            world.links.append((i, "counterparty", f"ring{o}"))
    traffic, graph, truth = world.write(tmp_path)
    accused = set(flagged(run(traffic, graph)))
    assert len(accused & set(truth)) >= 27
    assert len(accused - set(truth)) <= 2


def test_an_empty_world_has_no_rings(tmp_path):
    world = World(1)
    for _ in range(10):
        world.new_account()
    traffic, graph, _ = world.write(tmp_path)
    found = run(traffic, graph)
    assert all(table.num_rows == 0 for table in found.values())


def test_row_order_of_sightings_does_not_matter(world, found):
    traffic, graph, _ = world
    order = np.random.default_rng(0).permutation(graph.sightings.num_rows)
    again = run(traffic, dataclasses.replace(graph, sightings=graph.sightings.take(pa.array(order))))
    assert again["members"].equals(found["members"])
    assert pq.read_metadata(traffic.exchanges).num_rows > 0
