"""Communities: the search for candidates."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from graphring.detect.groups import large_enough
from graphring.detect.parameters import Parameters

_EQUALS = """
import numpy as np
from graphring.detect.groups import communities
from graphring.detect.layers import build_layer

account, item = (x.ravel() for x in np.meshgrid(np.arange(13), np.arange(8)))
layer = build_layer("ring", account.astype(np.int32), item, np.arange(14, dtype=np.int32))
print(sum(len(part) for part in communities(layer, 2.0, 16, 20_260_131)))
"""


def test_a_search_among_equals_ends() -> None:
    """Thirteen accounts that use the same eight objects: with rounded sums igraph moved one of them for ever."""
    done = subprocess.run([sys.executable, "-c", _EQUALS], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "13"


@pytest.mark.parametrize(
    ("customers", "could"),
    [([1] * 20, True), ([10] * 4, True), ([1] * 4, False), ([20, 20], False), ([11] + [1] * 9, False),
     ([10] + [1] * 10, True), ([9, 8, 1, 1, 1], False), ([8, 7, 1, 1, 1, 1, 1], True)],
)  # fmt: skip
def test_one_firm_and_some_strangers_are_no_ring_nor_are_two(customers, could):
    """Accounts of each customer in a group."""
    code = np.repeat(np.arange(len(customers)), customers)
    r = SimpleNamespace(customers=SimpleNamespace(code=code))
    assert large_enough(np.arange(len(code)), r, Parameters()) == could
