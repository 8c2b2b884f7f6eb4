"""A small world and the installed command, as a user has them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from graphring.simulate import simulate

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A labelled world of 1,200 accounts; tests read it and never write into it."""
    folder = tmp_path_factory.mktemp("world")
    simulate(folder, accounts=1_200, seed=11)
    return folder


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """The environment without settings of the person who runs the tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GRAPHRING_")}


@pytest.fixture(scope="session")
def graphring(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs `python -m graphring …` in an empty directory."""
    empty = tmp_path_factory.mktemp("cwd")

    def run(*args: str | Path, timeout: float = 300, **extra: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "graphring", *[str(arg) for arg in args]]
        return subprocess.run(
            command,
            cwd=empty,
            env={**environment, **extra},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def state(world: Path, graphring: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state with one published run of the world; tests may add to its casebook, not to its runs."""
    folder = tmp_path_factory.mktemp("published") / "state"
    done = graphring("refresh", world, "--state", folder)
    assert done.returncode == 0, done.stderr
    return folder
