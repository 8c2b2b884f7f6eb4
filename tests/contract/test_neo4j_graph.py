"""What the Neo4j store promises beyond the contract: shapes, deltas, and peace with other systems."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from graphring import model
from graphring.errors import LockHeldError, StoreError
from graphring.model import GraphTables, NodeRef
from graphring.store.neo4j import Neo4jStore, neo4j_init, neo4j_status, open_neo4j
from graphring.store.neo4j.load import rehearse
from graphring.store.neo4j.schema import MIGRATIONS, SCHEMA_VERSION
from tests.contract import graphs
from tests.contract.neo4j_server import Target

pytestmark = pytest.mark.neo4j


@pytest.fixture
def store(neo4j: Target, tmp_path: Path):
    opened = open_neo4j(neo4j.settings(tmp_path / "state"))
    yield opened
    opened.close()


def publish(store: Neo4jStore, number: int, graph: GraphTables | None = None) -> dict[str, int]:
    with store.lock():
        counts = store.load(graph or graphs.graph())
        tables = graphs.run_tables(number)
        if graph is not None:
            tables = {name: table.schema.empty_table() for name, table in tables.items()}
        store.publish(graphs.run(number), tables)
    return dict(counts)


def test_a_rehearsal_runs_every_statement_and_changes_nothing(
    store: Neo4jStore, neo4j: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(store, 1)
    before, run, plain = neo4j.content(), [], store.connection.write

    def write(cypher: str, **given: object) -> object:
        found = plain(cypher, **given)  # what the server refuses is raised here, and would be missed below
        run.append(cypher)
        return found

    monkeypatch.setattr(store.connection, "write", write)
    rehearse(store.connection)
    assert len(set(run)) == len(run) == 3 * 5 + 3 * 4
    assert neo4j.content() == before


def test_labels_types_and_properties_are_as_designed(store: Neo4jStore, neo4j: Target) -> None:
    publish(store, 1)
    edges = neo4j.run(
        "MATCH (a:Account)-[r]->(o) WHERE NOT o:Ring "
        "RETURN a.account_id AS a, type(r) AS t, labels(o) AS l, o.object_type AS k, r.count AS c ORDER BY a, t, c"
    )
    assert {(row["t"], row["l"][0]) for row in edges} == {  # type: ignore[index]
        ("CONNECTED_FROM", "IP"),
        ("PAID_WITH", "PaymentMethod"),
        ("PROMPTED_WITH", "PromptTemplate"),
        ("LINKED", "Object"),
    }
    assert len(edges) == len(graphs.EDGES)
    assert {row["k"] for row in edges if row["t"] == "LINKED"} == {"Device", "phone hash"}
    kinds = neo4j.run(
        "MATCH (a:Account {account_id: 'a2'})-[r:PAID_WITH]->() RETURN valueType(a.created_at) AS created, "
        "valueType(a.requests) AS requests, valueType(a.verified) AS verified, valueType(r.first_seen) AS seen, "
        "valueType(r.count) AS count, a.closed_at AS closed"
    )[0]
    assert kinds["created"] == kinds["seen"] == "ZONED DATETIME NOT NULL"
    assert kinds["requests"] == kinds["count"] == "INTEGER NOT NULL"
    assert kinds["verified"] == "BOOLEAN NOT NULL"
    rings = neo4j.run(
        "MATCH (a:Account)-[m:MEMBER_OF]->(r:Ring)-[:FOUND_BY]->(u:Run) "
        "RETURN r.ring_id AS ring, a.account_id AS a, m.confidence AS c, u.run_id AS run ORDER BY ring, a"
    )
    assert [(row["ring"], row["a"], row["c"]) for row in rings][:2] == [
        ("R-000001", "a1", 0.98),
        ("R-000001", "a2", 0.97),
    ]
    assert {row["run"] for row in rings} == {"run-0001"}


def test_only_what_changed_is_written(store: Neo4jStore) -> None:
    publish(store, 1)
    assert publish(store, 2) == {"accounts": 0, "objects": 0, "sightings": 0, "expired": 0}
    edges = tuple((a, k, o, n + (a == "a1")) for a, k, o, n in graphs.EDGES if a != "a4")
    counts = publish(store, 3, graphs.graph(edges, graphs.PEOPLE))
    assert counts == {"accounts": 0, "objects": 4, "sightings": 3, "expired": 1}


def test_a_rarity_that_shifts_for_all_objects_is_not_written_to_each(store: Neo4jStore) -> None:
    publish(store, 1)
    graph = graphs.graph()
    heavier = pa.compute.add(graph.objects.column("weight"), 0.5)
    shifted = graph.objects.set_column(graph.objects.schema.get_field_index("weight"), "weight", heavier)
    moved = GraphTables(graph.accounts, shifted, graph.sightings)
    assert publish(store, 2, moved)["objects"] == 0
    assert store.read_graph().objects.equals(shifted)
    assert store.current().objects([NodeRef("ip", "203.0.113.7")]).to_pylist() == [
        row for row in shifted.to_pylist() if row["object_id"] == "203.0.113.7"
    ]
    own = pa.array([1.25 if n == 0 else value for n, value in enumerate(heavier.to_pylist())])
    single = GraphTables(graph.accounts, shifted.set_column(5, "weight", own), graph.sightings)
    publish(store, 3, single)
    assert store.read_graph().objects.equals(single.objects)


def test_a_lost_mirror_costs_time_and_nothing_else(store: Neo4jStore, neo4j: Target, tmp_path: Path) -> None:
    publish(store, 1)
    before = neo4j.content()
    elsewhere = open_neo4j(neo4j.settings(tmp_path / "another-state"))
    with elsewhere.lock():
        assert elsewhere.load(graphs.graph()) == {"accounts": 0, "objects": 0, "sightings": 0, "expired": 0}
        elsewhere.publish(graphs.run(1), graphs.run_tables(1))
    elsewhere.close()
    assert neo4j.content() == before


def test_a_database_that_lost_nodes_is_mended_by_the_second_run(store: Neo4jStore, neo4j: Target) -> None:
    publish(store, 1)
    neo4j.run("MATCH (n:IP) DETACH DELETE n")
    edges = (*graphs.EDGES[:-1], ("ünï-コ", "payment_method", "pm-1", 9), ("a4", "ip", "203.0.113.7", 2))
    graph = graphs.graph(edges)
    objects = graphs.graph().objects  # no object changes, so the missing node is not made again by the delta
    changed = GraphTables(graph.accounts, objects, graph.sightings)
    with store.lock(), pytest.raises(StoreError, match="are gone"):
        store.load(changed)
    with store.lock():
        store.load(changed)
        assert store.read_graph().sightings.equals(graph.sightings)
        assert store.read_graph().objects.equals(objects)


def others_write(neo4j: Target) -> None:
    """A fraud team's system, a CRM and an investigator, before and after ours."""
    neo4j.run(
        "MERGE (a:Account {account_id: 'a1'}) SET a.crm_segment = 'gold' "
        "MERGE (b:Account {account_id: 'outside'}) "
        "MERGE (p:PaymentMethod {object_id: 'pm-1'}) SET p.bin = 424242 "
        "MERGE (d:Object {object_type: 'courier', object_id: 'c-9'}) "
        "MERGE (b)-[r:PAID_WITH]->(p) SET r.count = 5, r.first_seen = $day, r.last_seen = $day, r.active_days = 2 "
        "MERGE (b)-[:LINKED]->(d) MERGE (a)-[:LINKED {count: 2}]->(d) "
        "MERGE (a)-[x:PAID_WITH {source: 'chargebacks'}]->(p) SET x.count = 10 "
        "MERGE (n:Note {text: 'look at this'})-[:ABOUT]->(a) "
        "MERGE (t:Ticket {id: 7})-[:CONCERNS]->(p)",
        day=datetime(2025, 12, 24, tzinfo=UTC),
    )


