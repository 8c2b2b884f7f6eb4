"""What a group needs, as a whole, to be a ring."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from graphring.detect.convincing import convincing
from graphring.detect.judge import summed
from graphring.detect.parameters import Parameters
from graphring.detect.signals import Signal
from graphring.detect.traffic import Exchanges
from graphring.model import Family

P = Parameters()
N = 40
GROUP = np.arange(N, dtype=np.int32)


class Meter:
    """What `convincing` asks of a meter."""

    def __init__(
        self,
        *,
        rests: bool = True,
        dealt: float = 0.0,
        restless: bool = False,
        popular: bool = False,
        alone: bool = False,
        at: float = 0.0,
    ) -> None:
        none, hashes = np.zeros(N * 6, dtype=np.int32), np.zeros(N * 6, dtype=np.uint64)
        account = np.repeat(GROUP, 6)
        seconds = np.tile(np.arange(6, dtype=np.int32) * 86_400, N)
        start = np.arange(N + 1, dtype=np.int64) * 6
        exchanges = Exchanges(account, none, seconds, hashes, hashes, hashes, start, 0)
        self.p, self.r = P, SimpleNamespace(exchanges=exchanges, created=np.full(N, -50.0))
        self._rests, self._dealt, self._restless, self._popular = rests, dealt, restless, popular
        self._alone, self._at = alone, at

    def focus(self, group: np.ndarray) -> None:
        return None

    def at_place(self, group: np.ndarray) -> float:
        return self._at

    def restless(self, group: np.ndarray) -> bool:
        return self._restless

    def awake(self, group: np.ndarray) -> bool:
        return not self._rests

    def dealing(self, group: np.ndarray) -> SimpleNamespace:
        return SimpleNamespace(
            dealt=self._dealt, drawn=lambda p: self._popular, each_for_itself=lambda p: self._alone
        )  # fmt: skip


def verdict(**bits: float):
    """A group whose accounts all show these signals."""
    kinds = {
        "division of labour": Family.CONTENT, "common wrapper": Family.CONTENT, "synchrony": Family.TIMING,
        "rotation over shared addresses": Family.NETWORK, "payment methods of strangers": Family.PAYMENT,
        "sign-ups in batches": Family.LIFECYCLE,
    }  # fmt: skip
    names = {name.split()[0]: name for name in kinds}
    signals = [Signal(names[k], kinds[names[k]], np.full(N, v), np.ones(N), np.zeros(N), "x") for k, v in bits.items()]
    return summed(GROUP, signals, np.ones(N), np.ones(N), P)


def test_a_few_strangers_at_one_provider_of_addresses_do_not_convict():
    assert not convincing(Meter(), verdict(division=6.0, common=2.0, rotation=1.0))
    assert convincing(Meter(), verdict(division=6.0, common=2.0, rotation=1.5))


def test_one_egress_and_one_wrapper_are_an_application_s():
    assert not convincing(Meter(), verdict(division=2.0, common=3.0, rotation=5.0))
    assert convincing(Meter(), verdict(division=3.5, common=3.0, rotation=5.0))


@pytest.mark.parametrize(("rests", "dealt", "guilty"), [(False, 9.0, True), (True, 9.0, False), (False, 0.0, False)])
def test_content_alone_convicts_who_never_rests_and_deals_payloads_out(rests, dealt, guilty):
    assert convincing(Meter(rests=rests, dealt=dealt), verdict(division=8.0, common=3.0)) is guilty


@pytest.mark.parametrize(("cards", "guilty"), [(0.5, True), (0.2, False)])
def test_cards_that_a_tenth_of_a_group_shares_are_a_witness_beside_wrapper_and_network_or_payloads(cards, guilty):
    assert convincing(Meter(), verdict(common=3.0, rotation=5.0, payment=cards, synchrony=0.6)) is guilty
    assert convincing(Meter(), verdict(common=3.0, division=6.0, payment=cards)) is guilty


@pytest.mark.parametrize(("dealt", "guilty"), [(1.5, True), (0.2, False)])
def test_where_payloads_seem_dealt_out_a_few_shared_lines_or_no_lines_at_all_are_a_witness(dealt, guilty):
    assert convincing(Meter(dealt=dealt), verdict(common=3.0, division=6.0, rotation=0.5)) is guilty
    assert convincing(Meter(dealt=dealt, restless=True), verdict(common=3.0, division=6.0)) is guilty


def test_a_class_is_invited_together_works_in_its_hours_and_shares_exercises():
    hours = {"sign-ups": 1.5}
    assert not convincing(Meter(), verdict(division=3.0, common=2.0, synchrony=3.0, **hours))
    assert convincing(Meter(), verdict(division=3.0, common=2.0, synchrony=3.0))
    assert convincing(Meter(), verdict(division=3.0, common=2.0, synchrony=3.0, payment=0.5, **hours))


def test_who_was_invited_together_needs_another_trace_than_what_it_sends():
    assert not convincing(Meter(), verdict(division=8.0, common=2.0, **{"sign-ups": 1.5}))
    assert convincing(Meter(), verdict(division=8.0, common=2.0, payment=0.9, **{"sign-ups": 1.5}))
    assert not convincing(Meter(), verdict(division=8.0, common=2.0, rotation=0.9, **{"sign-ups": 1.5}))  # a campus


def test_who_divides_work_and_never_sleeps_was_not_invited():
    farm = {"division": 6.0, "common": 2.0, "sign-ups": 1.5}
    assert convincing(Meter(rests=False), verdict(**farm))
    assert not convincing(Meter(rests=True), verdict(**farm))  # a panel of annotators
    assert not convincing(Meter(rests=False), verdict(**(farm | {"sign-ups": 0.2})))
    lesson = {"division": 1.5, "synchrony": 2.0, "common": 3.0, "sign-ups": 2.0}
    assert not convincing(Meter(rests=False), verdict(**lesson))  # a course in all time zones divides little


@pytest.mark.parametrize(("minutes", "guilty"), [(0.9, False), (1.5, True)])
def test_users_of_a_tool_who_work_at_the_same_hours_do_not_convict(minutes, guilty):
    assert convincing(Meter(), verdict(division=6.0, common=2.0, synchrony=minutes)) == guilty


@pytest.mark.parametrize("popular", [True, False])
def test_popular_texts_are_no_joint_work(popular):
    """Guests of a hackathon send what everybody sends, in its starter kit; what they do together stays joint work."""
    assert convincing(Meter(popular=popular), verdict(division=8.0, common=2.0, rotation=1.5)) is not popular
    assert convincing(Meter(popular=popular), verdict(division=8.0, common=2.0, rotation=1.5, synchrony=4.0))


def test_customers_of_a_reseller_have_its_bill_its_exits_and_its_prompt_in_common_and_no_work():
    shared = {"common": 3.0, "rotation": 5.0, "payment": 2.0}
    assert not convincing(Meter(), verdict(**shared, synchrony=0.2))
    assert convincing(Meter(), verdict(**shared, synchrony=0.6))


def test_payloads_that_each_drew_for_itself_need_a_witness_that_users_of_one_tool_do_not_have():
    fleet = {"division": 6.0, "common": 3.0, "rotation": 5.0}
    assert convincing(Meter(), verdict(**fleet))
    assert not convincing(Meter(alone=True), verdict(**fleet))
    assert not convincing(Meter(alone=True), verdict(**fleet, synchrony=1.5, **{"sign-ups": 1.5}))  # a class
    assert convincing(Meter(alone=True), verdict(**fleet, synchrony=1.5))
    assert convincing(Meter(alone=True), verdict(**fleet, synchrony=2.5, **{"sign-ups": 1.5}))
    assert convincing(Meter(alone=True), verdict(**fleet, payment=0.5))
    assert convincing(Meter(alone=True, rests=False, dealt=5.0), verdict(**fleet))
    assert not convincing(Meter(alone=True, rests=True, dealt=5.0), verdict(**fleet))


@pytest.mark.parametrize(
    ("at", "rests", "synchrony", "guilty"),
    [(0.1, True, 0.0, True), (0.4, True, 0.5, False), (0.4, True, 1.0, True), (0.4, False, 0.5, True)],
)
def test_colleagues_have_a_queue_and_cards_of_their_own(at, rests, synchrony, guilty):
    """A firm without a mail domain works at its office; a ring behind one egress never sleeps, or hands work over."""
    firm = verdict(division=8.0, common=3.0, payment=3.0, synchrony=synchrony)
    assert convincing(Meter(at=at, rests=rests), firm) == guilty
