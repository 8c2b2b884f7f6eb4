"""Kills and restarts: after the next run the graph is that of an undisturbed one, node for node."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from neo4j import ManagedTransaction

from graphring.errors import StoreError
from graphring.model import GraphTables
from graphring.store.neo4j import Neo4jStore
from graphring.store.neo4j.connection import Connection, address_of
from tests.contract import graphs
from tests.contract.neo4j_server import Target, missing
from tools.neo4j import server as maven

pytestmark = [pytest.mark.neo4j, pytest.mark.slow]
ROOT = Path(__file__).parents[2]


def night(number: int) -> GraphTables:
    """Night 2 drops accounts and objects of night 1, brings others and changes some."""
    people = ("a1", "a2", "a3", "a4", *(f"p{n:03d}" for n in range(20 * number, 120 + 20 * number)))
    edges = [edge for edge in graphs.EDGES if edge[0] in people]
    edges += [
        (name, kind, f"{kind[:2]}-{(n * step) % 37}", 1 + n % (2 + number))
        for n, name in enumerate(people)
        for kind, step in (("ip", 1), ("payment_method", 3), ("Device", 5))
    ]
    return graphs.graph(tuple(sorted(set(edges))), people)


class Aborted(BaseException):
    """Stands for a process that ends here."""


def publish(target: Target, state: Path, number: int, *, abort_at: int = 0, graph: GraphTables | None = None) -> int:
    """Load and publish a night; returns the number of transactions, or aborts before one (odd: after it)."""
    seen = 0
    writing, mutex = Connection.writing, threading.Lock()

    def counted(self: Connection, work: Callable[..., Any]) -> Any:
        nonlocal seen
        with mutex:
            seen += 1
            mine = seen
        if mine == abort_at:
            if abort_at % 2:
                writing(self, work)
            raise Aborted
        return writing(self, work)

    store = Neo4jStore(address_of(target.settings(state)), state, batch_rows=100)
    Connection.writing = counted  # type: ignore[method-assign]
    try:
        with store.lock():
            store.load(graph or night(number))
            store.publish(graphs.run(number), graphs.run_tables(number))
    finally:
        Connection.writing = writing  # type: ignore[method-assign]
        store.close()
    return seen


def test_a_run_cut_short_anywhere_is_mended_by_the_next(neo4j: Target, tmp_path: Path) -> None:
    publish(neo4j, tmp_path / "a", 1)
    transactions = publish(neo4j, tmp_path / "a", 2)
    undisturbed = neo4j.content()
    assert transactions > 25
    for at in range(2, transactions + 1, 7):
        state = tmp_path / f"cut-{at}"
        neo4j.wipe()
        publish(neo4j, state, 1)
        with pytest.raises(Aborted):
            publish(neo4j, state, 2, abort_at=at)
        publish(neo4j, state, 2)
        assert neo4j.content() == undisturbed, f"cut at transaction {at}"


def test_a_first_load_cut_short_and_then_another_graph(neo4j: Target, tmp_path: Path) -> None:
    publish(neo4j, tmp_path / "a", 2)
    undisturbed = neo4j.content()
    neo4j.wipe()
    for at, number in ((12, 1), (9, 3)):
        with pytest.raises(Aborted):
            publish(neo4j, tmp_path / "b", number, abort_at=at)
    publish(neo4j, tmp_path / "b", 2)
    assert neo4j.content() == undisturbed


def test_a_load_goes_on_where_it_was_cut(neo4j: Target, tmp_path: Path) -> None:
    whole = publish(neo4j, tmp_path / "a", 1)
    undisturbed = neo4j.content()
    neo4j.wipe()
    with pytest.raises(Aborted):
        publish(neo4j, tmp_path / "b", 1, abort_at=16)
    nodes = neo4j.run("MATCH (a:Account) RETURN count(a) AS n")[0]["n"]
    rest = publish(neo4j, tmp_path / "b", 1)
    assert nodes
    assert rest < whole, "chunks that are noted as done are written again"
    assert neo4j.content() == undisturbed


def test_a_first_load_that_loses_nodes_while_it_is_cut(neo4j: Target, tmp_path: Path) -> None:
    whole = publish(neo4j, tmp_path / "a", 1)
    undisturbed = neo4j.content()
    neo4j.wipe()
    at = next(n for n in range(12, whole) if _cut_among_sightings(neo4j, tmp_path / f"b{n}", n))
    state = tmp_path / f"b{at}"
    neo4j.run("MATCH (n:IP) DETACH DELETE n")
    with pytest.raises(StoreError, match="are gone"):
        publish(neo4j, state, 1)
    publish(neo4j, state, 1)
    assert neo4j.content() == undisturbed


def _cut_among_sightings(target: Target, state: Path, at: int) -> bool:
    """Cut a first load there; whether some of its sightings of addresses are written and others are not."""
    target.wipe()
    with pytest.raises(Aborted):
        publish(target, state, 1, abort_at=at)
    count = target.run("MATCH ()-[r:CONNECTED_FROM]->() RETURN count(r) AS n")[0]["n"]
    return 0 < int(str(count)) < night(1).sightings.to_pandas()["object_type"].eq("ip").sum()


def test_a_transaction_whose_commit_nobody_heard_of_is_repeated(
    neo4j: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(neo4j, tmp_path / "a", 1)
    publish(neo4j, tmp_path / "a", 2)
    undisturbed = neo4j.content()
    neo4j.wipe()
    writing = Connection.writing

    def twice(self: Connection, work: Callable[..., Any]) -> Any:
        first = writing(self, work)
        writing(self, work)
        return first

    monkeypatch.setattr(Connection, "writing", twice)
    for number in (1, 2):
        store = Neo4jStore(address_of(neo4j.settings(tmp_path / "b")), tmp_path / "b", batch_rows=100)
        _publish(store, number)
        store.close()
    assert neo4j.content() == undisturbed


PHASES = {
    "nodes": "CREATE (n:Account",
    "sightings": "CREATE (a)-[r:CONNECTED_FROM",
    "what changed": "MERGE (a)-[r:",
    "what left": "DELETE r",
    "expiry": "SET n:GraphringExpired",
    "the run's rows": "MERGE (n:Evidence",
    "the switch": "CREATE (a)-[m:MEMBER_OF",
    "sweeping": "AS swept",
}
"""Phases of a night, and a statement that belongs to each."""

KILLED = """
import os, signal, sys
from pathlib import Path
from neo4j import ManagedTransaction
from tests.contract import test_neo4j_kills
from tests.contract.neo4j_server import Target
run = ManagedTransaction.run
def killed(self, query, *arguments, **named):
    result = run(self, query, *arguments, **named)
    if sys.argv[3] in query:
        result.consume()
        os.kill(os.getpid(), signal.SIGKILL)
    return result