def test_what_other_systems_wrote_counts(store: Neo4jStore, neo4j: Target) -> None:
    publish(store, 1)
    others_write(neo4j)
    graph = store.read_graph()
    edges = {(row["account_id"], row["object_type"], row["object_id"]): row for row in graph.sightings.to_pylist()}
    assert len(edges) == len(graphs.EDGES) + 3
    assert edges["outside", "payment_method", "pm-1"]["count"] == 5
    assert edges["outside", "payment_method", "pm-1"]["first_seen"] == datetime(2025, 12, 24, tzinfo=UTC)
    assert edges["a1", "payment_method", "pm-1"]["count"] == 2 + 10
    assert edges["outside", "courier", "c-9"] | {"first_seen": None} == {
        "account_id": "outside", "object_type": "courier", "object_id": "c-9", "count": 1, "first_seen": None,
        "last_seen": None, "active_days": 1,
    }  # fmt: skip
    objects = {row["object_id"]: row for row in graph.objects.to_pylist()}
    assert (objects["pm-1"]["accounts"], objects["pm-1"]["count"]) == (4, 2 + 10 + 1 + 1 + 5)
    assert objects["pm-1"]["weight"] == graphs.graph().objects.to_pylist()[3]["weight"] or not objects["pm-1"]["damped"]
    assert objects["c-9"]["accounts"] == 2
    assert objects["203.0.113.7"] == next(
        r for r in graphs.graph().objects.to_pylist() if r["object_id"] == "203.0.113.7"
    )
    outside = next(row for row in graph.accounts.to_pylist() if row["account_id"] == "outside")
    assert (outside["known"], outside["requests"], outside["active_days"]) == (False, 0, 2)
    assert graph.accounts.num_rows == len(graphs.PEOPLE) + 1
    snapshot = store.current()
    found = snapshot.neighbours(NodeRef("payment_method", "pm-1"))
    assert [(row["account_id"], row["count"]) for row in found.to_pylist()] == [
        ("a1", 12), ("outside", 5), ("a2", 1), ("ünï-コ", 1),
    ]  # fmt: skip
    assert snapshot.sightings(["outside"]).to_pylist() == [r for k, r in sorted(edges.items()) if k[0] == "outside"]
    assert NodeRef("courier", "c-9") in snapshot.search("c-9")


