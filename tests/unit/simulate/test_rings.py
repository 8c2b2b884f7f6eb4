"""Each ring scenario does what its line in the table says."""

import json

import pytest

from graphring.simulate.registry import RINGS
from tests.unit.simulate.worlds import made, only

MEMBERS = "exchanges JOIN truth USING (account_id) WHERE ring <> ''"


@pytest.mark.parametrize("name", sorted(RINGS))
def test_every_scenario_makes_its_ring_and_covers_it(tmp_path, name):
    world = only(tmp_path, name, size=100)
    kinds = dict(
        world.rows("SELECT kind, count(*) FROM truth WHERE ring <> '' OR kind = 'stolen_key_victim' GROUP BY 1")
    )
    assert sum(kinds.values()) == 100
    silent = world.one("SELECT count(*) FROM (FROM truth WHERE ring <> '') ANTI JOIN exchanges USING (account_id)")
    assert silent <= 25


def test_a_pool_sends_batches_through_one_wrapper_and_divides_its_payloads(tmp_path):
    world = only(
        tmp_path, "pool", fan=40, jitter=3, paraphrase=0, public_wrapper=0, in_system=0, unrelated=0, human_hours=0
    )
    opening = world.rows(
        f"SELECT left(prompt, 40) o, count(*), count(DISTINCT account_id) FROM {MEMBERS} GROUP BY 1 ORDER BY 2 DESC"
    )
    total = sum(row[1] for row in opening)
    assert opening[0][1] > 0.9 * total
    assert opening[0][2] > 90
    repeats = world.one(f"SELECT 1 - count(DISTINCT prompt) / count(*) FROM {MEMBERS}")
    assert 0.005 < repeats < 0.06
    crowded = world.one(
        f"""SELECT avg((n > 8)::INT) FROM (SELECT count(*) OVER (ORDER BY ts RANGE BETWEEN INTERVAL 3 MINUTE PRECEDING
            AND INTERVAL 3 MINUTE FOLLOWING) AS n FROM {MEMBERS})"""
    )
    assert crowded > 0.9


@pytest.mark.parametrize("unrelated", [0.0, 0.95])
def test_the_share_of_unrelated_traffic_is_a_dial(tmp_path, unrelated):
    world = only(tmp_path, "pool", unrelated=unrelated, paraphrase=0, public_wrapper=0, in_system=0)
    top = world.one(f"SELECT max(n) FROM (SELECT count(*) n FROM {MEMBERS} GROUP BY left(prompt, 40))")
    share = top / world.one(f"SELECT count(*) FROM {MEMBERS}")
    assert share > 0.9 if unrelated == 0 else share < 0.2


def test_shared_cards_are_a_dial(tmp_path):
    query = (
        "SELECT count(DISTINCT payment_method) / count(*) FROM payments JOIN truth USING (account_id) WHERE ring <> ''"
    )
    plain = only(tmp_path / "plain", "pool", own_cards=0).one(query)
    hidden = only(tmp_path / "hidden", "careful").one(query)
    assert plain < 0.5 < 0.9 < hidden


def test_residential_proxies_are_homes_of_the_innocent(tmp_path):
    query = """SELECT avg((ip IN (SELECT ip FROM exchanges JOIN truth USING (account_id) WHERE ring = ''))::INT)
               FROM exchanges JOIN truth USING (account_id) WHERE ring <> ''"""
    proxy = {"unrelated": 0, "innocents": 1, "hold": 24}
    homes = only(tmp_path / "homes", "pool", residential=1, **proxy).one(query)
    rented = only(tmp_path / "rented", "pool", residential=0, **proxy).one(query)
    assert homes > 2 * rented
    assert homes > 0.3


def test_the_second_pool_wakes_when_the_first_is_stopped(tmp_path):
    world = only(tmp_path, "failover", banned=1, gap=12, unrelated=0, public_wrapper=0, in_system=0, paraphrase=0)
    spans = world.rows(
        """SELECT status, min(ts), max(ts), count(DISTINCT account_id) FROM exchanges JOIN truth USING (account_id)
           JOIN accounts USING (account_id) WHERE ring <> '' GROUP BY 1 ORDER BY 1"""
    )
    (open_, begin, _, survivors), (closed, _, end, banned) = spans
    assert (open_, closed) == ("active", "closed")
    assert survivors > 40 < banned
    assert 0.2 < (begin - end).total_seconds() / 3600 < 60
    assert world.one(f"SELECT count(DISTINCT ring) FROM {MEMBERS}") == 1
    per_pool = world.rows(
        """SELECT mode(left(prompt, 40)) FROM exchanges JOIN truth USING (account_id) JOIN accounts USING (account_id)
           WHERE ring <> '' GROUP BY status"""
    )
    assert per_pool[0] == per_pool[1]


def test_conversations_travel_through_a_relay(tmp_path):
    world = only(tmp_path, "slow_relay", handed=0.9, turns=10)
    handed = world.one(
        f"""SELECT avg((n > 1)::INT) FROM (SELECT count(DISTINCT account_id) n FROM {MEMBERS}
            AND conversation_id IS NOT NULL GROUP BY conversation_id HAVING count(*) >= 5)"""
    )
    assert handed > 0.8
    assert world.one(f"SELECT median(n) FROM (SELECT count(*) n FROM {MEMBERS} GROUP BY account_id, ts::DATE)") <= 6


