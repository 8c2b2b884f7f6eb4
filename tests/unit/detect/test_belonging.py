"""Whose an account is, by what it holds that is a ring's own; associates, and what makes a member of a victim."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from graphring.detect import associates as module
from graphring.detect.associates import associates, with_associates
from graphring.detect.belonging import belonging
from graphring.detect.counterfactual import remaining
from graphring.detect.explain import explain
from graphring.detect.judge import summed
from graphring.detect.layers import build_layer
from graphring.detect.parameters import Parameters
from graphring.detect.roles import roles_of
from graphring.detect.signals import Signal
from graphring.model import Family, Role

P = Parameters()
N, RING = 2_000, np.arange(40, dtype=np.int32)
CODE = np.arange(N, dtype=np.int32)
LAYERS = ("payments", "roaming", "lines", "conversations", "families")
STRANGER = 500


def relations(
    trust: dict[int, float] | None = None, requests: int = 5, **uses: list[tuple[int, int]]
) -> SimpleNamespace:
    """Two thousand accounts; uses: (account, object) in each layer."""

    def layer(name: str):
        account, key = np.array(uses.get(name, []), dtype=np.int64).reshape(-1, 2).T
        return build_layer(name, account.astype(np.int32), key, CODE)

    trusted = np.zeros(N)
    for account, bits in (trust or {}).items():
        trusted[account] = bits
    return SimpleNamespace(
        n=N, trust=trusted, requests=np.full(N, requests), links=(layer("device"),),
        content=SimpleNamespace(wrappers=layer("wrappers"), items=layer("items")),
        **{name: layer(name) for name in LAYERS},
    )  # fmt: skip


def shared(members: range, *others: int, key: int = 7) -> list[tuple[int, int]]:
    return [(a, key) for a in (*members, *others)]


def found(r: SimpleNamespace, p: Parameters = P) -> list[int]:
    (more,) = associates(r, [RING], p)
    return more.tolist()


def test_odds_are_those_of_the_docstring() -> None:
    ring = np.full(N, -1)
    ring[RING] = 0
    r = relations(payments=[*shared(range(5), STRANGER, 501, 502), (STRANGER, 8), (900, 9)])
    b = belonging(r, ring, P)
    assert b.account.tolist() == [STRANGER, 501, 502]
    said = np.log2((5 / 40) / ((2 + 0.5) / (N - 40)) / np.array([2, 1, 1]))  # the first was known by one of two cards
    np.testing.assert_allclose(b.said[Family.PAYMENT], said)
    np.testing.assert_allclose(b.odds, said + np.log2(40 / (N - 40)))


def test_whoever_pays_with_a_card_of_the_ring_belongs_to_it() -> None:
    assert found(relations(payments=shared(range(3), STRANGER))) == [STRANGER]


def test_who_holds_a_card_worked_a_lot_and_shows_nothing_else_is_a_payers_customer() -> None:
    card = shared(range(5), STRANGER)
    assert found(relations(requests=50, payments=card)) == []
    assert found(relations(requests=50, payments=card, roaming=shared(range(8), STRANGER))) == [STRANGER]


def test_a_card_that_one_member_uses_or_more_strangers_than_members_says_nothing() -> None:
    assert found(relations(payments=shared(range(1), STRANGER))) == []
    assert found(relations(payments=shared(range(3), *range(500, 505)))) == []


@pytest.mark.parametrize("layer", ["roaming", "lines", "wrappers", "families", "device", "conversations"])
def test_no_other_family_is_enough_by_itself(layer: str) -> None:
    assert found(relations(**{layer: shared(range(30), STRANGER)})) == []


def test_exits_and_wrapper_of_the_ring_are() -> None:
    assert found(relations(roaming=shared(range(6), STRANGER), wrappers=shared(range(30), STRANGER))) == [STRANGER]
    assert found(relations(roaming=shared(range(6), STRANGER), lines=shared(range(6), STRANGER))) == []


def test_exits_and_devices_without_the_work_are_a_resellers() -> None:
    assert found(relations(roaming=shared(range(6), STRANGER), device=shared(range(6), STRANGER))) == []


@pytest.mark.parametrize(
    ("other", "belongs"),
    [("roaming", True), ("lines", True), ("device", True), ("wrappers", False), ("payments", False), (None, False)],
)
def test_payloads_are_work_beside_exits_and_devices_only(other: str | None, belongs: bool) -> None:
    """A popular text in one wrapper is sent by many, and what a reseller sends is its customers'."""
    sent = [(a, o) for o in (3, 4) for a in (o, STRANGER)]
    use = {"items": sent} | ({other: shared(range(6), *range(500, 508))} if other else {})
    assert found(relations(**use)) == ([STRANGER] if belongs else [])


def test_bits_of_payloads_are_those_of_chance() -> None:
    ring = np.full(N, -1)
    ring[RING] = 0
    sent = [*shared(range(1), STRANGER, key=3), *shared(range(2), STRANGER, key=4), (STRANGER, 5), (700, 5), (701, 6)]
    b = belonging(relations(items=sent, roaming=shared(range(6), STRANGER, 900)), ring, P)
    assert b.account.tolist() == [STRANGER, 900]
    ratio = 40 * 5 / ((N - 40) * 5)
    expected = sum(1.0 - np.exp(-(d + P.smooth) * ratio) for d in (1, 2, 1))
    np.testing.assert_allclose(b.sent, [(2 * np.log(2 / expected) - (2 - expected)) / np.log(2), 0.0])
    assert not belonging(relations(items=sent), ring, replace(P, disabled_families=("content",))).sent.any()


