"""The same world, night by night."""

import pytest

from graphring.simulate import simulate
from graphring.simulate.writer import nightly
from tests.unit.simulate.worlds import Tables

SIZE = {"accounts": 500, "seed": 8, "days": 14, "config": {"late": 0.05, "corrected": 0.03}}


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Tables:
    folder = tmp_path_factory.mktemp("whole")
    simulate(folder, **SIZE)
    return Tables(folder)


@pytest.fixture(scope="module")
def nights(tmp_path_factory) -> Tables:
    folder = tmp_path_factory.mktemp("nights")
    simulate(folder, nights=4, **SIZE)
    tables = Tables(folder)
    for name in ("accounts", "payments", "exchanges", "links"):
        tables.con.execute(f"CREATE VIEW {name} AS FROM read_parquet('{folder}/night-*/{name}.parquet', filename=true)")
    return tables


def test_every_night_has_a_folder_and_the_truth_stays_beside(nights):
    folders = sorted(path.name for path in nights.folder.iterdir())
    assert folders == ["night-001", "night-002", "night-003", "night-004", "truth.parquet", "truth_rings.parquet"]


def test_the_nights_together_are_the_same_world(whole, nights):
    columns = "exchange_id, account_id, ts, ip, model, system_prompt, prompt, input_tokens, conversation_id, user_agent"
    for name, kept in (("exchanges", columns), ("payments", "*"), ("links", "*")):
        one = whole.rows(f"SELECT DISTINCT {kept} FROM {name} ORDER BY ALL")
        other = nights.rows(f"SELECT DISTINCT {kept.replace('*', '* EXCLUDE filename')} FROM {name} ORDER BY ALL")
        assert one == other, name
    newest = "SELECT *, row_number() OVER (PARTITION BY account_id ORDER BY filename DESC) AS n FROM accounts"
    accounts = nights.rows(f"SELECT * EXCLUDE (filename, n) FROM ({newest}) WHERE n = 1 ORDER BY ALL")
    assert whole.rows("FROM accounts ORDER BY ALL") == accounts
    assert whole.rows("FROM truth ORDER BY ALL") == nights.rows("FROM truth ORDER BY ALL")


def test_some_exchanges_come_late_and_some_are_corrected(nights):
    twice = nights.rows(
        """SELECT count(*), count(DISTINCT output_tokens), min(filename) < max(filename),
                  arg_min(output_tokens, filename) <= arg_max(output_tokens, filename)
           FROM exchanges GROUP BY exchange_id HAVING count(*) > 1"""
    )
    assert len(twice) > 3
    assert all(row[0] == 2 and row[2] and row[3] for row in twice)
    late = nights.one(
        """SELECT count(*) FROM (SELECT filename, ts, max(ts) OVER (PARTITION BY filename) AS newest FROM exchanges)
           WHERE newest - ts > INTERVAL 24 HOUR AND filename NOT LIKE '%night-001%'"""
    )
    assert late > 10


def test_closings_arrive_as_changed_accounts(tmp_path):
    simulate(tmp_path, accounts=2_000, seed=3, days=10, nights=9)
    tables = Tables(tmp_path)
    tables.con.execute(f"CREATE VIEW a AS FROM read_parquet('{tmp_path}/night-*/accounts.parquet', filename=true)")
    states = tables.rows("SELECT list(status ORDER BY filename) FROM a GROUP BY account_id HAVING count(*) > 1")
    assert states
    assert all(row[0] == ["active", "closed"] for row in states)
    assert tables.one("SELECT count(*) FROM a WHERE (status = 'closed') <> (closed_at IS NOT NULL)") == 0


def test_nights_partition_the_days(tmp_path):
    for days, count in ((14, 1), (14, 4), (14, 14)):
        spans = [(night.first, night.last) for night in nightly(tmp_path, days, count)]
        assert [day for first, last in spans for day in range(first, last + 1)] == list(range(days))
