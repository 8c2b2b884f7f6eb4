"""The core of a candidate: the accounts that stand, measured against each other, if they convince as a whole."""

from __future__ import annotations

import numpy as np

from graphring.detect.convincing import convincing
from graphring.detect.evidence import Meter
from graphring.detect.groups import large_enough
from graphring.detect.judge import Verdict, judge, strong
from graphring.detect.layers import Ints
from graphring.detect.signals import Signal

__all__ = ["core_of"]


def core_of(meter: Meter, group: Ints) -> Verdict | None:
    """The core of a candidate: its members, measured again against each other until they stand; if these do not
    convince, those of them that need no company.
    """
    relations = meter.relations(group)
    if not _promising(meter, group, relations):
        return None
    whole = judge(meter, group, relations)
    for company in (True, False):
        v = _settled(meter, whole, company)
        if v is not None and convincing(meter, v):
            return v
    return None


def _settled(meter: Meter, v: Verdict, company: bool) -> Verdict | None:
    """The accounts of a group that stand, measured against each other until they all do."""
    p = meter.p
    group, keep = v.group, strong(v, p, company)
    if keep.mean() < p.least_share:
        return None
    for _ in range(p.passes):
        if not large_enough(group[keep], meter.r, p):
            return None
        if keep.all():
            break
        group = group[keep]
        v = judge(meter, group)
        keep = strong(v, p, company)
    return v if keep.mean() >= p.settled else None


def _promising(meter: Meter, group: Ints, relations: list[Signal]) -> bool:
    """Whether the accounts that share most share enough for a closer look."""
    p = meter.p
    bits = sum((np.maximum(s.bits, 0.0) for s in relations), np.zeros(len(group)))
    top = max(int(len(group) * p.least_share), p.min_ring)
    return bool(np.sort(bits)[-top:].mean() >= p.promising_bits)