def test_what_other_systems_wrote_is_left_alone(store: Neo4jStore, neo4j: Target) -> None:
    others_write(neo4j)
    before = neo4j.content()
    publish(store, 1)
    empty = GraphTables(model.GRAPH_ACCOUNTS.empty_table(), model.OBJECTS.empty_table(), model.SIGHTINGS.empty_table())
    publish(store, 2, empty)
    ours = ("GraphringState", '["Run"]')
    assert [line for line in neo4j.content() if not any(f'"{name}"' in line or name in line for name in ours)] == before
    publish(store, 3, graphs.graph())
    assert (
        neo4j.run("MATCH (:Note)-[:ABOUT]->(a:Account {account_id: 'a1'}) RETURN a.crm_segment AS s")[0]["s"] == "gold"
    )


def test_notes_on_a_ring_outlive_it(store: Neo4jStore, neo4j: Target) -> None:
    publish(store, 1)
    neo4j.run("MATCH (r:Ring {ring_id: 'R-000002'}) CREATE (:Note {text: 'mine'})-[:ABOUT]->(r)")
    tables = graphs.run_tables(2)
    keep = {
        name: t.filter(pa.compute.equal(t["ring_id"], "R-000001")) if "ring_id" in t.column_names else t
        for name, t in tables.items()
    }
    with store.lock():
        store.load(graphs.graph())
        store.publish(graphs.run(2), keep)
    assert store.current().rings().column("ring_id").to_pylist() == ["R-000001"]
    kept = neo4j.run("MATCH (:Note {text: 'mine'})-[:ABOUT]->(r:Ring) RETURN properties(r) AS p")
    assert kept == [{"p": {"ring_id": "R-000002"}}]
    assert neo4j.run("MATCH (e:Evidence {ring_id: 'R-000002'}) RETURN count(e) AS n") == [{"n": 0}]


def test_nodes_of_the_published_ring_stay_until_the_next_run(store: Neo4jStore, neo4j: Target) -> None:
    publish(store, 1)
    fewer = graphs.graph(graphs.EDGES[:3], ("a1", "b"))
    with store.lock():
        store.load(fewer)
        assert store.current().members("R-000001").num_rows == 3
        assert store.read_graph().accounts.equals(fewer.accounts)
        store.publish(graphs.run(2), {name: schema.empty_table() for name, schema in model.RUN_TABLES.items()})
    assert neo4j.run("MATCH (a:Account) RETURN a.account_id AS a ORDER BY a") == [{"a": "a1"}, {"a": "b"}]
    assert neo4j.run("MATCH (n:GraphringExpired) RETURN count(n) AS n") == [{"n": 0}]


def test_a_reader_never_mixes_two_runs(store: Neo4jStore) -> None:
    publish(store, 1)
    reader = store.current()
    publish(store, 2)
    with pytest.raises(StoreError, match="replaced by run run-0002"):
        reader.rings()
    with pytest.raises(StoreError, match="replaced"):
        reader.evidence("R-000001")
    assert store.current().rings().num_rows == 2


