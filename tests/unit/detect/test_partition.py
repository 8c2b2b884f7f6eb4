"""Groups that a candidate brought together."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from graphring.detect import rings
from graphring.detect.layers import build_layer
from graphring.detect.parameters import Parameters
from graphring.detect.partition import in_common, joined_works, split_works, torn_works
from graphring.detect.rings import _grown, _together, _torn

P = Parameters()
GROUP = np.arange(40, dtype=np.int32)


def layer(account: list[int], key: list[int]):
    return build_layer("x", np.array(account, dtype=np.int32), np.array(key, dtype=np.int64), GROUP)


def relations(
    items: list[tuple[int, int]], wrappers: list[tuple[int, int]] = (), lines: list[tuple[int, int]] = ()
) -> SimpleNamespace:
    made = [layer([a for a, _ in uses], [o for _, o in uses]) for uses in (items, wrappers)]
    content = SimpleNamespace(items=made[0], wrappers=made[1])
    none = layer([], [])
    return SimpleNamespace(
        content=content, conversations=none, roaming=none, lines=layer([a for a, _ in lines], [o for _, o in lines]),
        payments=none, links=(),
    )  # fmt: skip


def queue(accounts: range, first: int, n: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """n payloads, each sent by two of the accounts."""
    return [(int(a), first + i) for i in range(n) for a in rng.choice(accounts, 2, replace=False)]


def sizes(parts: list[np.ndarray]) -> list[tuple[int, int]]:
    return [(int(p[0]), len(p)) for p in parts]


def test_two_queues_without_anything_in_common_are_torn():
    rng = np.random.default_rng(1)
    r = relations(queue(range(25), 0, 100, rng) + queue(range(25, 40), 1_000, 60, rng))
    assert sizes(torn_works(r, GROUP, P)) == [(0, 25), (25, 15)]


def test_one_wrapper_holds_two_queues_together_unless_payloads_alone_are_asked():
    rng = np.random.default_rng(2)
    r = relations(
        queue(range(25), 0, 100, rng) + queue(range(25, 40), 1_000, 60, rng),
        [(a, 5 + k) for a in GROUP for k in (0, 1)],
    )
    assert sizes(torn_works(r, GROUP, P)) == [(0, 40)]
    assert sizes(torn_works(r, GROUP, P, (r.content.items,))) == [(0, 25), (25, 15)]


@pytest.mark.parametrize("across", [8, 20])
def test_some_cross_connections_hold(across):
    rng = np.random.default_rng(3)
    between = [(int(rng.integers(lo, hi)), 9_000 + i) for i in range(across) for lo, hi in ((0, 25), (25, 40))]
    r = relations(queue(range(25), 0, 100, rng) + queue(range(25, 40), 1_000, 60, rng) + between)
    assert sizes(torn_works(r, GROUP, P)) == [(0, 40)]


def test_few_connections_tell_nothing():
    rng = np.random.default_rng(4)
    r = relations([*queue(range(20), 0, 60, rng), (30, 500), (31, 500), (32, 501), (33, 501)])
    assert sizes(torn_works(r, GROUP, P)) == [(0, 40)]
    assert len(split_works(r, GROUP, P)) > 1


@pytest.mark.parametrize(("others", "together"), [(0.0, False), (3.0, True)])
def test_who_divides_other_payloads_goes_unless_it_shares_the_ring_s_cards(others, together, monkeypatch):
    """Two queues of the users of one wrapper, of which only the first stands alone."""
    rng = np.random.default_rng(3)
    every = [(int(a), 1) for a in GROUP]
    r = relations(queue(range(25), 0, 100, rng) + queue(range(25, 40), 1_000, 60, rng), every, [(0, 7), (30, 7)])
    bits = np.where(GROUP < 25, 4.0, others)
    monkeypatch.setattr(rings, "core_of", lambda _, part: True if len(part) == 25 else None)
    monkeypatch.setattr(rings, "judge", lambda _, piece: SimpleNamespace(group=piece, beside_content=bits[piece]))
    assert sizes(_torn(SimpleNamespace(r=r, p=P), GROUP)) == ([(0, 40)] if together else [(0, 25), (25, 15)])


def test_a_part_that_has_nothing_in_common_with_the_others_is_measured_by_itself(monkeypatch):
    """A class in its room: in a larger company its place is none, and its addresses speak against it."""
    rng = np.random.default_rng(3)
    r = relations(
        queue(range(25), 0, 100, rng) + queue(range(25, 40), 1_000, 60, rng), [(int(a), 1) for a in GROUP], [(0, 7)]
    )
    monkeypatch.setattr(rings, "core_of", lambda _, part: True if len(part) == 25 else None)
    bits = {40: 4.0, 15: 0.5}
    monkeypatch.setattr(
        rings,
        "judge",
        lambda _, piece: SimpleNamespace(group=piece, beside_content=np.full(len(piece), bits[len(piece)])),
    )
    assert sizes(_torn(SimpleNamespace(r=r, p=P), GROUP)) == [(0, 25), (25, 15)]
    monkeypatch.setattr(rings, "in_common", lambda *_: 1.0)
    assert sizes(_torn(SimpleNamespace(r=r, p=P), GROUP)) == [(0, 40)]


def test_what_parts_have_in_common_beside_what_they_send():
    r = relations([], lines=[(0, 7), (30, 7), (1, 8), (2, 8)])
    assert in_common(r, GROUP, GROUP < 25, P) == 1.0
    assert in_common(r, GROUP, GROUP < 3, P) == 1.0
    assert in_common(r, GROUP, np.isin(GROUP, [1, 2]), P) == 0.0


def test_a_part_that_the_reunited_whole_loses_stands_by_itself(monkeypatch):
    """What joined the two was a family that is not the second's own: the whole's core is the first, and a stranger."""
    first, second = GROUP[:25], GROUP[25:]
    cores = {40: GROUP[:26], 14: second[1:]}
    monkeypatch.setattr(rings, "core_of", lambda _, part: SimpleNamespace(group=cores[len(part)]))
    monkeypatch.setattr(rings, "torn_works", lambda _, group, __: [group])
    found = _together(SimpleNamespace(p=P, r=None), GROUP, [first, second])
    assert sizes([v.group for v in found]) == [(0, 26), (26, 14)]


@pytest.mark.parametrize("cards", [True, False])
def test_pieces_of_one_queue_are_one_where_one_hand_holds_them(cards):
    """A search that knows half of a queue finds its pieces: they have less in common than one work has."""
    rng = np.random.default_rng(6)
    between = [(int(rng.integers(lo, hi)), 9_000 + i) for i in range(60) for lo, hi in ((0, 25), (25, 40))]
    mixed = rng.permutation(40)
    held = [(int(a), 50 + i // 4) for i, a in enumerate(mixed)] if cards else [(int(a), 50 + a // 5) for a in GROUP]
    r = relations(queue(range(25), 0, 60, rng) + queue(range(25, 40), 1_000, 40, rng) + between, lines=held)
    r.exchanges = SimpleNamespace(start=np.arange(41), seconds=np.zeros(40, dtype=np.int64))
    assert len(joined_works(r, [GROUP[:25], GROUP[25:]], P)) == (1 if cards else 2)


def test_who_sent_two_payloads_of_a_ring_is_looked_at(monkeypatch):
    """Each payload of a queue is sent by two or three: hardly any has three users in a core."""
    members = queue(range(25), 0, 100, np.random.default_rng(7))
    first = dict.fromkeys(o for _, o in members)
    sent = [(30, o) for o in list(first)[:2]] + [(31, o) for o in list(first)[2:3]]
    r = relations(members + sent)
    r.n, r.families = 40, layer([], [])
    met = SimpleNamespace(bits=np.full(40, 9.0), tied=np.zeros(40))
    monkeypatch.setattr(rings, "judge", lambda _, union: SimpleNamespace(bits=met.bits[union], tied=met.tied[union]))
    monkeypatch.setattr(rings, "strong", lambda v, _: np.ones(len(v.bits), dtype=bool))
    grown = _grown(SimpleNamespace(r=r, p=P), GROUP[:25], np.zeros(40, dtype=bool))
    assert grown.tolist() == [*range(25), 30]
