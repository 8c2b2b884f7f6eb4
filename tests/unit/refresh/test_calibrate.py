"""Calibration from worlds and from decisions, the file it leaves, and what a refresh makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from graphring.cases import Casebook
from graphring.cli.main import app
from graphring.config import Settings
from graphring.detect import Parameters
from graphring.errors import ConfigError, InputError
from graphring.refresh import State
from graphring.refresh.calibrate import Known, from_decisions, from_worlds, made_worlds
from graphring.refresh.calibration import CURVE, calibrated, parameters_of, path_of, read_calibration, write_calibration
from graphring.refresh.doctor import examine
from graphring.store.snapshot import SnapshotStore
from tests.contract import graphs

P = Parameters()
AT = datetime(2026, 2, 1, 12, tzinfo=UTC)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """Two published runs with a ring of 41.25 bits (R-000001) and one of 3.1 (R-000002)."""
    folder = tmp_path / "state"
    store = SnapshotStore(folder)
    for number in (1, 2):
        with store.lock():
            store.load(graphs.graph())
            store.publish(graphs.run(number), graphs.run_tables(number))
    with State(Settings(state=folder)) as opened:
        yield opened


def decide(state: State, ring: str, outcome: str, run: str = "run-0002", days: int = 0) -> None:
    book = f"sqlite:///{state.settings.state / 'casebook.db'}"
    with Casebook.open(book, clock=lambda: AT + timedelta(days=days)) as casebook:
        casebook.decide(ring, outcome, by="kim", reason="seen", run_id=run, accounts=["a1", "a2"])


def world(name: str, seed: int, even: float = 9.0, slope: float = 0.8, n: int = 150) -> Known:
    rng = np.random.default_rng(seed)

    def sample(count: int, middle: float) -> tuple[np.ndarray, np.ndarray]:
        bits = rng.uniform(3.0, 16.0, count)
        return bits, rng.random(count) < 1 / (1 + np.exp2(-slope * (bits - middle)))

    scores, right = sample(n, even)
    bits, guilty = sample(4 * n, even - 2.0)
    return Known(name, scores, right, bits, guilty)


def test_worlds_teach_both_curves_and_the_error_is_of_worlds_not_seen() -> None:
    result = from_worlds([world("one", 1), world("two", 2), world("three", 3)], P)
    found = result.calibration
    assert found.even_bits == pytest.approx(9.0, abs=0.4)
    assert found.slope == pytest.approx(0.8, abs=0.12)
    assert found.even_bits + found.member_shift == pytest.approx(7.0, abs=0.4)
    assert (found.rings, found.worlds, found.as_of) == (450, ["one", "two", "three"], None)
    assert result.after.brier < result.before.brier
    assert result.members_after.count == 1800
    assert result.after.expected_error < 0.06


def test_worlds_without_any_ring_teach_nothing() -> None:
    nothing = Known("empty", np.empty(0), np.empty(0, dtype=bool), np.empty(0), np.empty(0, dtype=bool))
    beside = from_worlds([world("one", 1), nothing], P).calibration
    assert beside.curve == from_worlds([world("one", 1)], P).calibration.curve
    with pytest.raises(InputError, match="no ring was found"):
        from_worlds([nothing], P)


def test_a_dismissed_ring_makes_its_like_less_sure_and_a_confirmed_one_surer(state: State) -> None:
    with pytest.raises(InputError, match="no decision"):
        from_decisions(state, P)
    decide(state, "R-000002", "confirm")
    surer = from_decisions(state, P).calibration
    assert surer.even_bits < P.even_bits
    decide(state, "R-000002", "dismiss", days=3)
    found = from_decisions(state, P)
    assert found.calibration.even_bits > surer.even_bits
    assert (found.calibration.rings, found.calibration.right) == (1, 0)
    assert found.calibration.as_of == (AT + timedelta(days=3)).isoformat()
    assert found.calibration.member_shift == P.member_shift


def test_what_says_nothing_yet_and_what_is_no_longer_known_is_left_out(state: State) -> None:
    decide(state, "R-000001", "confirm", run="run-0001")
    decide(state, "R-000002", "watch")
    decide(state, "R-000099", "benign", run="run-0000")
    found = from_decisions(state, P)
    assert (found.calibration.rings, found.skipped) == (1, 1)


def test_the_file_is_the_same_for_the_same_decisions_and_is_gone_by(state: State) -> None:
    assert calibrated(state.settings) is state.settings
    decide(state, "R-000002", "confirm")
    path = write_calibration(state.settings, from_decisions(state, P).calibration)
    first = path.read_bytes()
    write_calibration(state.settings, from_decisions(state, P).calibration)  # learns from the base, not from itself
    assert path.read_bytes() == first
    found = read_calibration(state.settings)
    assert found is not None
    assert {name: getattr(parameters_of(state.settings), name) for name in CURVE} == found.curve
    own = state.settings.model_copy(update={"detect": {"even_bits": 11.0}})
    assert parameters_of(own).even_bits == 11.0
    assert parameters_of(own).slope == found.slope


def test_decisions_start_from_what_worlds_taught(state: State) -> None:
    taught = from_worlds([world("one", 1), world("two", 2)], P).calibration
    write_calibration(state.settings, taught)
    decide(state, "R-000002", "confirm")
    found = from_decisions(state, P).calibration
    assert found.base == taught.curve
    assert found.member_slope == taught.member_slope


@pytest.mark.parametrize(
    "break_it",
    [
        lambda text: text[:40],
        lambda text: text.replace('"version": 1', '"version": 9'),
        lambda text: text.replace('"slope"', '"slop"'),
        lambda text: json.dumps({**json.loads(text), "slope": -1.0}),
        lambda text: json.dumps({**json.loads(text), "even_bits": "many"}),
        lambda text: text.replace('"even_bits": ', '"even_bits": 1e999'),
        lambda _text: "[]",
    ],
)
def test_a_broken_file_is_one_clear_line(state: State, break_it: Callable[[str], str]) -> None:
    decide(state, "R-000002", "confirm")
    path = write_calibration(state.settings, from_decisions(state, P).calibration)
    path.write_text(break_it(path.read_text()))
    with pytest.raises(ConfigError, match="is not a calibration"):
        calibrated(state.settings)


def test_the_doctor_tells_the_calibration_and_notices_a_broken_one(state: State) -> None:
    def told() -> tuple[bool, str]:
        return next((f.ok, f.detail) for f in examine(state.settings) if f.what == "calibration")

    assert told() == (True, "none: the packaged curve holds")
    decide(state, "R-000002", "confirm")
    path = write_calibration(state.settings, from_decisions(state, P).calibration)
    assert told()[1].startswith("from decisions (1 known outcome, the newest of 2026-02-01): even at ")
    path.write_text("{}")
    assert not told()[0]


def test_the_command_learns_from_decisions_and_says_what_changed(state: State) -> None:
    decide(state, "R-000002", "confirm")
    folder = str(state.settings.state)
    told = CliRunner().invoke(app, ["calibrate", "--state", folder, "--dry-run"])
    assert told.exit_code == 0
    assert "1 ring with a known outcome in the casebook, 1 right." in told.output
    assert not path_of(state.settings).exists()
    assert CliRunner().invoke(app, ["calibrate", "--state", folder, "--format", "json"]).exit_code == 0
    assert path_of(state.settings).exists()


def test_the_command_refuses_what_makes_no_sense(state: State, tmp_path: Path) -> None:
    folder = str(state.settings.state)
    for arguments, words in (
        (["--from", "worlds", "--from", "decisions"], "one after the other"),
        (["--from", str(tmp_path / "nowhere")], "there is no folder"),
        (["--format", "csv"], "table or JSON"),
    ):
        failed = CliRunner().invoke(app, ["calibrate", "--state", folder, *arguments])
        assert isinstance(failed.exception, InputError)
        assert words in str(failed.exception)


@pytest.mark.slow
def test_made_worlds_bring_rings_with_outcomes(tmp_path: Path) -> None:
    known = list(made_worlds(["easy"], [3], 900, Settings(state=tmp_path), lambda *_: None))
    assert known[0].name == "easy, 900 accounts, seed 3"
    assert known[0].right.any()
    assert len(known[0].bits) == len(known[0].guilty) > len(known[0].scores)
    assert known[0].guilty.mean() > 0.5
    assert from_worlds(known, P).calibration.rings == len(known[0].scores)