def test_values_of_other_types_under_our_names_read_as_missing(store: Neo4jStore, neo4j: Target) -> None:
    publish(store, 1)
    neo4j.run(
        "MATCH (a:Account {account_id: 'a2'}) SET a.plan = 7, a.created_at = 'yesterday', a.requests = 'many' "
        "CREATE (a)-[:PAID_WITH {count: 'x', first_seen: 12, active_days: 99999999999}]->"
        "(:PaymentMethod {object_id: 'p-x'}) "
        "CREATE (:Account {account_id: 12}), (:Account {name: 'no id'}), (:IP), (:Object {object_id: 'no type'}) "
        "CREATE (a)-[:LINKED]->(:Object {object_id: 5}), (a)-[:LINKED]->(:Elsewhere {object_id: 'e'})"
    )
    graph = store.read_graph()
    account = graph.accounts.to_pylist()[1]
    assert (account["account_id"], account["plan"], account["created_at"], account["requests"]) == ("a2", None, None, 0)
    edge = next(row for row in graph.sightings.to_pylist() if row["object_id"] == "p-x")
    assert (edge["count"], edge["first_seen"], edge["active_days"]) == (1, None, 1)
    assert graph.sightings.num_rows == len(graphs.EDGES) + 1
    assert graph.accounts.num_rows == len(graphs.PEOPLE)


def test_one_writer_between_machines(store: Neo4jStore, neo4j: Target, tmp_path: Path) -> None:
    elsewhere = open_neo4j(neo4j.settings(tmp_path / "another-machine"))
    with store.lock():
        with pytest.raises(LockHeldError, match=r"pid \d+ on "), elsewhere.lock():
            pass
        store.load(graphs.graph())
    with elsewhere.lock():
        pass
    elsewhere.close()
    assert neo4j.run("MATCH (h:GraphringState {name: 'holder'}) RETURN h.pid AS pid") == [{"pid": None}]


def test_times_before_1970_and_far_away(store: Neo4jStore) -> None:
    graph = graphs.graph()
    times = [
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
    ]
    column = pa.array([*times, None, None, None], model.TIME)
    accounts = graph.accounts.set_column(graph.accounts.schema.get_field_index("created_at"), "created_at", column)
    with store.lock():
        store.load(GraphTables(accounts, graph.objects, graph.sightings))
        assert store.read_graph().accounts.equals(accounts)


def test_init_and_status(neo4j: Target, tmp_path: Path) -> None:
    settings = neo4j.settings(tmp_path)
    status = neo4j_init(settings)
    assert (status.schema_version, status.indexes_online) == (SCHEMA_VERSION, True)
    assert (status.run_id, status.staged, status.pending, status.nodes["Account"]) == (None, False, False, 0)
    assert neo4j_init(settings) == status
    store = open_neo4j(settings)
    publish(store, 1)
    store.close()
    status = neo4j_status(settings)
    assert status.run_id == "run-0001"
    assert (status.nodes["Account"], status.nodes["Ring"], status.relationships["MEMBER_OF"]) == (6, 2, 5)
    assert status.version.startswith(("5.26", "202"))
    assert status.edition


def test_migrations_are_taken_up_where_they_stopped(neo4j: Target, tmp_path: Path) -> None:
    settings = neo4j.settings(tmp_path)
    neo4j_init(settings)
    neo4j.run("DROP CONSTRAINT graphring_evidence")
    neo4j.run("MATCH (s:GraphringState {name: 'schema'}) SET s.version = 1")
    assert neo4j_init(settings).schema_version == SCHEMA_VERSION
    names = {row["name"] for row in neo4j.run("SHOW CONSTRAINTS YIELD name")}
    assert "graphring_evidence" in names
    assert len(MIGRATIONS) == SCHEMA_VERSION


@pytest.mark.parametrize("dropped", ["CONSTRAINT graphring_ip", "INDEX graphring_evidence_ring_id"])
def test_what_somebody_dropped_of_the_schema_is_made_again(store: Neo4jStore, neo4j: Target, dropped: str) -> None:
    publish(store, 1)
    neo4j.run(f"DROP {dropped}")
    publish(store, 2)
    assert dropped.split()[1] in {row["name"] for row in neo4j.run("SHOW INDEXES YIELD name")}


def test_a_newer_schema_is_not_touched(store: Neo4jStore, neo4j: Target, tmp_path: Path) -> None:
    publish(store, 1)
    neo4j.run("MATCH (s:GraphringState {name: 'schema'}) SET s.version = 99")
    with pytest.raises(StoreError, match="Upgrade graphring"):
        neo4j_init(neo4j.settings(tmp_path))
    with pytest.raises(StoreError, match="schema 99"), store.lock():
        pass
