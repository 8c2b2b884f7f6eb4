"""What a configuration may say, and what it is told when it says something else."""

from pathlib import Path

import numpy as np
import pytest

from graphring.errors import ConfigError
from graphring.simulate import PRESETS, simulate
from graphring.simulate.parameters import Span, WorldSettings, draw, load
from graphring.simulate.registry import LOOKALIKES, RINGS


def test_nothing_said_is_the_default():
    assert load(None) == load({}) == load(Path("default")) == WorldSettings()


def test_a_preset_can_be_named_and_overruled(tmp_path):
    file = tmp_path / "world.toml"
    file.write_text('preset = "hard"\ndays = 9\n[parameters.pool]\naccounts = [20, 30]\n', encoding="utf-8")
    settings = load(file)
    assert settings.camouflage == PRESETS["hard"]["camouflage"]
    assert settings.days == 9
    assert settings.parameters == {"pool": {"accounts": [20, 30]}}


def test_a_file_goes_before_a_preset_of_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("hard").write_text("days = 3\n", encoding="utf-8")
    assert load(Path("hard")) == WorldSettings(days=3)


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"day": 3}, "day"),
        ({"preset": "nightmare"}, "nightmare"),
        ({"days": 1}, "days"),
        ({"days": 2.5}, "days"),
        ({"ring_share": 1.2}, "ring_share"),
        ({"ring_share": float("nan")}, "ring_share"),
        ({"ring_share": 0.5, "lookalike_share": 0.5}, "ring_share"),
        ({"camouflage": [0.8, 0.2]}, "camouflage"),
        ({"camouflage": [0, 2]}, "camouflage"),
        ({"exchanges_per_account": 0}, "exchanges_per_account"),
        ({"rings": ["octopus"]}, "octopus"),
        ({"lookalikes": ["octopus"]}, "octopus"),
        ({"parameters": {"octopus": {}}}, "octopus"),
        ({"parameters": {"pool": {"arms": 8}}}, "arms"),
        ({"parameters": {"background": {"arms": 8}}}, "arms"),
        ({"parameters": {"pool": {"jitter": "much"}}}, "jitter"),
        ({"parameters": {"pool": {"jitter": [3, 1]}}}, "jitter"),
    ],
)
def test_what_is_unknown_or_impossible_is_named(tmp_path, config, named):
    with pytest.raises(ConfigError, match=named):
        simulate(tmp_path / "out", accounts=1_000, seed=1, config=config)


def test_a_missing_file_and_a_broken_one_are_told_apart(tmp_path):
    with pytest.raises(ConfigError, match="no world configuration"):
        load(tmp_path / "nowhere.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("days = = 3", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be read as TOML"):
        load(broken)


@pytest.mark.parametrize(("accounts", "nights"), [(10, None), (1_000, 0), (1_000, 43)])
def test_impossible_sizes_are_refused(tmp_path, accounts, nights):
    with pytest.raises(ConfigError):
        simulate(tmp_path, accounts=accounts, seed=1, nights=nights)


def test_camouflage_moves_dials_to_the_end_that_hides():
    rng = np.random.default_rng(1)
    up, down, neither = (Span(0, 1, "", hides=sign) for sign in (1, -1, 0))
    band = (0.9, 1.0)
    assert all(up.draw(rng, band) >= 0.9 for _ in range(50))
    assert all(down.draw(rng, band) <= 0.1 for _ in range(50))
    assert min(neither.draw(rng, band) for _ in range(50)) < 0.5


def test_a_given_value_is_taken_as_it_is():
    spans = {"a": Span(1, 100, "", log=True, hides=1), "b": Span(2, 3, "")}
    settings = WorldSettings(parameters={"x": {"a": 7}})
    values = draw("x", spans, np.random.default_rng(1), settings)
    assert values["a"] == 7
    assert 2 <= values["b"] <= 3


@pytest.mark.parametrize("scenario", [*RINGS.values(), *LOOKALIKES.values()], ids=lambda s: s.name)
def test_every_scenario_says_what_it_is_and_how_large(scenario):
    assert type(scenario).__doc__
    assert scenario.spans["accounts"].whole
    for name, span in scenario.spans.items():
        assert span.low <= span.high, name
        assert span.doc, name
        assert span.low > 0 or not span.log, name


def test_all_scenarios_of_the_table_are_there():
    assert set(RINGS) == {
        "pool", "hydra", "failover", "slow_relay", "rotation", "burst", "probing", "pivot", "shared_pool",
        "stolen_keys", "paraphrased", "programme", "careful",
    }  # fmt: skip
    assert set(LOOKALIKES) == {
        "company", "agency", "family", "production", "course", "hackathon", "workshop", "popular_agent", "viral_tool",
        "evaluation_suite", "release_testers", "ci_fleet", "migration", "reseller",
    }  # fmt: skip
