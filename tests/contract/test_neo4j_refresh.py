"""The whole job on Neo4j: the same logs give the same rings, byte for byte, as in the embedded store."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from graphring.simulate import simulate
from tests.contract.neo4j_server import Target

pytestmark = [pytest.mark.neo4j, pytest.mark.slow]


CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("GRAPHRING_")}
COMMAND = [sys.executable, "-m", "graphring"]


def graphring(folder: Path, *arguments: str, **environment: str) -> str:
    command = [*COMMAND, *arguments]
    done = subprocess.run(command, cwd=folder, env=CLEAN | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refresh_and_kill(folder: Path, world: Path, stage: str, **environment: str) -> None:
    """Start a refresh and kill -9 it as soon as `stage` is finished, which is in the next one."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(
        [*COMMAND, "refresh", str(world), "--state", "neo4j"], cwd=folder, env=CLEAN | environment, **quiet
    )
    while not any((folder / "neo4j" / "work").glob(f"run-00002-*/{stage}.done.json")):
        assert process.poll() is None
        time.sleep(0.002)
    process.kill()
    process.wait()


def test_both_stores_give_the_same_rings(neo4j: Target, tmp_path: Path) -> None:
    world = tmp_path / "world"
    simulate(world, accounts=1_200, seed=11)
    server = {
        "GRAPHRING_STORE": neo4j.url,
        "GRAPHRING_NEO4J_USER": neo4j.user,
        "GRAPHRING_NEO4J_PASSWORD": neo4j.password,
    }
    printed = []
    for name, environment in (("embedded", {}), ("neo4j", server), ("neo4j", server)):
        if len(printed) == 2:  # the second night on Neo4j is killed while it loads and while it detects
            for stage in ("graph", "load"):
                refresh_and_kill(tmp_path, world, stage, **environment)
                listed = graphring(tmp_path, "rings", "--members", "--format", "csv", "--state", name, **environment)
                assert listed == printed[1], "a run that was killed has changed what readers see"
        graphring(tmp_path, "refresh", str(world), "--state", name, **environment)
        printed.append(graphring(tmp_path, "rings", "--members", "--format", "csv", "--state", name, **environment))
    embedded, first, second = printed
    assert embedded.count("\n") > 20
    assert first == embedded
    nights_later = graphring(tmp_path, "refresh", str(world), "--state", "embedded")
    assert nights_later is not None
    assert second == graphring(tmp_path, "rings", "--members", "--format", "csv", "--state", "embedded")
    found = neo4j.run(
        "MATCH (:Account)-[m:MEMBER_OF {role: 'member'}]->(:Ring)-[:FOUND_BY]->(:Run) RETURN count(m) AS n"
    )
    assert found == [{"n": second.count("\n") - 1}]
