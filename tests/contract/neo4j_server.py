"""A real Neo4j for tests: `$GRAPHRING_TEST_NEO4J`, else Docker where it answers, else Maven Central."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from neo4j import GraphDatabase
from neo4j.exceptions import DriverError, Neo4jError

from graphring.config import Neo4jSettings, Settings
from tools.neo4j import server as maven

IMAGE = "neo4j:5.26-community"
START_SECONDS = 120


@dataclass
class Target:
    """Where tests may do what they like."""

    url: str
    user: str
    password: str
    server: maven.Server | None = None
    """The process, where it is ours to kill."""

    def settings(self, state: Path, **changes: object) -> Settings:
        """Settings for a store here."""
        given = {"user": self.user, "password": self.password, "batch_rows": 100, **changes}
        store = str(given.pop("store", self.url))
        return Settings(state=state, store=store, neo4j=Neo4jSettings.model_validate(given))

    def run(self, cypher: str, **parameters: object) -> list[dict[str, object]]:
        """Rows of a statement, as another system would send it."""
        with GraphDatabase.driver(self.url, auth=(self.user, self.password)) as driver:
            return [record.data() for record in driver.execute_query(cypher, parameters).records]

    def content(self) -> list[str]:
        """Every node and relationship as text, sorted, without the server's own ids: equal lists, equal graphs."""
        nodes = {
            str(row["id"]): json.dumps([sorted(row["labels"]), row["p"]], default=str, sort_keys=True)  # type: ignore[call-overload]
            for row in self.run("MATCH (n) RETURN elementId(n) AS id, labels(n) AS labels, properties(n) AS p")
        }
        edges = self.run(
            "MATCH (a)-[r]->(b) RETURN elementId(a) AS a, elementId(b) AS b, [type(r), properties(r)] AS r"
        )
        texts = [
            " ".join([nodes[str(row["a"])], json.dumps(row["r"], default=str, sort_keys=True), nodes[str(row["b"])]])
            for row in edges
        ]
        return sorted([*nodes.values(), *texts])

    def wipe(self) -> None:
        """Remove every node, keep the schema."""
        self.run("MATCH (n) DETACH DELETE n")


@contextlib.contextmanager
def target() -> Iterator[Target]:
    """The server for this session; a missing one skips, and fails where CI is true."""
    given = os.environ.get("GRAPHRING_TEST_NEO4J")
    try:
        if given:
            user = os.environ.get("GRAPHRING_NEO4J_USER") or "neo4j"
            yield Target(given, user, os.environ.get("GRAPHRING_NEO4J_PASSWORD") or maven.PASSWORD)
        elif _docker_answers():
            with _container() as url:
                yield Target(url, maven.USER, maven.PASSWORD)
        else:
            with maven.temporary(brief=True) as server:
                yield Target(server.url, maven.USER, maven.PASSWORD, server)
    except (maven.ServerError, OSError, subprocess.SubprocessError) as error:
        missing(str(error))


def missing(why: str) -> None:
    """Fail under CI, where these tests must run; skip elsewhere."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"no Neo4j server for the tests: {why}")
    pytest.skip(f"no Neo4j server: {why}")


def _docker_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    with contextlib.suppress(subprocess.TimeoutExpired):
        found = subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, timeout=20, check=False)
        if found.returncode == 0:
            return True
        pulled = subprocess.run(["docker", "pull", "-q", IMAGE], capture_output=True, timeout=300, check=False)
        return pulled.returncode == 0
    return False


@contextlib.contextmanager
def _container() -> Iterator[str]:
    command = ["docker", "run", "-d", "--rm", "-p", "127.0.0.1::7687"]
    command += ["-e", f"NEO4J_AUTH={maven.USER}/{maven.PASSWORD}", IMAGE]
    name = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    try:
        port = subprocess.run(["docker", "port", name, "7687"], capture_output=True, text=True, check=True).stdout
        url = f"bolt://127.0.0.1:{port.strip().rsplit(':', 1)[1]}"
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with GraphDatabase.driver(url, auth=(maven.USER, maven.PASSWORD)) as driver:
                    driver.verify_connectivity()
                break
            except (Neo4jError, DriverError) as error:
                if time.monotonic() > deadline:
                    raise maven.ServerError(f"the container does not answer: {error}") from error
                time.sleep(1)
        yield url
    finally:
        subprocess.run(["docker", "stop", name], capture_output=True, check=False)
