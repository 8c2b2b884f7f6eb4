"""From signals to accounts and groups: sums capped per family, strong accounts, the core, the second pass."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from graphring.detect.evidence import Background, Signal, measure
from graphring.detect.layers import Ints, Reals
from graphring.detect.parameters import Parameters
from graphring.detect.relations import Relations
from graphring.model import Family

__all__ = ["Verdict", "core_of", "judge"]

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Verdict:
    """A measured group. bits: what counts for each account, [n]; families: the same by family, [n, families], the
    negative signals apart in `against`; together: bits of what accounts do together; several: families that speak.
    """

    group: Ints
    signals: tuple[Signal, ...]
    families: Reals
    against: Reals
    bits: Reals
    joint: Reals
    several: npt.NDArray[np.int64]


FAMILIES = tuple(Family)


def judge(r: Relations, group: Ints, background: Background, p: Parameters) -> Verdict:
    """Measure a group. Synchrony, the costly signal, is measured only where the others leave room for a ring."""
    signals = measure(r, group, background, p, timed=False)
    first = _verdict(group, signals, p)
    if np.sort(first.bits)[-max(len(group) // 10, p.min_ring) :].mean() + p.synchrony_cap < p.strong_bits:
        return first
    return _verdict(group, measure(r, group, background, p), p)


def _verdict(group: Ints, signals: list[Signal], p: Parameters) -> Verdict:
    signals = _tempered(signals, p)
    families = np.zeros((len(group), len(FAMILIES)))
    against, joint = np.zeros(len(group)), np.zeros(len(group))
    for s in signals:
        families[:, FAMILIES.index(s.family)] += np.maximum(s.bits, 0.0)
        against += np.minimum(s.bits, 0.0)
        if s.name in JOINT or s.family is Family.OTHER:
            joint += np.maximum(s.bits, 0.0)
    families = np.minimum(families, np.array([p.cap(f) for f in FAMILIES]))
    return Verdict(
        group, tuple(signals), families, against, families.sum(axis=1) + against, joint,
        (families >= p.speaks).sum(axis=1),
    )  # fmt: skip


def _tempered(signals: list[Signal], p: Parameters) -> list[Signal]:
    """Division of labour counts in full only where something else ties the account to the group.

    A ring that works through a public corpus shares payloads with every innocent user of that corpus.
    """
    ties = sum(
        np.maximum(s.bits, 0.0) * _TIES.get(s.name, 0.0 if s.family is not Family.OTHER else 1.0) for s in signals
    )
    share = p.untied + (1.0 - p.untied) * np.clip(ties / p.tie_bits, 0.0, 1.0)
    return [replace(s, bits=s.bits * share) if s.name == "division of labour" else s for s in signals]


_TIES = {
    "common wrapper": 1.0, "conversations handed over": 1.0, "rotation over shared addresses": 1.0,
    "payment methods of strangers": 1.0, "synchrony": 1.0, "keeps no address": 0.5, "sign-ups in batches": 0.5,
}  # fmt: skip
JOINT = ("division of labour", "conversations handed over", "synchrony", "payment methods of strangers")
"""What only accounts that are run together do; a shared wrapper or exit is what their tools or providers do."""


def strong(v: Verdict, p: Parameters, least: float) -> Flags:
    """Accounts that the evidence convicts: enough bits in all, enough of them from joint work."""
    return np.asarray((v.bits >= least) & (v.joint >= p.joint_bits))


def core_of(r: Relations, group: Ints, background: Background, p: Parameters) -> Verdict | None:
    """The core of a candidate: its strong accounts, measured again against each other until they stand."""
    v = judge(r, group, background, p)
    keep = strong(v, p, p.strong_bits)
    if keep.mean() < p.least_share:
        return None
    for _ in range(p.passes):
        if not _large_enough(r, group[keep], p):
            return None
        if keep.all():
            return v
        group = group[keep]
        v = judge(r, group, background, p)
        keep = strong(v, p, p.member_bits)
    return v if keep.all() else None


def _large_enough(r: Relations, group: Ints, p: Parameters) -> bool:
    return len(group) >= p.min_ring and len(np.unique(r.customers.code[group])) >= p.min_customers
