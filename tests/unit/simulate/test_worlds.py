"""A world keeps the input contract, tells the truth, and comes again byte for byte."""

import hashlib
import os
import subprocess
import sys

import pytest

from graphring.simulate import simulate
from tests.unit.simulate.worlds import TABLES, Tables, made

REQUIRED = {
    "accounts": {"account_id", "created_at"},
    "payments": {"account_id", "payment_method", "ts"},
    "exchanges": {"exchange_id", "account_id", "ts", "ip"},
    "links": {"account_id", "object_type", "object_id"},
    "truth": {"account_id", "ring", "kind", "group"},
    "truth_rings": {"ring", "kind", "accounts", "dials"},
}


def digest(folder):
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.rglob("*.parquet"))}


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Tables:
    return made(tmp_path_factory.mktemp("world"), accounts=4_000)


def test_all_tables_have_what_the_contract_requires(world):
    for name in TABLES:
        columns = {row[0] for row in world.rows(f"DESCRIBE {name}")}
        assert columns >= REQUIRED[name], name
        nulls = " OR ".join(f'"{column}" IS NULL' for column in sorted(REQUIRED[name]))
        assert world.one(f"SELECT count(*) FROM {name} WHERE {nulls}") == 0, name


def test_keys_are_unique_and_known(world):
    assert world.one("SELECT count(*) - count(DISTINCT account_id) FROM accounts") == 0
    assert world.one("SELECT count(*) - count(DISTINCT exchange_id) FROM exchanges") == 0
    for name in ("payments", "exchanges", "links", "truth"):
        assert world.one(f"SELECT count(*) FROM {name} ANTI JOIN accounts USING (account_id)") == 0, name
    assert world.one("SELECT count(*) FROM truth") == world.one("SELECT count(*) FROM accounts") == 4_000


def test_nothing_happens_before_sign_up_or_after_closing(world):
    assert world.one("SELECT count(*) FROM exchanges JOIN accounts USING (account_id) WHERE ts < created_at") == 0
    assert world.one("SELECT count(*) FROM exchanges JOIN accounts USING (account_id) WHERE ts > closed_at") == 0
    assert world.one("SELECT count(*) FROM payments JOIN accounts USING (account_id) WHERE ts < created_at") == 0
    assert world.one("SELECT count(*) FROM links JOIN accounts USING (account_id) WHERE ts < created_at") == 0
    assert world.one("SELECT max(date_diff('day', TIMESTAMPTZ '2026-01-05 00:00:00Z', ts)) FROM exchanges") == 27


def test_rows_come_in_order_of_time(world):
    disorder = "SELECT count(*) FROM (SELECT ts < lag(ts) OVER () AS back FROM exchanges) WHERE back"
    assert world.one(disorder) == 0


def test_the_truth_has_rings_look_alikes_and_background(world):
    kinds = dict(world.rows("SELECT kind, count(*) FROM truth GROUP BY 1"))
    assert kinds["background"] > 2_400
    assert world.one("SELECT count(*) FROM truth WHERE ring <> '' AND kind = 'background'") == 0
    assert 0.08 < world.one("SELECT avg((ring <> '')::INT) FROM truth") < 0.16
    listed = world.rows("SELECT ring, kind, accounts FROM truth_rings ORDER BY ALL")
    counted = world.rows("SELECT ring, min(kind), count(*) FROM truth WHERE ring <> '' GROUP BY 1 ORDER BY ALL")
    assert listed == counted


def test_no_payment_method_looks_like_a_card_number(world):
    assert world.one("SELECT count(*) FROM payments WHERE payment_method NOT SIMILAR TO 'pm_[0-9a-f]{16}'") == 0


def test_addresses_are_addresses(world):
    import ipaddress

    found = [ip for (ip,) in world.rows("SELECT DISTINCT ip FROM exchanges ORDER BY 1 LIMIT 4000")]
    versions = {ipaddress.ip_address(ip).version for ip in found}
    assert versions == {4, 6}
    assert not any(ipaddress.ip_address(ip).is_private for ip in found)


