"""What every store does, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa
import pytest

from graphring import model
from graphring.errors import LockHeldError, NoRunError, StoreError
from graphring.model import GraphTables, NodeRef
from graphring.store.protocol import GraphStore
from tests.contract import graphs

Opener = Callable[[], GraphStore]


def publish(store: GraphStore, number: int, graph: GraphTables | None = None) -> Mapping[str, int]:
    with store.lock():
        counts = store.load(graph or graphs.graph())
        store.publish(graphs.run(number), graphs.run_tables(number))
    return counts


def test_a_graph_comes_back_as_it_went_in(store: GraphStore) -> None:
    graph = graphs.graph()
    with store.lock():
        counts = store.load(graph)
        back = store.read_graph()
    assert back.accounts.equals(graph.accounts)
    assert back.objects.equals(graph.objects)
    assert back.sightings.equals(graph.sightings)
    assert {name: counts[name] for name in ("accounts", "objects", "sightings")} == {
        "accounts": 6, "objects": 6, "sightings": 12,
    }  # fmt: skip
    assert back.sightings.schema.equals(model.SIGHTINGS)


def test_loading_again_replaces(store: GraphStore) -> None:
    fewer = graphs.graph(graphs.EDGES[3:], graphs.PEOPLE[1:])
    with store.lock():
        store.load(graphs.graph())
        store.load(fewer)
        assert store.read_graph().sightings.equals(fewer.sightings)
        assert store.read_graph().accounts.equals(fewer.accounts)
        assert store.read_graph().objects.equals(fewer.objects)
        store.load(fewer)
        assert store.read_graph().sightings.equals(fewer.sightings)


def test_row_order_does_not_matter(store: GraphStore) -> None:
    graph = graphs.graph()
    backwards = GraphTables(
        **{
            name: part.take(list(range(part.num_rows))[::-1])
            for name, part in (("accounts", graph.accounts), ("objects", graph.objects), ("sightings", graph.sightings))
        }
    )
    with store.lock():
        store.load(backwards)
        assert store.read_graph().sightings.equals(graph.sightings)
        assert store.read_graph().objects.equals(graph.objects)


def test_an_empty_graph(store: GraphStore) -> None:
    empty = GraphTables(model.GRAPH_ACCOUNTS.empty_table(), model.OBJECTS.empty_table(), model.SIGHTINGS.empty_table())
    with store.lock():
        store.load(empty)
        store.publish(graphs.run(), {name: schema.empty_table() for name, schema in model.RUN_TABLES.items()})
    assert store.read_graph().sightings.num_rows == 0
    snapshot = store.current()
    assert snapshot.rings().equals(model.RINGS.empty_table())
    assert list(snapshot.search("a")) == []
    assert snapshot.neighbours(NodeRef("account", "a1")).num_rows == 0


def test_nothing_is_published_at_first(store: GraphStore) -> None:
    with pytest.raises(NoRunError):
        store.current()
    with pytest.raises(NoRunError):
        store.snapshot("run-0001")
    assert list(store.runs()) == []


def test_a_loaded_graph_is_no_run(store: GraphStore) -> None:
    with store.lock():
        store.load(graphs.graph())
    with pytest.raises(NoRunError):
        store.current()


def test_publishing_needs_a_loaded_graph(store: GraphStore) -> None:
    with store.lock(), pytest.raises(StoreError, match="no graph is loaded"):
        store.publish(graphs.run(), graphs.run_tables())


def test_every_table_of_a_run_comes_back(store: GraphStore, reopen: Opener) -> None:
    publish(store, 1)
    tables = graphs.run_tables(1)
    snapshot = reopen().current()
    assert snapshot.run == graphs.run(1)
    assert snapshot.rings().equals(tables["rings"])
    assert snapshot.members().equals(tables["members"])
    assert snapshot.ledger().equals(tables["ledger"])
    assert snapshot.lineage().equals(tables["lineage"])
    assert snapshot.families().equals(tables["families"])
    assert snapshot.quarantine().equals(tables["quarantine"])
    for ring in ("R-000001", "R-000002", "R-404"):
        for name, read in (
            ("members", snapshot.members), ("evidence", snapshot.evidence), ("ring_objects", snapshot.ring_objects),
            ("activity", snapshot.activity), ("ledger", snapshot.ledger),
        ):  # fmt: skip
            rows = [row for row in tables[name].to_pylist() if row["ring_id"] == ring]
            assert read(ring).to_pylist() == rows, name
            assert read(ring).schema.equals(model.RUN_TABLES[name])


def test_a_new_run_replaces_the_current_one(store: GraphStore, reopen: Opener) -> None:
    publish(store, 1)
    publish(store, 2)
    snapshot = reopen().current()
    assert snapshot.run.run_id == "run-0002"
    assert snapshot.rings().equals(graphs.run_tables(2)["rings"])
    assert store.runs()[0].number == 2
    assert store.runs()[0] == graphs.run(2)


def test_publishing_the_current_run_again_changes_nothing(store: GraphStore) -> None:
    publish(store, 1)
    publish(store, 1)
    assert [run.run_id for run in store.runs()] == ["run-0001"]
    assert store.current().members().equals(graphs.run_tables(1)["members"])


def test_tables_that_do_not_fit_are_refused_whole(store: GraphStore) -> None:
    publish(store, 1)
    broken = graphs.run_tables(2)
    broken["quarantine"] = broken["quarantine"].drop_columns(["reason"])
    with store.lock():
        store.load(graphs.graph())
        with pytest.raises(ValueError, match="reason"):
            store.publish(graphs.run(2), broken)
        with pytest.raises(ValueError, match="tables"):
            store.publish(graphs.run(2), {"rings": broken["rings"]})
    assert store.current().run.number == 1
    assert store.current().rings().equals(graphs.run_tables(1)["rings"])
    publish(store, 2)
    assert store.current().run.number == 2


def test_accounts_and_their_sightings(store: GraphStore) -> None:
    publish(store, 1)
    snapshot, graph = store.current(), graphs.graph()
    wanted = ["ünï-コ", "a1", "nobody", "a1", "b' OR 1=1"]
    rows = [row for row in graph.accounts.to_pylist() if row["account_id"] in wanted]
    assert snapshot.accounts(wanted).to_pylist() == rows
    assert len(rows) == 3
    edges = [row for row in graph.sightings.to_pylist() if row["account_id"] in wanted]
    assert snapshot.sightings(wanted).to_pylist() == edges
    assert snapshot.accounts([]).equals(model.GRAPH_ACCOUNTS.empty_table())
    assert snapshot.sightings([]).equals(model.SIGHTINGS.empty_table())


def test_objects_by_reference(store: GraphStore) -> None:
    publish(store, 1)
    refs = [NodeRef("payment_method", "pm-1"), NodeRef("Device", "d-`}) //1"), NodeRef("ip", "pm-1"), NodeRef("x", "y")]
    rows = [row for row in graphs.graph().objects.to_pylist() if row["object_id"] in ("pm-1", "d-`}) //1")]
    assert store.current().objects(refs).to_pylist() == rows
    assert store.current().objects([]).equals(model.OBJECTS.empty_table())


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (NodeRef("ip", "203.0.113.7"), [("a2", 41), ("a1", 40), ("a3", 40)]),
        (NodeRef("Device", "d-`}) //1"), [("a4", 3), ("a3", 1)]),
        (NodeRef("phone hash", "ff00"), [("b' OR 1=1", 1)]),
        (NodeRef("ip", "ff00"), []),
        (NodeRef("account", "203.0.113.7"), []),
    ],
)
def test_neighbours_of_an_object(store: GraphStore, node: NodeRef, expected: list[tuple[str, int]]) -> None:
    publish(store, 1)
    found = store.current().neighbours(node)
    assert [(row["account_id"], row["count"]) for row in found.to_pylist()] == expected
    assert found.schema.equals(model.SIGHTINGS)
    pages = [store.current().neighbours(node, limit=1, offset=n).to_pylist() for n in range(4)]
    assert [row for page in pages for row in page] == found.to_pylist()


def test_neighbours_of_an_account(store: GraphStore) -> None:
    publish(store, 1)
    found = store.current().neighbours(NodeRef("account", "a1"))
    assert [(row["object_type"], row["count"]) for row in found.to_pylist()] == [
        ("ip", 40), ("template", 39), ("payment_method", 2),
    ]  # fmt: skip
    assert store.current().neighbours(NodeRef("account", "a1"), limit=1, offset=1).to_pylist() == [found.to_pylist()[1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", [("account", "a1"), ("account", "a2"), ("account", "a3"), ("account", "a4")]),
        ("A", []),
        ("b' OR", [("account", "b' OR 1=1")]),
        ("2", [("ip", "2001:db8::1"), ("ip", "203.0.113.7")]),
        ("d-`", [("Device", "d-`}) //1")]),
        ("%", []),
        (".*", []),
        ("ü", [("account", "ünï-コ")]),
        ("203.0.113.7 ", []),
    ],
)
def test_search(store: GraphStore, text: str, expected: list[tuple[str, str]]) -> None:
    publish(store, 1)
    found = list(store.current().search(text))
    assert found == [NodeRef(*pair) for pair in expected]
    assert list(store.current().search(text, limit=1)) == found[:1]


def test_search_mixes_kinds_in_order(store: GraphStore) -> None:
    edges = (("x1", "ip", "x2", 1), ("x1", "Zeta", "x3", 1), ("x1", "aaa", "x4", 1))
    with store.lock():
        store.load(graphs.graph(edges, ("x1", "y")))
        store.publish(graphs.run(), {name: schema.empty_table() for name, schema in model.RUN_TABLES.items()})
    found = [(ref.kind, ref.id) for ref in store.current().search("x")]
    assert found == [("Zeta", "x3"), ("aaa", "x4"), ("account", "x1"), ("ip", "x2")]
    assert list(store.current().search("x", limit=3)) == [NodeRef(*pair) for pair in found[:3]]


def test_one_writer_at_a_time(store: GraphStore, reopen: Opener) -> None:
    other = reopen()
    with store.lock():
        with pytest.raises(LockHeldError), other.lock():
            pass
        store.load(graphs.graph())
    with other.lock():
        other.load(graphs.graph())


def test_readers_do_not_need_the_lock(store: GraphStore, reopen: Opener) -> None:
    publish(store, 1)
    reader = reopen()
    with store.lock():
        store.load(graphs.graph(graphs.EDGES[:3], graphs.PEOPLE[:3]))
        assert reader.current().rings().equals(graphs.run_tables(1)["rings"])
        assert reader.current().run.number == 1


def test_the_order_of_tables_is_kept(store: GraphStore) -> None:
    publish(store, 1)
    assert isinstance(store.current().ledger(), pa.Table)
    assert store.current().ledger().column("ring_id").to_pylist() == ["R-000002", "R-000001", "R-000001"]