def test_a_wrapper_that_everybody_uses_is_not_the_rings() -> None:
    tool = shared(range(30), STRANGER, *range(600, 1_900))
    assert found(relations(roaming=shared(range(6), STRANGER), wrappers=tool)) == []


def test_who_is_known_needs_more() -> None:
    card = shared(range(3), STRANGER)
    assert found(relations({STRANGER: 3.0}, payments=card)) == []
    exits = {"roaming": shared(range(6), STRANGER), "wrappers": shared(range(30), STRANGER)}
    assert found(relations({STRANGER: 14.0}, **exits)) == []


def test_what_is_found_shows_the_next() -> None:
    cards = [*shared(range(3), STRANGER, key=1), *shared(range(1), STRANGER, 501, key=2)]
    assert found(relations(payments=cards)) == [STRANGER, 501]


def test_where_far_more_would_belong_than_stand_nobody_does() -> None:
    """A hall and a starter kit: the few that look like a ring would bring all the others."""
    ring = np.arange(6, dtype=np.int32)
    for others, joined in ((15, 15), (40, 0)):
        use = shared(range(6), *range(500, 500 + others))
        (more,) = associates(relations(lines=use, wrappers=use), [ring], P)
        assert len(more) == joined


def test_who_belongs_to_two_rings_is_the_likelier_ones() -> None:
    other = np.arange(100, 140, dtype=np.int32)
    cards = [*shared(range(2), STRANGER, key=1), *shared(range(100, 106), STRANGER, key=2)]
    first, second = associates(relations(payments=cards), [RING, other], P)
    assert (first.tolist(), second.tolist()) == ([], [STRANGER])


def test_members_of_other_rings_are_no_strangers() -> None:
    other = np.arange(100, 180, dtype=np.int32)
    exits = shared(range(6), *other.tolist(), STRANGER)
    wrapper = shared(range(30), *other.tolist(), STRANGER)
    r = relations(roaming=exits, wrappers=wrapper)
    assert [x.tolist() for x in associates(r, [RING, other], P)] == [[], [STRANGER]]
    assert found(r) == []


def test_a_family_that_is_switched_off_says_nothing() -> None:
    p = replace(P, disabled_families=("payment",))
    assert found(relations(payments=shared(range(3), STRANGER)), p) == []


def test_without_rings_there_is_nothing_to_belong_to() -> None:
    assert associates(relations(payments=shared(range(3))), [], P) == []


def verdict(group: np.ndarray, bits: float):
    signal = Signal("synchrony", Family.TIMING, np.full(len(group), bits), group * 1.0, group * 0.0, "share")
    return summed(group, [signal], np.ones(len(group)), np.full(len(group), 0.5), P)


def test_associates_change_nothing_of_what_is_said_of_a_ring(monkeypatch) -> None:
    monkeypatch.setattr(module, "judge", lambda _, group: verdict(group, 1.0))
    r = relations(payments=shared(range(3), STRANGER))
    core = verdict(RING, 8.0)
    (whole,) = with_associates(SimpleNamespace(r=r, p=P), [core])
    assert whole.group.tolist() == [*RING.tolist(), STRANGER]
    assert float(whole.mean(whole.bits)) == float(core.mean(core.bits)) == 8.0
    assert whole.bits[-1] == 1.0
    assert whole.weight[-1] == 0.0


def test_associates_are_named_among_the_evidence_and_go_with_what_they_hold(monkeypatch) -> None:
    def shown(group: np.ndarray):
        pays, works = np.where(group == STRANGER, 4.0, 0.0), np.where(group == STRANGER, 0.0, 12.0)
        signals = [
            Signal("payment methods of strangers", Family.PAYMENT, pays, pays, pays * 0.0, "payment methods"),
            Signal("synchrony", Family.TIMING, works, works, works * 0.0, "share"),
        ]
        return summed(group, signals, np.ones(len(group)), np.full(len(group), 0.5), P)

    monkeypatch.setattr(module, "judge", lambda _, group: shown(group))
    r = relations(payments=shared(range(3), STRANGER))
    (whole,) = with_associates(SimpleNamespace(r=r, p=P), [shown(RING)])
    found = explain(whole, P)
    (item,) = [i for i in found.items if i.name == "associates"]
    assert (item.observed, item.bits) == (1.0, 0.0)
    assert item.statement.startswith("1 account shows too little to stand alone")
    assert remaining(whole, P)[Family.PAYMENT] == 40
    assert not [i for i in explain(shown(RING), P).items if i.name == "associates"]


def test_the_owner_of_a_stolen_key_pays_with_a_card_of_its_own(monkeypatch) -> None:
    said = tuple(Role.VICTIM if a in {3, 4} else Role.CUSTOMER if a in {5, 6} else Role.MEMBER for a in RING)
    monkeypatch.setattr("graphring.detect.roles.roles", lambda *_: said)
    use = {"roaming": shared(range(8)), "wrappers": shared(range(30))}
    (role,) = roles_of(relations(**use), [SimpleNamespace(group=RING)], P)
    assert [a for a in range(40) if role[a] is not Role.MEMBER] == [3, 4]  # customers have work of their own
    (role,) = roles_of(relations(payments=shared(range(4)), **use), [SimpleNamespace(group=RING)], P)
    assert [a for a in range(40) if role[a] is not Role.MEMBER] == [4]
