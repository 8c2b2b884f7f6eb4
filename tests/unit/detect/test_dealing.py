"""How a group came by the payloads that its accounts have in common."""

from __future__ import annotations

import numpy as np
import pytest

from graphring.detect.dealing import Dealing
from graphring.detect.parameters import Parameters

P = Parameters()
N = 20


def dealing(triples: float, least: float, pairs: float, paced: float) -> Dealing:
    """All accounts are paced alike."""
    return Dealing(triples, least, pairs, paced, np.full(N, 2.0 * paced / N))


def test_a_queue_deals_to_few_and_a_class_does_what_it_was_given():
    queue, course = dealing(60.0, 55.0, 200.0, 40.0), dealing(900.0, 500.0, 400.0, 90.0)
    assert queue.senders < 3.0 < P.queue_crowd < course.senders
    assert queue.counts(P).min() > 0.99
    assert course.counts(P).max() == 0.0
    assert course.each_for_itself(P)
    assert not queue.each_for_itself(P)


@pytest.mark.parametrize(("paced", "alone"), [(20.0, False), (0.0, False), (-8.0, True)])
def test_payloads_drawn_at_any_time_count_for_less(paced, alone):
    met = dealing(10.0, 9.0, 90.0, paced)
    assert met.each_for_itself(P) is alone
    assert 0.9 * P.paced_floor * met.by_few(P) <= met.counts(P).min() <= met.counts(P).max() <= met.by_few(P)


def test_a_few_pairs_tell_nothing():
    assert not dealing(3.0, 1.0, 3.0, -8.0).each_for_itself(P)
    assert dealing(3.0, 1.0, 3.0, 0.0).by_few(P) == 1.0
    assert dealing(0.0, 0.0, 0.0, 0.0).counts(P) == pytest.approx(P.paced_floor)


def test_strangers_in_the_wrapper_of_a_queue_do_not_keep_its_pace():
    each = np.concatenate([np.full(8, 9.0), np.full(11, -3.0), np.zeros(1)])
    said = Dealing(10.0, 9.0, 90.0, 40.0, each).counts(P)
    assert said[:8].min() > 0.95
    assert said[8:19].max() < 0.25
    assert 0.2 < said[19] < 0.7  # it sent nothing that another sent
