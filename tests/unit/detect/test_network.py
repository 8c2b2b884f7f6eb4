"""Addresses as evidence: which are usual, and what one country's carriers explain."""

from __future__ import annotations

import numpy as np
import pytest

from graphring.detect.cohesion import coverage, one_object
from graphring.detect.layers import build_layer
from graphring.detect.parameters import Parameters
from graphring.detect.relations import by_use
from graphring.detect.sharing import Exposure, Sharer

N = 200
CODE = np.arange(N, dtype=np.int32)


def layer(uses: list[tuple[int, int]], name: str = "ip"):
    account, key = (np.array(column) for column in zip(*uses, strict=True))
    return build_layer(name, account.astype(np.int32), key.astype(np.int64), CODE)


def test_the_two_busiest_addresses_are_lines():
    home, office, cafe = 1, 2, 3
    uses = [(0, home)] * 5 + [(0, office)] * 4 + [(0, cafe)] + [(a, cafe) for a in range(1, 12)]
    roaming, lines = by_use(layer(uses), Parameters())
    assert [[int(x.key[o]) for o in x.object[: x.start[1]]] for x in (roaming, lines)] == [[cafe], [home, office]]


@pytest.mark.parametrize("countries", [1, 4])
def test_speakers_of_one_language_meet_on_the_carriers_of_their_country(countries):
    rng = np.random.default_rng(3)
    region = (np.arange(N) % countries).astype(np.int32)
    carriers = layer([(a, int(region[a]) * 20 + int(rng.integers(20))) for a in range(N) for _ in range(4)])
    each = np.diff(carriers.start) + 1.0
    total = np.bincount(region, weights=each)
    group = np.flatnonzero(region == 0)[:20].astype(np.int32)
    plain, by_region = (
        Sharer(carriers, CODE).share(group, exposure, 0.3)
        for exposure in (Exposure(each, np.array([each.sum()])), Exposure(each, total, region=region))
    )
    assert plain.observed.tolist() == by_region.observed.tolist()
    ratio = by_region.expected.sum() / plain.expected.sum()
    assert ratio == pytest.approx(1.0) if countries == 1 else ratio > 1.5


def test_one_code_that_all_gave_is_one_object():
    group = np.arange(6, dtype=np.int32)
    assert one_object(layer([(a, 1) for a in range(6)]), group) == 1.0
    assert one_object(layer([(a, a // 2) for a in range(6)]), group) == pytest.approx(1 / 3)
    assert one_object(layer([(a, a) for a in range(6)]), group) == 0.0


def test_a_card_covers_who_pays_with_it():
    group = np.arange(6, dtype=np.int32)
    assert coverage(layer([(a, 1) for a in range(6)]), group) == 1.0
    assert coverage(layer([(0, 1), (1, 1), (2, 3)]), group) == pytest.approx(1 / 3)
