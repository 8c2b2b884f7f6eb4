"""Sentences about what holds a ring together: true to the rows, and silent where a run says nothing."""

from __future__ import annotations

import math

from graphring.detect.narrate import chance, counted, cut_of, dissolution, remaining_of, without_families

RING = {"accounts": 240, "connected": 231, "p_value": 0.002, "q_value": 0.0081}
EVIDENCE = [
    {"family": "network", "remain": 14},
    {"family": "content", "remain": 0},
    {"family": "network", "remain": 14},
    {"family": "timing", "remain": 240},
    {"family": "payment", "remain": 240},
    {"family": "other", "remain": None},
]
OBJECTS = [
    {"object_id": "b", "cut": 2, "remain": 101},
    {"object_id": "x", "cut": None, "remain": None},
    {"object_id": "a", "cut": 1, "remain": 180},
]


def test_a_sentence_for_each_family_that_carries_members() -> None:
    assert without_families(RING, EVIDENCE) == [
        "Without the content evidence 0 of 240 accounts would remain.",
        "Without the network evidence 14 of 240 accounts would remain.",
        "All would remain without payment or timing.",
    ]
    assert remaining_of(EVIDENCE) == {"content": 0, "network": 14, "payment": 240, "timing": 240}


def test_the_cut_in_its_order_and_what_it_leaves() -> None:
    assert [row["object_id"] for row in cut_of(OBJECTS)] == ["a", "b"]
    assert dissolution(RING, OBJECTS) == (
        "The ring's own objects connect 231 of its 240 accounts. "
        "Without these 2 objects fewer than half stay connected: 101."
    )
    assert "in so many ways" in dissolution(RING, [])
    assert "connect no more than 40 of its 240 accounts" in dissolution({**RING, "connected": 40}, [])


def test_what_an_older_run_does_not_say_is_not_made_up() -> None:
    for nothing in (None, math.nan):
        old = {"accounts": 5, "connected": nothing, "p_value": nothing, "q_value": nothing}
        assert dissolution(old, [{"cut": nothing, "remain": nothing}]) == ""
        assert chance(old) == ""
        assert without_families(old, [{"family": "content", "remain": nothing}]) == []
    assert chance(RING).endswith("p = 0.002 at most; among all rings of this run, q = 0.0081.")


def test_who_is_counted_without_being_a_member() -> None:
    member, customer = {"role": "member"}, {"role": "customer"}
    assert counted([member] * 3) == ""
    assert "1 account that is no member" in counted([member, customer, member])
    assert counted([member, customer, customer]).endswith("3 accounts in all.")
