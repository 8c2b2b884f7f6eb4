"""How a group came by the payloads that its accounts have in common."""

from __future__ import annotations

import pytest

from graphring.detect.dealing import Dealing
from graphring.detect.parameters import Parameters

P = Parameters()


def test_a_queue_deals_to_few_and_a_class_does_what_it_was_given():
    queue, course = Dealing(60.0, 55.0, 200.0, 40.0), Dealing(900.0, 500.0, 400.0, 90.0)
    assert queue.senders < 3.0 < P.queue_crowd < course.senders
    assert queue.counts(P) > 0.99
    assert course.counts(P) == 0.0
    assert course.each_for_itself(P)
    assert not queue.each_for_itself(P)


@pytest.mark.parametrize(("paced", "alone"), [(20.0, False), (0.0, False), (-8.0, True)])
def test_payloads_drawn_at_any_time_count_for_less(paced, alone):
    met = Dealing(10.0, 9.0, 90.0, paced)
    assert met.each_for_itself(P) is alone
    assert P.paced_floor * met.by_few(P) <= met.counts(P) <= met.by_few(P)


def test_a_few_pairs_tell_nothing():
    assert not Dealing(3.0, 1.0, 3.0, -8.0).each_for_itself(P)
    assert Dealing(3.0, 1.0, 3.0, 0.0).by_few(P) == 1.0
    assert Dealing(0.0, 0.0, 0.0, 0.0).counts(P) > 0.5
