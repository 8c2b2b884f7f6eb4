"""From signals to accounts and groups: sums capped per family, strong accounts, the core, the second pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from graphring.detect.evidence import Flags, Meter, Signal
from graphring.detect.layers import Ints, Reals
from graphring.detect.parameters import Parameters
from graphring.model import Family

__all__ = ["FAMILIES", "Verdict", "core_of", "judge", "strong"]

FAMILIES: Final = tuple(Family)
_JOINT: Final = frozenset({"division of labour", "conversations handed over", "synchrony"})
"""What only accounts that are run together do; a shared wrapper or exit is what their tools or providers do."""
_TIES: Final = {
    "common wrapper": 1.0, "conversations handed over": 1.0, "rotation over shared addresses": 1.0,
    "payment methods of strangers": 1.0, "synchrony": 1.0, "keeps no address": 0.5, "sign-ups in batches": 0.5,
}  # fmt: skip
"""How far a signal ties an account to a group whose payloads it shares."""


@dataclass(frozen=True)
class Verdict:
    """A measured group of n accounts. families: what counts, [n, families], after caps; against: the negative signals;
    bits: their sum; joint: bits of what accounts do together;
    tied: 0..1, how firmly the group's own wrapper ties each account to it.
    """

    group: Ints
    signals: tuple[Signal, ...]
    families: Reals
    against: Reals
    bits: Reals
    joint: Reals
    tied: Reals


def judge(meter: Meter, group: Ints) -> Verdict:
    """Measure a group with all signals; what few requests leave open is taken from the group's mean."""
    signals = meter.relations(group) + meter.rest(group)
    tied = sum((s.bits / meter.p.wrapper_cap for s in signals if s.name == "common wrapper"), np.zeros(len(group)))
    requests = meter.r.requests[group] * 1.0
    return _verdict(group, [_pooled(s, requests, tied, meter.p) for s in signals], tied, meter.p)


def _pooled(s: Signal, requests: Reals, tied: Reals, p: Parameters) -> Signal:
    """An account's bits drawn towards the group's mean as far as it has few requests (empirical Bayes) and as far as
    the group's own wrapper ties it to the group.
    """
    if s.name not in _POOLED or not tied.any():
        return s
    mean = float(np.sum(s.bits * requests * tied) / max(float(np.sum(requests * tied)), 1.0))
    prior = p.pooled * tied
    return replace(s, bits=(requests * s.bits + prior * mean) / np.maximum(requests + prior, 1e-9))


_POOLED: Final = frozenset({"division of labour", "keeps no address", "rotation over shared addresses"})


def _verdict(group: Ints, signals: list[Signal], tied: Reals, p: Parameters) -> Verdict:
    signals = _tempered(signals, p)
    families = np.zeros((len(group), len(FAMILIES)))
    against, joint = np.zeros(len(group)), np.zeros(len(group))
    for s in signals:
        families[:, FAMILIES.index(s.family)] += np.maximum(s.bits, 0.0)
        against += np.minimum(s.bits, 0.0)
        if s.name in _JOINT or s.family is Family.OTHER:
            joint += np.maximum(s.bits, 0.0)
    families = np.minimum(families, np.array([p.cap(f) for f in FAMILIES]))
    return Verdict(group, tuple(signals), families, against, families.sum(axis=1) + against, joint, tied)


def _tempered(signals: list[Signal], p: Parameters) -> list[Signal]:
    """Division of labour counts in full only where something else ties the account to the group.

    A ring that works through a public corpus shares payloads with every innocent user of that corpus.
    """
    other = {True: 1.0, False: 0.0}
    ties = sum(np.maximum(s.bits, 0.0) * _TIES.get(s.name, other[s.family is Family.OTHER]) for s in signals)
    share = p.untied + (1.0 - p.untied) * np.clip(ties / p.tie_bits, 0.0, 1.0)
    return [replace(s, bits=s.bits * share) if s.name == "division of labour" else s for s in signals]


def strong(v: Verdict, p: Parameters) -> Flags:
    """Accounts that the evidence convicts, given how many of the group it convicts (a mixture fitted by EM).

    The users of a group's own wrapper are a mix of members, a share π, and of innocents. Such an account is a member
    when its bits exceed c - log2(π / (1 - π)); π is the share of members so found, beginning with those that need no
    prior. Accounts that no wrapper ties to the group have no such prior.
    """
    joint = v.joint >= p.joint_bits
    members = (v.bits >= p.strong_bits) & joint
    tied = v.tied >= 0.5
    if not tied.any():
        return np.asarray(members)
    for _ in range(p.mixture_steps):
        share = float(np.clip(members[tied].mean(), 1e-3, 1.0 - 1e-3))
        least = float(np.clip(p.mixture_bits - np.log2(share / (1.0 - share)), p.least_bits, p.strong_bits))
        members = ((v.bits >= p.strong_bits) & joint) | (tied & (v.bits >= least) & (v.joint >= p.tied_joint))
    return np.asarray(members)


def core_of(meter: Meter, group: Ints) -> Verdict | None:
    """The core of a candidate: its strong accounts, measured again against each other until they stand."""
    p = meter.p
    if not _promising(meter, group):
        return None
    v = judge(meter, group)
    keep = strong(v, p)
    if keep.mean() < p.least_share:
        return None
    for _ in range(p.passes):
        if not _large_enough(meter, group[keep]):
            return None
        if keep.all():
            return v
        group = group[keep]
        v = judge(meter, group)
        keep = strong(v, p)
    return v if keep.all() else None


def _promising(meter: Meter, group: Ints) -> bool:
    """Whether the accounts that share most share enough for a closer look."""
    p = meter.p
    bits = sum((np.maximum(s.bits, 0.0) for s in meter.relations(group)), np.zeros(len(group)))
    top = max(int(len(group) * p.least_share), p.min_ring)
    return bool(np.sort(bits)[-top:].mean() >= p.promising_bits)


def _large_enough(meter: Meter, group: Ints) -> bool:
    p = meter.p
    return len(group) >= p.min_ring and len(np.unique(meter.r.customers.code[group])) >= p.min_customers
