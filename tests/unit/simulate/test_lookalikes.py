"""Each look-alike shares what its line in the table says, and is innocent."""

import pytest

from graphring.simulate.registry import LOOKALIKES
from tests.unit.simulate.worlds import Tables, made


def alone(folder, name, *, size=60, **parameters) -> Tables:
    """A world without rings whose only look-alike is one group of `size` accounts."""
    settings = {"accounts": size, **parameters}
    share = (size + 0.5) / 600
    return made(
        folder, accounts=600, ring_share=0.0, lookalikes=[name], lookalike_share=share, parameters={name: settings}
    )


def who(name):
    return f"JOIN truth USING (account_id) WHERE truth.kind = '{name}'"


@pytest.mark.parametrize("name", sorted(LOOKALIKES))
def test_every_look_alike_is_innocent_and_active(tmp_path, name):
    world = alone(tmp_path, name, size=12)
    assert world.rows(f"SELECT DISTINCT ring FROM truth WHERE kind = '{name}'") == [("",)]
    assert world.one("SELECT count(*) FROM truth WHERE ring <> ''") == 0
    assert world.one(f"SELECT count(DISTINCT account_id) FROM exchanges {who(name)}") >= 9


def test_a_company_shares_card_site_and_system_prompt_and_says_so(tmp_path):
    world = alone(tmp_path, "company", declared=1, site=0.9, internal=0.8)
    assert world.one(f"SELECT count(DISTINCT payment_method) FROM payments {who('company')}") < 20
    assert world.one(f"SELECT count(DISTINCT organisation) FROM accounts {who('company')}") == 1
    assert world.one(f"SELECT count(DISTINCT email_domain) FROM accounts {who('company')}") == 1
    query = "SELECT max(n) FROM (SELECT count(DISTINCT account_id) n FROM exchanges {} GROUP BY {})"
    assert world.one(query.format(who("company"), "ip")) > 45
    assert world.one(query.format(who("company") + " AND system_prompt IS NOT NULL", "system_prompt")) > 45


def test_a_company_that_declares_nothing_is_possible(tmp_path):
    world = alone(tmp_path, "company", declared=0)
    assert (
        world.one(f"SELECT max(n) FROM (SELECT count(*) n FROM accounts {who('company')} GROUP BY organisation)") > 30
    )
    assert world.one(f"SELECT count(DISTINCT email_domain) FROM accounts {who('company')}") > 8


def test_a_production_application_runs_round_the_clock_on_few_servers(tmp_path):
    world = alone(tmp_path, "production", size=10, servers=3, night=1, declared=1)
    assert world.one(f"SELECT count(DISTINCT ip) FROM exchanges {who('production')}") == 3
    assert world.one(f"SELECT count(DISTINCT hour(ts)) FROM exchanges {who('production')}") == 24
    top, total = world.rows(
        f"SELECT max(n), sum(n) FROM (SELECT count(*) n FROM exchanges {who('production')} GROUP BY left(prompt, 30))"
    )[0]
    assert top > 0.9 * total


def test_a_course_sends_the_same_exercises_from_one_campus_after_one_sign_up(tmp_path):
    world = alone(tmp_path, "course", signed_up=1, exercises=10, campus=0.9, done=0.95)
    spread = world.one(f"SELECT date_diff('minute', min(created_at), max(created_at)) FROM accounts {who('course')}")
    assert spread < 6 * 60
    copied = world.rows(
        f"SELECT count(DISTINCT account_id) n FROM exchanges {who('course')} GROUP BY left(prompt, 400) ORDER BY n DESC"
    )
    assert copied[0][0] > 20
    assert (
        world.one(
            f"SELECT max(n) FROM (SELECT count(DISTINCT account_id) n FROM exchanges {who('course')} GROUP BY ip)"
        )
        > 50
    )


def test_evaluation_suites_send_the_whole_set_each_from_places_of_their_own(tmp_path):
    world = alone(tmp_path, "evaluation_suite", size=30, items=40, limit=1, runs=1)
    copied = world.rows(
        f"""SELECT count(DISTINCT account_id) n FROM exchanges {who("evaluation_suite")} GROUP BY prompt
            ORDER BY n DESC LIMIT 40"""
    )
    assert copied[-1][0] > 20
    crowd = (
        f"SELECT max(n) FROM (SELECT count(DISTINCT account_id) n FROM exchanges {who('evaluation_suite')} GROUP BY ip)"
    )
    assert world.one(crowd) < 20


def test_a_viral_tool_spreads_in_days(tmp_path):
    world = alone(tmp_path, "viral_tool", spread=1, new=0.5)
    opening = world.rows(
        f"""SELECT min(ts), max(ts), count(DISTINCT account_id) n FROM exchanges {who("viral_tool")}
            GROUP BY left(prompt, 30) ORDER BY n DESC LIMIT 1"""
    )[0]
    assert opening[2] > 50
    assert (opening[1] - opening[0]).days < 28


def test_release_testers_try_the_new_model_on_its_first_days(tmp_path):
    world = alone(tmp_path, "release_testers", known=0.8, prompts=10)
    new = "model = 'atlas-5'"
    assert world.one(f"SELECT count(DISTINCT account_id) FROM exchanges {who('release_testers')} AND {new}") > 50
    copied = f"SELECT count(DISTINCT account_id) n FROM exchanges {who('release_testers')} GROUP BY prompt"
    assert world.one(f"SELECT max(n) FROM ({copied})") > 15


def test_ci_fleets_share_runners_and_tick(tmp_path):
    world = alone(tmp_path, "ci_fleet", runners=10, hourly=0.9, tool=0.9)
    crowd = f"SELECT max(n) FROM (SELECT count(DISTINCT account_id) n FROM exchanges {who('ci_fleet')} GROUP BY ip)"
    assert world.one(crowd) > 10
    assert world.one(f"SELECT avg((minute(ts) % 30 < 4)::INT) FROM exchanges {who('ci_fleet')}") > 0.3


def test_a_migration_goes_on_under_a_new_account(tmp_path):
    world = alone(tmp_path, "migration", size=2, overlap=0)
    spans = world.rows(f"SELECT min(ts), max(ts) FROM exchanges {who('migration')} GROUP BY account_id ORDER BY 1")
    assert len(spans) == 2
    assert spans[1][0] > spans[0][0]
    assert (spans[0][1] - spans[1][0]).days < 2
    assert world.one(f"SELECT count(DISTINCT payment_method) FROM payments {who('migration')}") <= 3


def test_customers_of_a_reseller_share_egress_but_not_prompts(tmp_path):
    world = alone(tmp_path, "reseller", egress=2, through=0.95, billed=0.8)
    crowd = f"SELECT max(n) FROM (SELECT count(DISTINCT account_id) n FROM exchanges {who('reseller')} GROUP BY ip)"
    assert world.one(crowd) > 20
    assert world.one(f"SELECT count(DISTINCT prompt) / count(*) FROM exchanges {who('reseller')}") > 0.9