ManagedTransaction.run = killed
test_neo4j_kills.publish(Target(sys.argv[1], sys.argv[4], sys.argv[5]), Path(sys.argv[2]), 2)
"""


def test_kill_9_of_the_refresh_in_each_phase(neo4j: Target, tmp_path: Path) -> None:
    publish(neo4j, tmp_path / "a", 1)
    publish(neo4j, tmp_path / "a", 2)
    undisturbed = neo4j.content()
    for phase, statement in PHASES.items():
        neo4j.wipe()
        state = tmp_path / phase
        publish(neo4j, state, 1)
        arguments = [neo4j.url, str(state), statement, neo4j.user, neo4j.password]
        done = subprocess.run(
            [sys.executable, "-c", KILLED, *arguments], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
        )
        assert done.returncode == -signal.SIGKILL, phase
        publish(neo4j, state, 2)
        assert neo4j.content() == undisturbed, f"killed in: {phase}"


def test_kill_9_of_the_server_in_each_phase(tmp_path: Path) -> None:
    """The server dies with a transaction of that phase open; in half of the phases it is back while we try again."""
    try:
        maven.jars()
    except maven.ServerError as error:
        missing(str(error))
    servers = [maven.start(tmp_path / "home", brief=True)]
    target = Target(servers[0].url, maven.USER, maven.PASSWORD)
    try:
        publish(target, tmp_path / "a", 1)
        publish(target, tmp_path / "a", 2)
        undisturbed = target.content()
        for number, (phase, statement) in enumerate(PHASES.items()):
            target.wipe()
            state, returns = tmp_path / phase, number % 2 == 0
            publish(target, state, 1)
            _publish_while_the_server_dies(target, state, servers, statement, returns=returns)
            if not returns:
                servers.append(maven.start(tmp_path / "home", brief=True, port=servers[0].port))
                publish(target, state, 2)
            assert target.content() == undisturbed, f"server killed in: {phase}"
    finally:
        servers[-1].stop(kill=True)


def _publish_while_the_server_dies(
    target: Target, state: Path, servers: list[maven.Server], statement: str, *, returns: bool
) -> None:
    """Publish night 2; the server is killed after that statement, and may come back while we try again."""
    starter: list[threading.Thread] = []
    run, once = ManagedTransaction.run, threading.Lock()

    def restart() -> None:
        servers.append(maven.start(servers[-1].home, brief=True, port=servers[-1].port))

    def deadly(self: ManagedTransaction, query: Any, *arguments: Any, **named: Any) -> Any:
        result = run(self, query, *arguments, **named)
        if statement in query and once.acquire(blocking=False):
            result.peek()  # it has run; what it returned is still there to be read
            servers[-1].stop(kill=True)
            starter.append(threading.Thread(target=restart if returns else int))
            starter[0].start()
        return result

    address = replace(address_of(target.settings(state)), retry_seconds=240.0 if returns else 2.0)
    store = Neo4jStore(address, state, batch_rows=100)
    ManagedTransaction.run = deadly  # type: ignore[method-assign]
    try:
        if returns:
            _publish(store)
        else:
            with pytest.raises(StoreError, match="does not answer"):
                _publish(store)
    finally:
        ManagedTransaction.run = run  # type: ignore[method-assign]
        store.close()
        for thread in starter:
            thread.join()
    assert starter, "the phase was never reached"


def _publish(store: Neo4jStore, number: int = 2) -> None:
    with store.lock():
        store.load(night(number))
        store.publish(graphs.run(number), graphs.run_tables(number))
