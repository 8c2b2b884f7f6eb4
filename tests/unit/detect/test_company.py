"""Whom a ring convicts by its company, and whom not."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from graphring.detect import rings
from graphring.detect.parameters import Parameters

P = Parameters()
QUEUE, REST, USERS = np.arange(40), np.arange(40, 50), np.arange(100, 140)
"""A ring's queue, some of it that shows too little alone, and users of the tool whose wrapper it sends."""


class Meter:
    """Of whom it is known who came by the payloads each for itself: groups that are mostly `drew`."""

    def __init__(self, drew: np.ndarray) -> None:
        self.p, self.r, self._drew = P, SimpleNamespace(), drew

    def dealing(self, group: np.ndarray) -> SimpleNamespace:
        alone = len(group) > 0 and np.isin(group, self._drew).mean() > 0.5
        return SimpleNamespace(each_for_itself=lambda _: alone)


@pytest.fixture(autouse=True)
def judged(monkeypatch) -> None:
    """Whatever holds some of the queue stands as a whole."""

    def core(_, group):
        return SimpleNamespace(group=group) if np.isin(QUEUE, group).any() else None

    monkeypatch.setattr(rings, "core_of", core)
    monkeypatch.setattr(rings, "large_enough", lambda group, *_: len(group) >= P.min_ring)
    monkeypatch.setattr(rings, "judge", core)
    monkeypatch.setattr(rings, "convincing", lambda _, v: v is not None and len(v.group) < 80)


def standing(drew: np.ndarray, *parts: np.ndarray) -> list[list[int]]:
    found = rings._standing(Meter(drew), np.sort(np.concatenate(parts)), list(parts))
    return [v.group.tolist() for v in found]


def test_a_piece_of_the_queue_stands_with_the_ring():
    assert standing(USERS, QUEUE[:30], QUEUE[30:35], REST) == [[*range(35), *REST]]


def test_who_drew_each_for_itself_does_not_stand_with_the_ring():
    assert standing(USERS, QUEUE, USERS) == [QUEUE.tolist()]
    assert standing(REST, QUEUE, USERS) == [[*QUEUE, *USERS]]


def test_nor_do_others_who_show_too_little_fall_with_them():
    assert standing(USERS, QUEUE, USERS, REST) == [QUEUE.tolist()]
    assert standing(USERS, QUEUE[:20], USERS, REST) == [[*range(20), *REST]]


def held(core: np.ndarray, more: np.ndarray, drew: np.ndarray) -> list[int] | None:
    whole = SimpleNamespace(group=np.sort(np.concatenate([core, more])))
    v = rings._holding(Meter(drew), SimpleNamespace(group=core), whole)
    return None if v is None else v.group.tolist()


def test_associates_who_drew_each_for_itself_are_none():
    assert held(QUEUE, USERS[:30], USERS) == QUEUE.tolist()
    assert held(QUEUE, REST, USERS) == [*QUEUE, *REST]


def test_a_ring_that_drew_each_for_itself_with_its_associates_must_convince_with_them():
    assert held(USERS[:10], QUEUE[:5], USERS) == [*range(5), *USERS[:10]]
    assert held(USERS, np.arange(140, 200), np.arange(100, 200)) is None


@pytest.mark.parametrize(("works", "rings_found"), [(1, 1), (2, 2)])
def test_parts_that_were_reunited_are_one_ring_only_where_their_core_holds_one_work(monkeypatch, works, rings_found):
    """Two rings with wrappers of one template family stood as one, and half of the smaller was lost."""
    monkeypatch.setattr(rings, "torn_works", lambda r, group, p: np.array_split(group, works))
    parts = [QUEUE[:20], QUEUE[20:]]
    assert len(rings._together(Meter(USERS), QUEUE, parts)) == rings_found
