"""Ring ids over nights: an id keeps its meaning, and the ledger says what became of every ring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphring.detect.identity import Identity, identify
from graphring.detect.lineage import known_groups, read_past
from graphring.detect.parameters import Parameters
from graphring.model import GRAPH_ACCOUNTS, LEDGER, LINEAGE, MEMBERS, OBJECTS, SIGHTINGS, GraphTables

P = Parameters()
EMPTY = GraphTables(GRAPH_ACCOUNTS.empty_table(), OBJECTS.empty_table(), SIGHTINGS.empty_table())


def span(first: int, last: int) -> set[str]:
    return {f"a{i:04d}" for i in range(first, last)}


@dataclass
class Nights:
    """A state that runs from night to night, as a refresh does it."""

    previous: Mapping[str, pa.Table] | None = None
    number: int = 0
    free: int = 1
    runs: list[Identity] = field(default_factory=list)

    def run(self, *groups: Iterable[str], graph: GraphTables = EMPTY, p: Parameters = P) -> dict[frozenset[str], str]:
        """Returns the id of each group."""
        self.number += 1
        arrays = [np.array(sorted(group), dtype=object) for group in groups]
        found = identify(arrays, graph, self.previous, p, run_id=f"run-{self.number:05d}", first_number=self.free)
        rows = sorted((ring, account) for ring, group in zip(found.ids, arrays, strict=True) for account in group)
        members = [{"ring_id": r, "account_id": a, "confidence": 1.0, "role": "member", "bits": 1.0} for r, a in rows]
        self.previous = {
            "members": pa.Table.from_pylist(members, schema=MEMBERS), "ledger": found.ledger, "lineage": found.lineage,
        }  # fmt: skip
        self.free = max([self.free, *(int(name[2:]) + 1 for name in found.ids)])
        self.runs.append(found)
        return {frozenset(group): name for group, name in zip(arrays, found.ids, strict=True)}

    def events(self, run: int | None = None) -> dict[str, dict[str, object]]:
        """Rows of the ledger of one run, the last one unless told, by ring."""
        name = f"run-{run or self.number:05d}"
        rows = [row for row in self.runs[-1].ledger.to_pylist() if row["run_id"] == name]
        assert len({row["ring_id"] for row in rows}) == len(rows), "two events of one ring in one run"
        return {row["ring_id"]: row for row in rows}

    def event(self, ring: str) -> str:
        return str(self.events()[ring]["event"])


def test_a_ring_keeps_its_id_through_growth_and_loss():
    nights = Nights()
    ring = nights.run(span(0, 40))[frozenset(span(0, 40))]
    for group, event in ((span(1, 41), "continued"), (span(1, 60), "grown"), (span(20, 60), "shrunk")):
        assert nights.run(group)[frozenset(group)] == ring
        assert nights.event(ring) == event
    assert [r["event"] for r in nights.runs[-1].ledger.to_pylist()] == ["born", "continued", "grown", "shrunk"]


@pytest.mark.parametrize("absence", [1, 2, 7])
@pytest.mark.parametrize("part", [span(0, 40), span(0, 13) | span(900, 915)])
def test_a_ring_that_was_absent_gets_its_id_back(absence, part):
    nights = Nights()
    ring, other = nights.run(span(0, 40), span(100, 120)).values()
    for _ in range(absence):
        nights.run(span(100, 120))
    assert nights.run(span(100, 120), part)[frozenset(part)] == ring
    row = nights.events()[ring]
    assert (row["event"], row["accounts"]) == ("revived", len(part))
    assert f"after {absence} run" in row["note"]
    assert nights.event(other) == "continued"
    dormant = [r for r in nights.runs[-1].ledger.to_pylist() if r["event"] == "dormant"]
    assert [(r["ring_id"], r["run_id"], r["accounts"]) for r in dormant] == [(ring, "run-00002", 0)]


def test_too_small_a_part_is_a_ring_of_its_own():
    nights = Nights()
    (ring,) = nights.run(span(0, 40)).values()
    nights.run()
    part = span(0, 11) | span(500, 540)
    assert nights.run(part)[frozenset(part)] != ring
    assert nights.run(span(0, 2) | span(700, 703)) != ring


def test_a_ring_of_which_all_is_in_a_far_larger_one_has_grown():
    nights = Nights()
    (ring,) = nights.run(span(0, 10)).values()
    assert list(nights.run(span(0, 200)).values()) == [ring]
    assert nights.events()[ring]["note"] == "from 10 to 200 accounts"


def test_two_accounts_do_not_hand_on_the_id_of_a_small_ring():
    nights = Nights()
    (ring,) = nights.run(span(0, 5)).values()
    assert ring not in nights.run(span(0, 2) | span(100, 600)).values()


def test_the_larger_part_of_a_split_keeps_the_id():
    nights = Nights()
    (ring,) = nights.run(span(0, 100)).values()
    found = nights.run(span(0, 40), span(40, 100))
    assert found[frozenset(span(40, 100))] == ring
    child = found[frozenset(span(0, 40))]
    rows = nights.events()
    assert (rows[child]["event"], rows[child]["related"]) == ("split", [ring])
    assert (rows[ring]["event"], rows[ring]["related"]) == ("shrunk", [child])
    assert f"{child} split off" in rows[ring]["note"]


def test_of_merged_rings_the_id_lives_on_that_brings_more():
    nights = Nights()
    small, large = (nights.run(span(0, 30), span(30, 90))[frozenset(g)] for g in (span(0, 30), span(30, 90)))
    assert nights.run(span(0, 90))[frozenset(span(0, 90))] == large
    rows = nights.events()
    assert (rows[large]["event"], rows[large]["related"]) == ("merged", [small])
    assert (rows[small]["event"], rows[small]["accounts"], rows[small]["related"]) == ("merged", 0, [large])
    nights.run(span(0, 90))
    assert {name: row["event"] for name, row in nights.events().items()} == {large: "continued"}
    assert nights.run(span(0, 30), span(30, 90))[frozenset(span(0, 30))] == small, "its own id, not a new one"
    assert nights.events()[small]["related"] == [large]


def test_what_is_left_of_a_merged_ring_stays_it():
    nights = Nights()
    older, younger = sorted(nights.run(span(0, 60), span(60, 90)).values())
    assert nights.run(span(0, 60), span(60, 90) | span(100, 150))[frozenset(span(0, 60))] == older
    assert list(nights.run(span(0, 60) | span(60, 90) | span(100, 150)).values()) == [younger]
    for _ in range(2):
        assert list(nights.run(span(0, 60)).values()) == [younger], "the id that it had last, not an older one"


def test_most_accounts_decide_even_where_another_pairing_would_share_more_in_all():
    nights = Nights()
    x, y = nights.run(span(0, 100), span(100, 150)).values()
    both, rest = span(0, 52) | span(100, 150), span(52, 100)
    found = nights.run(both, rest)
    assert found[frozenset(both)] == x
    assert found[frozenset(rest)] not in {x, y}
    assert nights.events()[y]["related"] == [x]


def test_without_a_lineage_the_members_of_the_last_run_are_known():
    nights = Nights()
    (ring,) = nights.run(span(0, 40)).values()
    nights.previous = {name: table for name, table in nights.previous.items() if name != "lineage"}
    assert list(nights.run(span(0, 40)).values()) == [ring]


def test_the_longest_absent_are_forgotten_first_and_their_ids_not_given_again():
    nights = Nights()
    p = Parameters(lineage_rings=2)
    ids = [next(iter(nights.run(span(100 * i, 100 * i + 10), p=p).values())) for i in range(5)]
    assert nights.runs[-1].lineage["ring_id"].to_pylist() == ids[2:]
    assert nights.runs[-1].lineage["absent"].to_pylist() == [2, 1, 0]
    assert next(iter(nights.run(span(0, 10), p=p).values())) == "R-00006"


def test_known_groups_are_the_last_run_s_rings_in_this_run_s_codes():
    nights = Nights()
    assert known_groups(None, ["a0001"]) == []
    nights.run(span(0, 10), span(20, 30))
    nights.run(span(20, 30), span(50, 54))
    accounts = sorted(span(18, 28) | span(50, 54))
    (group,) = known_groups(nights.previous, accounts)
    assert [accounts[i] for i in group] == sorted(span(20, 28))
    assert group.dtype == np.int32
    assert len(known_groups(nights.previous, accounts, least=4)) == 2


# --- properties ----------------------------------------------------------------------------------------------------
ACCOUNTS = 24


@st.composite
def histories(draw: st.DrawFn) -> list[list[frozenset[str]]]:
    """Some nights of disjoint groups among few accounts, each night near the one before."""
    labels = draw(st.lists(st.integers(0, 4), min_size=ACCOUNTS, max_size=ACCOUNTS))
    nights = []
    for _ in range(draw(st.integers(2, 6))):
        for account, label in draw(st.lists(st.tuples(st.integers(0, ACCOUNTS - 1), st.integers(0, 4)), max_size=14)):
            labels[account] = label
        hidden = draw(st.sets(st.integers(0, 4), max_size=2))
        groups = {label: {f"a{i:04d}" for i, at in enumerate(labels) if at == label} for label in range(1, 5)}
        nights.append([frozenset(g) for label, g in groups.items() if len(g) >= 2 and label not in hidden])
    return nights


@settings(max_examples=150, deadline=None)
@given(histories())
def test_ids_are_given_once_and_the_ledger_fits_the_members(history):
    nights = Nights()
    past: dict[str, frozenset[str]] = {}
    alive: dict[str, frozenset[str]] = {}
    for groups in history:
        free = nights.free
        found = nights.run(*groups)
        assert len(set(found.values())) == len(groups), "each ring has one id of its own"
        now = {name: group for group, name in found.items()}
        events = nights.events()
        assert set(events) >= set(now) | set(alive), "every ring of this run and of the last has an event"
        for name, row in events.items():
            event, related = row["event"], set(row["related"])
            assert name not in related
            assert related <= set(past) | set(now)
            if name in now:
                assert row["accounts"] == len(now[name])
                assert (name in past) == (event not in {"born", "split", "succeeded"})
                assert name in past or int(name[2:]) >= free, "a new id was never given before"
                if name in past:
                    both = len(past[name] & now[name])
                    assert both >= max(2, 0.3 * min(len(past[name]), len(now[name])))
                    assert (event == "revived") == (name not in alive)
                if event == "merged":
                    assert any(r not in now and len(past[r] & now[name]) >= 2 for r in related)  # others split off
                if event == "split":
                    assert all(r in past and r in now and past[r] & now[name] for r in related)
                    assert related
            else:
                assert row["accounts"] == 0
                assert event in {"merged", "dormant"}
                assert event == "merged" or name in alive
                if event == "merged":
                    assert all(past[name] & now[into] for into in related)
                    assert related <= set(now)
        past |= now
        alive = now
        assert {r.ring_id: frozenset(r.accounts) for r in read_past(nights.previous).values()} == past
    ledger = nights.runs[-1].ledger
    assert ledger.schema.equals(LEDGER)
    for earlier in nights.runs:
        assert ledger.slice(0, earlier.ledger.num_rows).equals(earlier.ledger), "what was written stays"
        assert earlier.lineage.schema.equals(LINEAGE)
        assert earlier.lineage["ring_id"].to_pylist() == sorted(earlier.lineage["ring_id"].to_pylist())
    first = [row["ring_id"] for row in ledger.to_pylist() if row["event"] in {"born", "split", "succeeded"}]
    assert len(set(first)) == len(first)


@settings(max_examples=60, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(history, random):
    one, other = Nights(), Nights()
    for groups in history:
        shuffled = random.sample(groups, len(groups))
        assert one.run(*groups) == other.run(*shuffled)
        assert one.runs[-1].ledger.equals(other.runs[-1].ledger)
        assert one.runs[-1].lineage.equals(other.runs[-1].lineage)
        assert other.previous is not None
        order = random.sample(range(other.previous["members"].num_rows), other.previous["members"].num_rows)
        other.previous = {**other.previous, "members": other.previous["members"].take(pa.array(order, pa.int64()))}


@settings(max_examples=60, deadline=None)
@given(histories())
def test_the_same_night_again_keeps_every_id(history):
    nights = Nights()
    for groups in history:
        first = nights.run(*groups)
        again = Nights(nights.previous, nights.number, nights.free)
        assert again.run(*groups) == first
        assert {row["event"] for row in again.events().values()} <= {"continued"}


@settings(max_examples=100, deadline=None)
@given(histories())
def test_the_pair_with_most_accounts_in_common_is_never_parted(history):
    nights = Nights()
    past: dict[str, frozenset[str]] = {}
    for groups in history:
        now = {name: group for group, name in nights.run(*groups).items()}
        for name, group in now.items():
            for old, members in past.items():
                shared = len(members & group)
                if old == name or shared < max(3, 0.3 * min(len(members), len(group))):
                    continue
                mine = len(past[name] & group) if name in past else 0
                theirs = len(members & now[old]) if old in now else 0
                assert max(mine, theirs) >= shared, "both would rather be one"
        past |= now
