"""Which accounts of a group the evidence convicts."""

from __future__ import annotations

import numpy as np
import pytest

from graphring.detect.judge import strong, summed
from graphring.detect.parameters import Parameters
from graphring.detect.signals import Signal
from graphring.model import Family

P = Parameters()
N = 20


@pytest.mark.parametrize(("tied", "convicted"), [(0.0, 10), (1.0, 20)])
def test_exits_alone_make_nobody_a_member_whom_no_wrapper_ties_to_the_group(tied, convicted):
    """Half of the group show what they do together, too."""
    together = np.where(np.arange(N) < 10, 6.0, 0.0)
    kinds = {
        "rotation over shared addresses": (Family.NETWORK, np.full(N, 6.0)),
        "synchrony": (Family.TIMING, together),
    }
    signals = [
        Signal(name, family, bits, bits, np.zeros(N), "x", np.full(N, 5.0)) for name, (family, bits) in kinds.items()
    ]
    v = summed(np.arange(N, dtype=np.int32), signals, np.full(N, tied), np.ones(N), P)
    assert strong(v, P).sum() == convicted