def test_rotation_works_in_shifts_of_many_requests(tmp_path):
    world = only(tmp_path, "rotation", size=30, shift=1, unrelated=0, daily=400)
    busy = f"SELECT count(*) n, count(DISTINCT ts::DATE) AS used FROM {MEMBERS} GROUP BY account_id"
    assert world.one(f"SELECT median(used) FROM ({busy})") <= 3
    assert world.one(f"SELECT median(n / used) FROM ({busy})") > 5


def test_a_burst_is_two_days_of_few_requests_after_silence(tmp_path):
    world = only(tmp_path, "burst", past=0, hours=24, unrelated=0)
    low, high = world.rows(f"SELECT min(n), max(n) FROM (SELECT count(*) n FROM {MEMBERS} GROUP BY account_id)")[0]
    assert low >= 1
    assert high <= 10
    hours = world.one(f"SELECT date_diff('minute', min(ts), max(ts)) / 60 FROM {MEMBERS}")
    assert hours < 48


def test_probing_has_thousands_of_wordings(tmp_path):
    world = only(tmp_path, "probing", unrelated=0)
    assert world.one(f"SELECT count(DISTINCT prompt) / count(*) FROM {MEMBERS}") > 0.8


def test_a_pivot_moves_to_the_new_model_within_a_day(tmp_path):
    world = only(tmp_path, "pivot", moves=0.5, within=4, unrelated=0)
    new = "model = 'atlas-5'"
    first = world.one(f"SELECT min(ts) FROM exchanges WHERE {new}")
    after = world.one(f"SELECT avg(({new})::INT) FROM {MEMBERS} AND ts > TIMESTAMPTZ '{first}' + INTERVAL 24 HOUR")
    others = world.one(
        f"""SELECT avg(({new})::INT) FROM exchanges JOIN truth USING (account_id) WHERE ring = ''
            AND ts BETWEEN TIMESTAMPTZ '{first}' AND TIMESTAMPTZ '{first}' + INTERVAL 24 HOUR"""
    )
    assert after > 0.45 > 0.2 > others


def test_tenants_are_rings_of_their_own_on_one_proxy_pool(tmp_path):
    world = only(tmp_path, "shared_pool", tenants=3, unrelated=0, residential=0, pool_size=0.2, hold=12)
    rings = world.rows("SELECT ring, count(*) FROM truth WHERE ring <> '' GROUP BY 1 ORDER BY 1")
    assert [name[-2:] for name, _ in rings] == ["-a", "-b", "-c"]
    common = world.one(f"SELECT count(*) FROM (SELECT ip FROM {MEMBERS} GROUP BY ip HAVING count(DISTINCT ring) = 3)")
    assert common >= 10
    assert world.one("SELECT count(*) FROM truth_rings") == 3


def test_owners_of_stolen_keys_are_victims(tmp_path):
    world = only(tmp_path, "stolen_keys", owned=0.0, egress=1, stolen=1.0)
    assert world.one("SELECT count(*) FROM truth WHERE ring <> ''") == 0
    assert world.one("SELECT count(*) FROM truth WHERE kind = 'stolen_key_victim'") == 100
    victims = "exchanges JOIN truth USING (account_id) WHERE kind = 'stolen_key_victim'"
    assert world.one(f"SELECT max(n) FROM (SELECT count(DISTINCT account_id) n FROM {victims} GROUP BY ip)") > 80
    assert world.one("SELECT count(*) FROM truth_rings") == 0


def test_a_thief_of_keys_may_have_accounts_of_his_own(tmp_path):
    world = only(tmp_path, "stolen_keys", owned=0.2)
    ring, victims = world.rows(
        "SELECT count(*) FILTER (ring <> ''), count(*) FILTER (kind = 'stolen_key_victim') FROM truth"
    )[0]
    assert ring + victims == 100
    assert 10 < ring < 25


def test_a_paraphrased_wrapper_hardly_repeats_its_opening(tmp_path):
    world = only(tmp_path, "paraphrased", unrelated=0, paraphrase=1)
    top = world.one(f"SELECT max(n) FROM (SELECT count(*) n FROM {MEMBERS} GROUP BY left(prompt, 40))")
    assert top / world.one(f"SELECT count(*) FROM {MEMBERS}") < 0.05


def test_programme_abuse_signs_up_on_free_and_education_plans(tmp_path):
    world = only(tmp_path, "programme", aged=0)
    plans = {
        plan
        for (plan,) in world.rows("SELECT DISTINCT plan FROM accounts JOIN truth USING (account_id) WHERE ring <> ''")
    }
    assert plans <= {"free", "education"}


def test_dials_of_each_ring_are_told(tmp_path):
    world = made(tmp_path, accounts=600, rings=["hydra"], parameters={"hydra": {"unrelated": 0.9, "accounts": 70}})
    for kind, accounts, dials in world.rows("SELECT kind, accounts, dials FROM truth_rings"):
        told = json.loads(dials)
        assert kind == "hydra"
        assert told["unrelated"] == 0.9
        assert told["accounts"] == accounts
        assert set(told) == set(RINGS["hydra"].spans)
