"""Replacement pools: every account is new, yet objects, templates and timing are those of an earlier ring."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from graphring.detect.lineage import read_past
from graphring.detect.parameters import Parameters
from graphring.model import GRAPH_ACCOUNTS, OBJECTS, SIGHTINGS, GraphTables
from tests.unit.detect.test_identity import Nights

DAY = datetime(2026, 1, 10, tzinfo=UTC)
INNOCENT = 2_000


def pool(name: str, size: int = 30) -> list[str]:
    return [f"{name}{i:03d}" for i in range(size)]


@dataclass
class Traces:
    """A graph in the making; innocents have nothing in common unless told."""

    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    edges: set[tuple[str, str, str]] = field(default_factory=set)

    def active(self, accounts: Iterable[str], start: float, end: float, *, closed: bool = False) -> Traces:
        """Accounts that come and go within a few hours of `start` and `end` (hours)."""
        for i, account in enumerate(accounts):
            first, last = DAY + timedelta(hours=start + i % 4), DAY + timedelta(hours=end - i % 4)
            self.people[account] = {
                "created_at": first - timedelta(hours=2), "closed_at": last + timedelta(hours=1) if closed else None,
                "first_seen": first, "last_seen": last,
            }  # fmt: skip
        return self

    def share(self, accounts: Iterable[str], kind: str, *names: str) -> Traces:
        self.edges |= {(account, kind, name) for account in accounts for name in names}
        return self

    def rotate(self, accounts: list[str], kind: str, names: list[str]) -> Traces:
        """Each account uses two of the objects, as a pool rotates."""
        for i, account in enumerate(accounts):
            self.share([account], kind, names[i % len(names)], names[(i + 1) % len(names)])
        return self

    def graph(self, innocent: int = INNOCENT) -> GraphTables:
        people = dict(self.people)
        for i in range(innocent):
            people[f"x{i:05d}"] = {"created_at": DAY, "first_seen": DAY, "last_seen": DAY + timedelta(days=20)}
        rows = [{**dict.fromkeys(GRAPH_ACCOUNTS.names), "account_id": a, **people[a]} for a in sorted(people)]
        edges = [dict(zip(SIGHTINGS.names, (*e, 1, None, None, 1), strict=True)) for e in sorted(self.edges)]
        degree: dict[tuple[str, str], int] = {}
        for _, kind, name in self.edges:
            degree[kind, name] = degree.get((kind, name), 0) + 1
        objects = [
            {**dict.fromkeys(OBJECTS.names), "object_type": k, "object_id": n, "accounts": d}
            for (k, n), d in sorted(degree.items())
        ]
        return GraphTables(
            pa.Table.from_pylist(rows, schema=GRAPH_ACCOUNTS), pa.Table.from_pylist(objects, schema=OBJECTS),
            pa.Table.from_pylist(edges, schema=SIGHTINGS),
        )  # fmt: skip


CARDS = [f"pm-{i}" for i in range(6)]
PLACES = [f"192.0.2.{i}" for i in range(20)]


def first_pool(closed: bool = True) -> Traces:
    old = pool("a")
    traces = Traces().active(old, 0, 100, closed=closed).rotate(old, "payment_method", CARDS).rotate(old, "ip", PLACES)
    return traces.share(old, "template", "T1", "T2")


def second_pool(traces: Traces, start: float = 105, name: str = "b", end: float | None = None) -> Traces:
    """New accounts, new cards; 14 of 20 addresses and both templates are those of the first pool."""
    new = pool(name)
    traces.active(new, start, end or start + 100).rotate(new, "payment_method", [f"{name}-{card}" for card in CARDS])
    traces.rotate(new, "ip", [*PLACES[:14], *(f"198.51.100.{name}{i}" for i in range(6))])
    return traces.share(new, "template", "T1", "T2", f"T-{name}")


def last_row(nights: Nights, ring: str) -> dict[str, Any]:
    return nights.events()[ring]


def test_a_replacement_pool_names_its_predecessor_in_the_first_run_that_sees_it():
    nights = Nights()
    traces = first_pool()
    (old,) = nights.run(pool("a"), graph=traces.graph()).values()
    found = nights.run(pool("a"), pool("b"), graph=second_pool(traces).graph())
    new = found[frozenset(pool("b"))]
    assert new not in {old, ""}
    assert nights.runs[-1].predecessor == (None, old)
    row = last_row(nights, new)
    assert (row["event"], row["accounts"], row["related"]) == ("succeeded", 30, [old])
    assert row["note"] == (
        f"2 of its 3 template families and 14 of its 20 addresses were {old}'s; "
        "first seen 5 hours after that one was last seen; 30 of the old accounts were closed"
    )
    assert last_row(nights, old)["note"] == f"{new} took over"
    assert last_row(nights, old)["related"] == [new]


def test_the_predecessor_may_be_long_gone_from_the_logs():
    nights = Nights()
    (old,) = nights.run(pool("a"), graph=first_pool().graph()).values()
    nights.run(graph=Traces().graph())
    assert nights.events()[old]["event"] == "dormant"
    nights.run(graph=Traces().graph())
    (new,) = nights.run(pool("b"), graph=second_pool(Traces()).graph()).values()
    assert last_row(nights, new)["related"] == [old]
    assert "14 of its 20 addresses" in str(last_row(nights, new)["note"])


def test_both_pools_may_be_found_in_one_run():
    nights = Nights()
    found = nights.run(pool("b"), pool("a"), graph=second_pool(first_pool()).graph())
    old, new = found[frozenset(pool("a"))], found[frozenset(pool("b"))]
    assert (last_row(nights, old)["event"], last_row(nights, new)["event"]) == ("born", "succeeded")
    assert last_row(nights, new)["related"] == [old]


def test_of_a_line_only_the_last_is_the_predecessor():
    traces = second_pool(second_pool(first_pool(), end=150), start=155, name="c", end=200)
    nights = Nights()
    found = nights.run(pool("a"), pool("b"), pool("c"), graph=traces.graph())
    a, b, c = (found[frozenset(pool(name))] for name in "abc")
    assert (last_row(nights, b)["related"], last_row(nights, c)["related"]) == ([a], [b])
    found = nights.run(pool("d"), graph=second_pool(traces, start=204, name="d").graph())
    assert last_row(nights, found[frozenset(pool("d"))])["related"] == [c], "the line goes on over nights"


def test_a_pool_that_replaces_two_names_both():
    other = pool("o")
    traces = first_pool().active(other, 0, 100).share(other, "template", "T8", "T9")
    new = pool("n")
    traces.active(new, 105, 200).share(new, "template", "T1", "T2", "T8", "T9")
    nights = Nights()
    found = nights.run(pool("a"), other, new, graph=traces.graph())
    a, o = found[frozenset(pool("a"))], found[frozenset(other)]
    assert last_row(nights, found[frozenset(new)])["related"] == sorted([a, o])
    assert nights.runs[-1].predecessor[2] == " ".join(sorted([a, o]))


def test_the_predecessor_stays_on_the_ring_s_row():
    nights = Nights()
    graph = second_pool(first_pool()).graph()
    nights.run(pool("a"), pool("b"), graph=graph)
    nights.run(pool("a"), pool("b")[:25], graph=graph)
    assert nights.runs[-1].predecessor == (None, "R-00001")
    nights.run(graph=graph)
    nights.run(pool("b"), graph=graph)
    assert (nights.runs[-1].status, nights.runs[-1].predecessor) == (("revived",), ("R-00001",))


@pytest.mark.parametrize("start", [20, 80, 100 + 24 * 15])
def test_a_pool_that_came_before_the_other_fell_silent_or_weeks_later_succeeds_nobody(start):
    nights = Nights()
    found = nights.run(pool("a"), pool("b"), graph=second_pool(first_pool(), start=start).graph())
    assert last_row(nights, found[frozenset(pool("b"))])["event"] == "born"


def test_a_few_that_stay_awake_do_not_hide_the_silence_of_the_rest():
    traces = second_pool(first_pool()).active(pool("a")[:2], 0, 190)
    nights = Nights()
    found = nights.run(pool("a"), pool("b"), graph=traces.graph())
    row = last_row(nights, found[frozenset(pool("b"))])
    assert row["event"] == "succeeded"
    assert "most of it came 5 hours after most of that one had fallen silent" in row["note"]


def test_what_everybody_uses_links_nobody():
    old, new = pool("a"), pool("b")
    traces = Traces().active(old, 0, 100).active(new, 105, 200)
    traces.share([*old, *new, *(f"x{i:05d}" for i in range(900))], "template", "T1")
    traces.share([*old, *new, *(f"x{i:05d}" for i in range(1200))], "ip", "192.0.2.1")
    nights = Nights()
    found = nights.run(old, new, graph=traces.graph())
    assert last_row(nights, found[frozenset(new)])["event"] == "born"


def test_one_chance_meeting_links_nobody():
    old, new = pool("a"), pool("b")
    traces = Traces().active(old, 0, 100).active(new, 105, 200)
    for name, accounts in (("a", old), ("b", new)):
        traces.rotate(accounts, "template", [f"{name}-T{i}" for i in range(4)])
    traces.share([old[0], new[0]], "payment_method", "pm-1").share([old[1], new[1]], "ip", "192.0.2.1")
    nights = Nights()
    found = nights.run(old, new, graph=traces.graph())
    assert last_row(nights, found[frozenset(new)])["event"] == "born"


@pytest.mark.parametrize("tenant", [True, False])
def test_addresses_alone_link_unless_a_third_ring_rents_them_too(tenant):
    old, new, third = pool("a"), pool("b"), pool("t")
    traces = Traces().active(old, 0, 100).active(new, 105, 200).rotate(old, "ip", PLACES).rotate(new, "ip", PLACES)
    traces.active(third, 10, 190)
    if tenant:
        traces.rotate(third, "ip", PLACES)
    nights = Nights()
    found = nights.run(old, new, third, graph=traces.graph())
    assert last_row(nights, found[frozenset(new)])["event"] == ("born" if tenant else "succeeded")


def test_who_rented_the_addresses_long_before_does_not_spoil_them():
    nights = Nights()
    lines = [("t", 0, 50), ("a", 60, 160), ("b", 165, 260)]
    for name, start, end in lines:
        graph = Traces().active(pool(name), start, end).rotate(pool(name), "ip", PLACES).graph()
        (ring,) = nights.run(pool(name), graph=graph).values()
    assert nights.events()[ring]["related"] == ["R-00002"]
    assert nights.runs[1].predecessor == ("R-00001",)


def test_a_third_ring_that_is_gone_by_now_spoils_them_too():
    nights = Nights()
    traces = Traces().active(pool("a"), 0, 100).active(pool("t"), 10, 110)
    nights.run(
        pool("a"), pool("t"), graph=traces.rotate(pool("a"), "ip", PLACES).rotate(pool("t"), "ip", PLACES).graph()
    )
    (ring,) = nights.run(
        pool("b"), graph=Traces().active(pool("b"), 115, 200).rotate(pool("b"), "ip", PLACES).graph()
    ).values()
    assert nights.event(ring) == "born"


def test_a_weak_tie_beside_a_strong_one_is_not_named():
    old, other, new = pool("a"), pool("o"), pool("n")
    traces = Traces().active(old, 0, 100).active(other, 0, 100).active(new, 105, 200)
    traces.share(old, "template", "T1", "T2").share(other, "template", "T8").share(new, "template", "T1", "T2", "T8")
    traces.rotate(old, "payment_method", CARDS).rotate(new, "payment_method", CARDS)
    nights = Nights()
    found = nights.run(old, other, new, graph=traces.graph())
    assert nights.events()[found[frozenset(new)]]["related"] == [found[frozenset(old)]]


def test_objects_of_other_kinds_link_and_dates_of_accounts_do_without_traffic():
    old, new = pool("a"), pool("b")
    traces = Traces().active(old, 0, 100, closed=True).active(new, 110, 200)
    for account in [*old, *new]:
        traces.people[account] |= {"first_seen": None, "last_seen": None}
    traces.rotate(old, "device", [f"d{i}" for i in range(9)]).rotate(new, "device", [f"d{i}" for i in range(9)])
    nights = Nights()
    found = nights.run(old, new, graph=traces.graph())
    row = last_row(nights, found[frozenset(new)])
    assert "9 of its 9 objects of the kind device" in str(row["note"])
    for account in old:
        traces.people[account]["closed_at"] = None
    assert Nights().run(old, new, graph=traces.graph())
    nights = Nights()
    found = nights.run(old, new, graph=traces.graph())
    assert last_row(nights, found[frozenset(new)])["event"] == "born", "nothing tells when the old one ended"


def test_a_ring_that_shares_accounts_is_a_part_and_no_successor():
    nights = Nights()
    traces = second_pool(first_pool())
    nights.run(pool("a"), graph=traces.graph())
    mixed = [*pool("b"), *pool("a")[:13]]
    found = nights.run(pool("a")[13:], mixed, graph=traces.graph())
    assert last_row(nights, found[frozenset(mixed)])["event"] == "split"


def test_the_order_of_the_graph_s_rows_changes_nothing():
    traces = second_pool(first_pool())
    graph = traces.graph()
    random = np.random.default_rng(3)

    def shuffled(table: pa.Table) -> pa.Table:
        return table.take(pa.array(random.permutation(table.num_rows)))

    one, other = Nights(), Nights()
    one.run(pool("a"), pool("b"), graph=graph)
    tables = {name: shuffled(getattr(graph, name)) for name in ("accounts", "objects", "sightings")}
    other.run(pool("b"), pool("a"), graph=replace(graph, **tables))
    assert one.runs[-1].ledger.equals(other.runs[-1].ledger)
    assert one.runs[-1].lineage.equals(other.runs[-1].lineage)


def test_what_is_remembered_of_a_ring_is_bounded_and_its_rarest():
    old = pool("a")
    traces = first_pool().share([*old, *(f"x{i:05d}" for i in range(INNOCENT))], "ip", "192.0.2.200")
    nights = Nights()
    nights.run(old, graph=traces.graph(), p=Parameters(lineage_objects=5))
    (past,) = read_past(nights.previous).values()
    kinds = [kind for kind, _ in past.objects]
    assert {kind: kinds.count(kind) for kind in kinds} == {"ip": 5, "payment_method": 5, "template": 2}
    assert ("ip", "192.0.2.200") not in past.objects
    assert past.objects == tuple(sorted(past.objects))
    assert past.last_seen == int((DAY + timedelta(hours=100)).timestamp()) * 1_000_000
