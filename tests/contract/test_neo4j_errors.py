"""What can go wrong with a server: one clear line each, nothing half-written."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import ClassVar

import pytest
from neo4j.exceptions import ClientError, Neo4jError

from graphring.config import Settings
from graphring.errors import ConfigError, GraphringError, StoreError
from graphring.store import open_store
from graphring.store.neo4j import connection, neo4j_init, open_neo4j
from graphring.store.neo4j.connection import address_of, translated
from tests.contract import graphs
from tests.contract.neo4j_server import Target, missing
from tools.neo4j import server as maven


def one_line(error: pytest.ExceptionInfo[GraphringError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    assert "secret" not in text
    assert error.value.remedy
    return text


@pytest.mark.parametrize("url", ["http://x", "bolt://", "sqlite:///x", "neo4j", "bolt://neo4j:secret@127.0.0.1:7687"])
def test_an_address_that_cannot_be_used(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError) as error:
        open_store(Settings(state=tmp_path, store=url))
    one_line(error)


def test_nobody_answers(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"bolt://127.0.0.1:{probe.getsockname()[1]}"
    store = open_store(Settings(state=tmp_path, store=url))  # opening does not connect
    with pytest.raises(StoreError, match="does not answer") as error:
        store.current()
    one_line(error)


def test_somebody_else_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            caller, _ = listener.accept()
            with caller:
                caller.recv(1024)
                caller.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        store = open_store(Settings(state=tmp_path, store=f"bolt://127.0.0.1:{listener.getsockname()[1]}"))
        with pytest.raises(StoreError) as error:
            store.current()
        one_line(error)
        thread.join()


@pytest.mark.neo4j
def test_a_wrong_password(neo4j: Target, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="refuses the password of 'neo4j'") as error:
        neo4j_init(neo4j.settings(tmp_path, password="secret-but-wrong"))
    one_line(error)


@pytest.mark.neo4j
def test_a_missing_database(neo4j: Target, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no database 'nowhere'") as error:
        neo4j_init(neo4j.settings(tmp_path, database="nowhere"))
    one_line(error)


@pytest.mark.neo4j
def test_an_old_version(neo4j: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "OLDEST", (9999, 1))
    with pytest.raises(StoreError, match="graphring needs") as error:
        neo4j_init(neo4j.settings(tmp_path))
    one_line(error)


class OldServer(threading.Thread):
    """Speaks as much of Bolt 4.4 as it takes to ask for a version, and answers 4.4.42."""

    ANSWERS: ClassVar = {
        0x01: [b"\xb1\x70\xa2\x86server\x8cNeo4j/4.4.42\x8dconnection_id\x86bolt-1"],  # HELLO
        0x10: [b"\xb1\x70\xa1\x86fields\x92\x87version\x87edition"],  # RUN
        0x3F: [b"\xb1\x71\x92\x864.4.42\x89community", b"\xb1\x70\xa0"],  # PULL
        0x0F: [b"\xb1\x70\xa0"],  # RESET
    }

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"bolt://127.0.0.1:{self.listener.getsockname()[1]}"

    def run(self) -> None:
        caller, _ = self.listener.accept()
        with caller, caller.makefile("rb") as said:
            said.read(20)
            caller.sendall(b"\x00\x00\x04\x04")
            while size := int.from_bytes(said.read(2)):
                message = said.read(size)
                assert said.read(2) == b"\x00\x00"
                for answer in self.ANSWERS.get(message[1], []):
                    caller.sendall(len(answer).to_bytes(2) + answer + b"\x00\x00")


def test_a_server_of_4_4(tmp_path: Path) -> None:
    old = OldServer()
    old.start()
    with pytest.raises(StoreError, match=r"has version 4\.4\.42; graphring needs 5\.26 or later") as error:
        neo4j_init(Settings(state=tmp_path, store=old.url))
    one_line(error)
    old.join(timeout=10)
    old.listener.close()


@pytest.mark.neo4j
@pytest.mark.slow
def test_a_database_that_may_only_be_read(tmp_path: Path) -> None:
    """Made by us, then opened by a server that lets nobody write: reading goes on, a refresh says why it cannot."""
    try:
        maven.jars()
    except maven.ServerError as error:
        missing(str(error))
    server = maven.start(tmp_path / "home", brief=True)
    target = Target(server.url, maven.USER, maven.PASSWORD)
    store = open_neo4j(target.settings(tmp_path / "state"))
    try:
        with store.lock():
            store.load(graphs.graph())
            store.publish(graphs.run(1), graphs.run_tables(1))
        before = target.content()
        server.stop()
        server = maven.start(tmp_path / "home", port=server.port, brief=True, server__databases__read_only="neo4j")
        with pytest.raises(StoreError, match="'neo4j' may not write to database 'neo4j'") as error, store.lock():
            store.load(graphs.graph(graphs.EDGES[:3]))
        one_line(error)
        assert store.current().members().equals(graphs.run_tables(1)["members"])
        assert target.content() == before
    finally:
        store.close()
        server.stop(kill=True)


@pytest.mark.neo4j
def test_a_reader_may_not_write(neo4j: Target, tmp_path: Path) -> None:
    """Community has no roles; a write in a read transaction is refused by the server in the same words."""
    address = address_of(neo4j.settings(tmp_path))
    opened = connection.connect(address)
    with pytest.raises(StoreError, match="may not write") as error:
        opened.reading(lambda tx: tx.run("CREATE (:Account {account_id: 'x'})").consume())
    opened.close()
    one_line(error)
    assert neo4j.run("MATCH (n) RETURN count(n) AS n") == [{"n": 0}]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("Neo.ClientError.Security.Forbidden", "may not write"),
        ("Neo.ClientError.General.WriteOnReadOnlyAccessDatabase", "may not write"),
        ("Neo.ClientError.Security.CredentialsExpired", "must be changed"),
        ("Neo.ClientError.Security.AuthenticationRateLimit", "too many attempts"),
        ("Neo.ClientError.Security.Unauthorized", "refuses the password"),
        ("Neo.ClientError.Statement.SyntaxError", "refused a statement"),
        ("Neo.TransientError.General.MemoryPoolOutOfMemoryError", "batch_rows"),
        ("Neo.DatabaseError.General.UnknownError", "failed"),
    ],
)
def test_the_servers_codes(tmp_path: Path, code: str, words: str) -> None:
    address = address_of(Settings(state=tmp_path, store="bolt://127.0.0.1:1"))
    raised = Neo4jError._hydrate_neo4j(code=code, message="first line\nsecond line")
    with pytest.raises(StoreError, match=words) as error, translated(address):
        raise raised
    assert "second line" not in str(error.value)
    assert isinstance(raised, ClientError) == code.startswith("Neo.ClientError")


@pytest.mark.neo4j
def test_foreign_data_under_our_labels(neo4j: Target, tmp_path: Path) -> None:
    for row in neo4j.run("SHOW CONSTRAINTS YIELD name"):
        neo4j.run(f"DROP CONSTRAINT {row['name']}")
    neo4j.run("MATCH (n:GraphringState) DETACH DELETE n")
    neo4j.run("CREATE (:Account {account_id: 'twice'}), (:Account {account_id: 'twice'})")
    before = neo4j.content()
    with pytest.raises(StoreError, match="other systems under graphring's labels") as error:
        neo4j_init(neo4j.settings(tmp_path))
    one_line(error)
    assert neo4j.content() == before
    neo4j.run("MATCH (n:Account) DELETE n")
    neo4j.run("CREATE INDEX theirs FOR (n:Account) ON (n.account_id)")
    with pytest.raises(StoreError, match="an index of another system") as error:
        neo4j_init(neo4j.settings(tmp_path))
    one_line(error)
    neo4j.run("DROP INDEX theirs")
    neo4j_init(neo4j.settings(tmp_path))


@pytest.mark.neo4j
def test_a_run_that_does_not_fit_the_graph_is_not_published(neo4j: Target, tmp_path: Path) -> None:
    store = open_neo4j(neo4j.settings(tmp_path))
    with store.lock():
        store.load(graphs.graph())
        store.publish(graphs.run(1), graphs.run_tables(1))
        before = [line for line in neo4j.content() if "Ring" in line]
        store.load(graphs.graph(graphs.EDGES[:3], ("a1", "b")))
        tables = graphs.run_tables(2)
        tables["members"] = graphs.table(
            tables["members"].schema, [{"ring_id": "R-000001", "account_id": "nobody", "role": "member"}]
        )
        with pytest.raises(StoreError, match="not in the graph") as error:
            store.publish(graphs.run(2), tables)
    one_line(error)
    assert store.current().run.number == 1
    assert store.current().members().equals(graphs.run_tables(1)["members"])
    assert [line for line in neo4j.content() if "Ring" in line] != []
    assert len(before) > 5
    store.close()
