"""Roles: who is a victim or a customer is not a member, and in doubt everybody is what the evidence made of them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from graphring.detect.layers import build_layer
from graphring.detect.parameters import Parameters
from graphring.detect.roles import roles
from graphring.model import Family, Role

P = Parameters()
N, DAY = 12, 86_400


def ring(**change: object) -> tuple[SimpleNamespace, SimpleNamespace]:
    """Twelve young accounts on one pool of addresses, each with joint work; `change` is what account 3 has instead.

    With `days` it works that long at an address of its own before it is first seen on the pool.
    """
    days = change.pop("days", 0)
    rows = [(a, 10 + i, 30 * DAY + i) for a in range(N) for i in range(4)]
    rows += [(3, 99, (30 - days) * DAY + i) for i in range(20)] if days else []
    account, ip, seconds = (np.array(column) for column in zip(*sorted(rows, key=lambda r: (r[0], r[2])), strict=True))
    facts = {"created": np.full(N, 5.0), "trust": np.zeros(N), "requests": np.full(N, 40), "joint": np.full(N, 6.0)}
    for name, value in change.items():
        facts[name][3] = value
    none = np.empty(0, dtype=np.int32)
    content = SimpleNamespace(
        wrappers=build_layer("wrapper", none, none.astype(np.int64), np.arange(N, dtype=np.int32)), carried=none,
        carried_start=np.zeros(len(account) + 1, dtype=np.int64),
    )  # fmt: skip
    exchanges = SimpleNamespace(ip=ip, seconds=seconds, start=np.searchsorted(account, np.arange(N + 1)))
    relations = SimpleNamespace(
        exchanges=exchanges, content=content, **{name: facts[name] for name in ("created", "trust", "requests")}
    )
    return relations, SimpleNamespace(
        group=np.arange(N, dtype=np.int32), joint=facts["joint"], families=np.zeros((N, len(Family)))
    )


VICTIM = {"created": -60.0, "trust": 1.5, "days": 16}


def test_everybody_is_a_member_by_default() -> None:
    assert set(roles(*ring(), P)) == {Role.MEMBER}


def test_an_old_known_customer_at_home_whose_key_the_ring_uses_is_a_victim() -> None:
    found = roles(*ring(**VICTIM), P)
    assert found[3] is Role.VICTIM
    assert found.count(Role.MEMBER) == N - 1


@pytest.mark.parametrize("lacking", sorted(VICTIM))
def test_each_condition_of_a_victim_is_needed(lacking: str) -> None:
    change = {name: value for name, value in VICTIM.items() if name != lacking}
    assert set(roles(*ring(**change), P)) == {Role.MEMBER}


def test_a_member_that_came_with_the_ring_is_no_victim_however_much_it_works_at_home() -> None:
    assert set(roles(*ring(**(VICTIM | {"days": 10})), P)) == {Role.MEMBER}


def test_a_ring_of_links_alone_has_members_only() -> None:
    relations, verdict = ring()
    nothing = np.empty(0, dtype=np.int64)
    relations.exchanges = SimpleNamespace(ip=nothing, seconds=nothing, start=np.zeros(N + 1, dtype=np.int64))
    relations.created[:] = np.nan
    assert set(roles(relations, verdict, P)) == {Role.MEMBER}


def test_who_could_have_shown_joint_work_and_shows_none_is_a_customer() -> None:
    assert roles(*ring(joint=0.0), P)[3] is Role.CUSTOMER
    assert roles(*ring(joint=0.0, requests=5), P)[3] is Role.MEMBER
    relations, verdict = ring(joint=0.0)
    verdict.joint[:] = np.where(np.arange(N) == 0, 9.0, 0.0)  # nobody works together here
    assert set(roles(relations, verdict, P)) == {Role.MEMBER}


def test_a_ring_is_not_emptied() -> None:
    relations, verdict = ring(joint=0.0)
    verdict.joint[:] = np.where(np.arange(N) < 6, 0.0, 9.0)
    assert roles(relations, verdict, P).count(Role.CUSTOMER) in {0, 6}
    small = SimpleNamespace(group=np.arange(5, dtype=np.int32), joint=np.array([9.0, 9.0, 9.0, 0.0, 9.0]))
    small.families = np.zeros((5, len(Family)))
    assert set(roles(relations, small, P)) == {Role.MEMBER}