def test_the_background_has_heavy_tails_days_and_weeks(world):
    background = "exchanges JOIN truth USING (account_id) WHERE kind = 'background'"
    counts = [n for (n,) in world.rows(f"SELECT count(*) n FROM {background} GROUP BY account_id ORDER BY n DESC")]
    assert sum(counts[: len(counts) // 10]) > 0.35 * sum(counts)
    hours = [n for (n,) in world.rows(f"SELECT count(*) FROM {background} GROUP BY hour(ts) ORDER BY hour(ts)")]
    assert max(hours) > 1.25 * min(hours)
    days = dict(world.rows(f"SELECT isodow(ts), count(*) FROM {background} GROUP BY 1"))
    assert days[3] > 1.15 * days[7]
    crowd = [
        n for (n,) in world.rows(f"SELECT count(DISTINCT account_id) n FROM {background} GROUP BY ip ORDER BY n DESC")
    ]
    assert crowd[0] > 30
    assert crowd[len(crowd) // 2] == 1


def test_strangers_share_addresses_cards_devices_and_conversations_by_chance(world):
    benign = "(SELECT account_id FROM truth WHERE kind = 'background')"

    def shared(table, column, where="true"):
        query = f"""SELECT count(*) FROM (SELECT {column} FROM {table} JOIN {benign} USING (account_id) WHERE {where}
                    AND {column} IS NOT NULL GROUP BY 1 HAVING count(DISTINCT account_id) > 1)"""
        return world.one(query)

    assert shared("exchanges", "ip") > 200
    assert shared("payments", "payment_method") > 20
    assert shared("links", "object_id", "object_type = 'device'") > 10
    assert shared("links", "object_id", "object_type = 'phone'") > 0
    assert shared("exchanges", "conversation_id") > 10
    assert shared("exchanges", "system_prompt") > 20
    assert shared("exchanges", "prompt") > 20


def test_same_seed_same_bytes_whatever_the_hash_seed(tmp_path):
    code = (
        "import sys; from pathlib import Path; from graphring.simulate import simulate;"
        "simulate(Path(sys.argv[1]), accounts=300, seed=3, days=14)"
    )
    for name, value in (("a", "0"), ("b", "4711")):
        environment = {**os.environ, "PYTHONHASHSEED": value}
        subprocess.run([sys.executable, "-c", code, str(tmp_path / name)], check=True, env=environment)
    simulate(tmp_path / "c", accounts=300, seed=3, config={}, days=14)
    assert digest(tmp_path / "a") == digest(tmp_path / "b") == digest(tmp_path / "c")
    assert set(digest(tmp_path / "a")) == {f"{name}.parquet" for name in TABLES}


def test_another_seed_is_another_world_in_kind(tmp_path):
    one, two = (made(tmp_path / str(seed), accounts=500, seed=seed) for seed in (1, 2))
    query = "SELECT kind, dials FROM truth_rings ORDER BY ALL"
    assert one.rows(query) != two.rows(query)
    assert one.rows("SELECT account_id FROM truth INTERSECT SELECT account_id FROM accounts LIMIT 1")
    ids = {row[0] for row in one.rows("SELECT account_id FROM truth")}
    assert ids.isdisjoint(row[0] for row in two.rows("SELECT account_id FROM truth"))


def test_the_benign_preset_has_no_ring(tmp_path):
    simulate(tmp_path, accounts=800, seed=4, config={"preset": "benign"}, days=14)
    tables = Tables(tmp_path)
    assert tables.one("SELECT count(*) FROM truth WHERE ring <> ''") == 0
    assert tables.one("SELECT count(*) FROM truth_rings") == 0
    assert tables.one("SELECT count(DISTINCT kind) FROM truth") > 8


def test_nothing_is_left_beside_the_tables(world):
    assert sorted(file.name for file in world.folder.iterdir()) == sorted(f"{name}.parquet" for name in TABLES)


def test_progress_counts_every_exchange(tmp_path):
    told: list[int] = []
    summary = simulate(tmp_path, accounts=300, seed=3, days=14, progress=told.append)
    assert sum(told) == summary.exchanges == Tables(tmp_path).one("SELECT count(*) FROM exchanges")
