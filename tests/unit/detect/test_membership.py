"""The mixture of members and innocents: what shows, what lacks, who is judged by the group."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphring.detect.membership import Shown, fit_membership
from graphring.detect.parameters import Parameters
from graphring.detect.signals import Signal
from graphring.model import Family

P = Parameters()


def signal(bits, chances, family=Family.CONTENT):
    bits = np.asarray(bits, dtype=float)
    return Signal("division of labour", family, bits, bits, np.zeros(len(bits)), "payloads", np.asarray(chances, float))


def fit(signals, gain=None, starts=None, most=0.98, work=None, firm=None):
    n = len(signals[0].bits)
    shown = sum((np.maximum(s.bits, 0.0) for s in signals), np.zeros(n)) if gain is None else np.asarray(gain, float)
    work = np.zeros(n) if work is None else work
    firm = np.ones(n, dtype=bool) if firm is None else firm
    return fit_membership(Shown(tuple(signals), shown, work, firm), starts or [shown >= 3.0, firm], most, P)


def test_who_lacks_what_all_members_show_is_no_member():
    bits = np.concatenate([np.full(30, 6.0), np.zeros(10)])
    odds = fit([signal(bits, np.full(40, 20.0))]).odds
    assert (odds[:30] > 3.0).all()
    assert (odds[30:] < P.member_odds).all()


def test_an_account_of_few_requests_is_judged_by_the_group():
    bits = np.concatenate([np.full(30, 6.0), np.zeros(2)])
    chances = np.concatenate([np.full(30, 20.0), [0.0, 40.0]])
    odds = fit([signal(bits, chances)]).odds
    assert odds[30] > P.member_odds  # it had no chance to show anything
    assert odds[31] < odds[30] - 3.0  # it had every chance


def test_what_hardly_any_member_shows_makes_nobody_a_member():
    """Phones change addresses: where the ring's accounts do not, doing so is no sign of belonging to it."""
    bulk = signal(np.concatenate([np.full(40, 6.0), np.zeros(5)]), np.full(45, 20.0))
    rare = np.zeros(45)
    rare[40:] = 2.0
    alone = fit([bulk], gain=bulk.bits).odds[40:]
    beside = fit([bulk, signal(rare, np.ones(45), Family.NETWORK)], gain=bulk.bits + rare).odds[40:]
    assert (beside < alone + 1.0).all()


def test_nobody_is_credited_with_more_company_than_allowed():
    bits = np.full(40, 6.0)
    assert fit([signal(bits, np.full(40, 20.0))], most=0.5).share <= 0.5


def test_without_a_first_member_nobody_is_one():
    odds = fit([signal(np.zeros(5), np.ones(5))], starts=[np.zeros(5, dtype=bool)]).odds
    assert (odds < P.member_odds).all()


@given(st.permutations(range(12)), st.integers(0, 2**32 - 1))
def test_the_order_of_accounts_changes_nothing(order, seed):
    rng = np.random.default_rng(seed)
    bits, chances = rng.choice([0.0, 4.0], 12), rng.integers(0, 30, 12).astype(float)
    gain = rng.uniform(-2.0, 6.0, 12)
    start = gain > 1.0
    one = fit([signal(bits, chances)], gain, [start, np.ones(12, dtype=bool)]).odds
    pick = np.asarray(order)
    other = fit([signal(bits[pick], chances[pick])], gain[pick], [start[pick], np.ones(12, dtype=bool)]).odds
    assert np.allclose(one[pick], other, atol=1e-6)


def test_lacking_what_strangers_show_as_often_is_nothing_against_an_account():
    """A fifth of any group is together by chance: who is not is no stranger for that."""
    bulk = np.concatenate([np.full(30, 6.0), np.zeros(10)])
    chance = np.where(np.arange(40) % 5 == 0, 0.6, 0.0)
    chances = np.full(40, 9.0)
    alone = fit([signal(bulk, np.full(40, 2.0))]).odds
    beside = fit([signal(bulk, np.full(40, 2.0)), signal(chance, chances, Family.TIMING)], gain=bulk + chance).odds
    assert (beside[chance == 0.0] > alone[chance == 0.0] - 0.3).all()


def test_who_tries_a_wrapper_is_told_from_who_works_with_it():
    bulk = np.concatenate([np.full(60, 6.0), np.zeros(20)])
    chances = np.concatenate([np.full(60, 64.0), np.full(20, 4.0)])
    work = np.log2(chances)
    alike, apart = fit([signal(bulk, chances)]).odds, fit([signal(bulk, chances)], work=work).odds
    assert (apart[60:] < alike[60:] - 1.0).all()
    assert (apart[:60] >= P.member_odds).all()
    few = signal(np.tile([6.0, 0.0], 40), np.full(80, 4.0))
    assert np.allclose(fit([few]).odds, fit([few], work=np.full(80, 2.0)).odds)


def test_passers_by_are_not_credited_with_the_company_of_those_who_work_with_the_wrapper():
    firm = np.arange(80) < 40
    bits = np.where(firm, 6.0, 0.0)
    bits[40:50] = 6.0  # members under camouflage: they hardly use the wrapper, and show what the others show
    chances = np.where(bits > 0.0, 20.0, 0.5)
    fitted = fit([signal(bits, chances)], firm=firm)
    assert (fitted.odds[:50] > P.loose_odds).all()
    assert (fitted.odds[50:] < P.loose_odds).all()
    assert fitted.share > 0.9
    company = fit([signal(bits, chances)], firm=np.ones(80, dtype=bool)).odds
    assert (company[50:] > fitted.odds[50:] + 1.0).all()
