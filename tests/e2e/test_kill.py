"""kill -9 in the middle of a refresh: the last run stays readable, the next refresh is right."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.conftest import Run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("kill")]

# a stage's marker appears when it is finished, so a kill then falls into the next stage; None: as soon as work begins
KILL_AFTER = [None, "read", "fingerprint", "settle", "templates", "graph", "detect"]


def listed(graphring: Run, state: Path) -> str:
    done = graphring("rings", "--members", "--format", "csv", "--state", state)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refresh_and_kill(logs: Path, state: Path, stage: str | None, environment: dict[str, str]) -> None:
    """Start a refresh of run 2 and kill it when `stage` is finished."""
    command = [sys.executable, "-m", "graphring", "refresh", str(logs), "--state", str(state)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pattern = f"work/run-00002-*/{stage}.done.json" if stage else "work/run-00002-*"
    deadline = time.monotonic() + 120
    while not any(state.glob(pattern)) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_the_last_run_stays_and_the_next_refresh_is_right(
    graphring: Run, world: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    state, undisturbed = tmp_path / "state", tmp_path / "undisturbed"
    for where in (state, undisturbed):
        assert graphring("refresh", world, "--state", where).returncode == 0
    last_good = listed(graphring, state)
    for stage in KILL_AFTER:
        refresh_and_kill(world, state, stage, environment)
        if (state / "CURRENT").read_text().startswith("run-00002"):
            continue  # killed after it was published: nothing was lost either
        assert listed(graphring, state) == last_good
    for where in (state, undisturbed):
        done = graphring("refresh", world, "--state", where)
        assert done.returncode == 0, done.stderr
    assert listed(graphring, state) == listed(graphring, undisturbed)


def test_a_second_refresh_beside_the_first_is_told_so(
    graphring: Run, world: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    state = tmp_path / "state"
    command = [sys.executable, "-m", "graphring", "refresh", str(world), "--state", str(state)]
    first = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not any(state.glob("work/run-*")) and time.monotonic() < deadline:
            time.sleep(0.01)
        second = graphring("refresh", world, "--state", state)
        assert second.returncode == 3
        assert str(first.pid) in second.stderr
        assert len(second.stderr.strip().splitlines()) == 1
    finally:
        first.kill()
        first.wait()
