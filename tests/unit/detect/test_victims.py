"""Whose key is used by two hands."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from graphring.detect.judge import summed
from graphring.detect.layers import build_layer
from graphring.detect.parameters import Parameters
from graphring.detect.signals import Signal
from graphring.detect.victims import victims
from graphring.model import Family

P = Parameters()
N = 20
GROUP = np.arange(N, dtype=np.int32)


def ring(
    owner: list[tuple[bool, bool]], owners: int = 1, home: int = 0, holds: str = "", used: float = 3.0
) -> np.ndarray:
    """Twenty accounts that within thirty days send six prompts with the ring's wrapper from its exit each, and `home`
    without it from an address of their own; the first `owners` of them do the former in `used` days, and send besides
    what `owner` says: (at an address of their own?, with the wrapper?).
    """
    rows = [(a, day(i, 6, used if a < owners else 30.0), 0, True) for a in range(N) for i in range(6)]
    rows += [(a, day(i, home), 100 + a, False) for a in range(owners, N) for i in range(home)]
    rows += [
        (a, day(i, len(owner)), 100 + a if at else 0, work)
        for a in range(owners) for i, (at, work) in enumerate(owner)
    ]  # fmt: skip
    rows.sort(key=lambda row: row[:2])
    account, seconds, ip, work = (np.array(column) for column in zip(*rows, strict=True))
    wrappers = build_layer("wrapper", account[work].astype(np.int32), np.zeros(work.sum(), dtype=np.int64), GROUP)
    exchanges = SimpleNamespace(
        ip=ip.astype(np.int32), seconds=seconds.astype(np.int32),
        start=np.searchsorted(account, np.arange(N + 1)),
    )  # fmt: skip
    content = SimpleNamespace(
        wrappers=wrappers, carried=np.zeros(work.sum(), dtype=np.int32),
        carried_start=np.concatenate([[0], np.cumsum(work)]).astype(np.int64),
    )  # fmt: skip
    bits = np.zeros(N)
    bits[0] = 1.0
    signals = [Signal(holds, Family.PAYMENT, bits, bits, bits, "cards")] if holds else []
    r = SimpleNamespace(exchanges=exchanges, content=content, created=np.full(N, np.nan), trust=np.zeros(N))
    return victims(r, summed(GROUP, signals, np.ones(N), np.ones(N), P), P)


def day(i: int, of: int, within: float = 30.0) -> int:
    """The second of one of several exchanges, evenly apart, in the middle of `within` days of thirty."""
    return int(86_400 * (15.5 + within * ((i + 0.5) / of - 0.5)))


OWN = [(True, False)] * 12


def test_an_owner_beside_a_thief_is_a_victim():
    assert np.flatnonzero(ring(OWN)).tolist() == [0]


def test_members_who_do_nothing_for_themselves_are_none():
    assert not ring([]).any()


@pytest.mark.parametrize("more", [(True, True), (False, False)])
def test_hands_that_are_not_apart_are_one(more):
    """Who does the ring's work at home, or something else at its exit, is one person."""
    assert not ring([*OWN, *[more] * 5]).any()


def test_who_holds_a_card_of_the_rings_is_none():
    assert not ring(OWN, holds="payment methods of strangers").any()


def test_where_many_members_have_lives_of_their_own_one_more_is_no_victim():
    assert not ring(OWN, home=5).any()


@pytest.mark.parametrize(("owners", "believed"), [(1, False), (8, True), (16, False)])
def test_where_they_hide_it_takes_many_owners_but_not_most(owners, believed):
    assert ring(OWN, owners=owners, home=5)[:owners].all() == believed


@pytest.mark.parametrize(("owners", "home"), [(1, 0), (8, 5)])
def test_who_does_the_rings_work_for_as_long_as_its_own_hides(owners, home):
    """A stolen key is used until that is noticed; camouflage is sent as long as an account works."""
    assert not ring(OWN, owners=owners, home=home, used=30.0).any()


def test_one_sitting_each_is_as_brief_whoever_it_was():
    """A ring that uses up its accounts in a day hides in them, too."""
    assert not ring(OWN, owners=8, home=5, used=0.1).any()
    assert ring(OWN, owners=1, used=0.1)[0]


def test_a_few_short_spells_among_many_who_hide_are_chance():
    assert not ring(OWN, owners=8, home=5, used=18.0).any()
