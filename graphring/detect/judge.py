"""From signals to accounts: sums capped per family, and who of a group the evidence convicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from graphring.detect.evidence import Meter
from graphring.detect.layers import Flags, Ints, Reals
from graphring.detect.linked import AT_ONCE, WAYS
from graphring.detect.membership import Shown, fit_membership
from graphring.detect.parameters import Parameters
from graphring.detect.signals import Signal
from graphring.model import Family

__all__ = ["FAMILIES", "OWNED", "PERSONAL", "Verdict", "capped", "judge", "strong", "summed"]

FAMILIES: Final = tuple(Family)
_JOINT: Final = frozenset({"division of labour", "conversations handed over", "synchrony"})
"""What only accounts that are run together do; a shared wrapper or exit is what their tools or providers do."""
OWNED: Final = np.array([f in {Family.PAYMENT, Family.OTHER} for f in FAMILIES])
"""Families of what accounts own or were given: cards, devices, phones."""
PERSONAL: Final = frozenset({"keeps no address", "known customer", "works at one place"})
"""What an account shows by itself, whoever else is in the group."""
_TIES: Final = {
    "common wrapper": 1.0, "conversations handed over": 1.0, "rotation over shared addresses": 1.0,
    "payment methods of strangers": 1.0, "synchrony": 1.0, "usual addresses of strangers": 1.0,
    "keeps no address": 0.5, "sign-ups in batches": 0.5,
}  # fmt: skip
"""How far a signal ties an account to a group whose payloads it shares."""


@dataclass(frozen=True)
class Verdict:
    """A measured group of n accounts. families: what counts, [n, families], after caps; against: the negative signals;
    bits: their sum; joint: bits of what accounts do together; tied: 0..1, how firmly the group's own wrapper ties each
    account to it; weight: 0..1, how much an account could have shown (one request shows little either way).
    """

    group: Ints
    signals: tuple[Signal, ...]
    families: Reals
    against: Reals
    bits: Reals
    joint: Reals
    tied: Reals
    weight: Reals

    @property
    def associated(self) -> Flags:
        """[n] whether an account was joined for what it holds (`associates`): it weighs nothing."""
        return np.asarray(self.weight == 0.0)

    @property
    def beside_content(self) -> Reals:
        """[n] bits of what accounts share beside what they send, and how they came to be."""
        other = [
            s for s in self.signals if s.family not in {Family.CONTENT, Family.LIFECYCLE} and s.name not in PERSONAL
        ]
        return np.asarray(sum((np.maximum(s.bits, 0.0) for s in other), np.zeros(len(self.group))))

    def mean(self, values: Reals) -> Reals:
        """The weighted mean over the accounts; of columns, if there are several."""
        weight = self.weight if values.ndim == 1 else self.weight[:, None]  # np.sum: BLAS sums in an order of its own
        return np.asarray((weight * values).sum(axis=0) / max(float(self.weight.sum()), 1e-9))


def judge(meter: Meter, group: Ints, relations: list[Signal] | None = None) -> Verdict:
    """Measure a group with all signals.

    Parameters
    ----------
    relations: what `meter.relations` said of this group, where that is known already.
    """
    p = meter.p
    shared = meter.relations(group) if relations is None else relations
    signals = _tempered(shared + meter.rest(group), p)
    tied = sum((s.bits / p.wrapper_cap for s in signals if s.name == "common wrapper"), np.zeros(len(group)))
    requests = np.maximum(meter.r.requests[group], 1.0)
    return summed(group, signals, tied, requests / (requests + p.pooled * tied), p)


def summed(group: Ints, signals: Sequence[Signal], tied: Reals, weight: Reals, p: Parameters) -> Verdict:
    """The verdict of these signals; `tied` and `weight` as in Verdict."""
    families = capped(signals, len(group), p)
    against = sum((np.minimum(s.bits, 0.0) for s in signals), np.zeros(len(group)))
    joint = sum((np.maximum(s.bits, 0.0) for s in signals if _is_joint(s)), np.zeros(len(group)))
    return Verdict(group, tuple(signals), families, against, families.sum(axis=1) + against, joint, tied, weight)


def _is_joint(s: Signal) -> bool:
    if s.name.startswith(WAYS):
        return False  # people of one interest go the same ways
    return s.name in _JOINT or s.name.startswith(AT_ONCE) or (s.family is Family.OTHER and s.name not in PERSONAL)


def capped(signals: Sequence[Signal], n: int, p: Parameters) -> Reals:
    """Bits of each family, [n, families], under its cap."""
    families = np.zeros((n, len(FAMILIES)))
    for s in signals:
        families[:, FAMILIES.index(s.family)] += np.maximum(s.bits, 0.0)
    return np.asarray(np.minimum(families, np.array([p.cap(f) for f in FAMILIES])), dtype=np.float64)


def _tempered(signals: list[Signal], p: Parameters) -> list[Signal]:
    """Division of labour counts in full only where something else ties the account to the group.

    A ring that works through a public corpus shares payloads with every innocent user of that corpus.
    """
    other = {True: 1.0, False: 0.0}
    ties = sum(np.maximum(s.bits, 0.0) * _TIES.get(s.name, other[s.family is Family.OTHER]) for s in signals)
    share = p.untied + (1.0 - p.untied) * np.clip(ties / p.tie_bits, 0.0, 1.0)
    return [replace(s, bits=s.bits * share) if s.name == "division of labour" else s for s in signals]


def strong(v: Verdict, p: Parameters, company: bool = True) -> Flags:
    """Accounts that the evidence convicts: by themselves, or as users of the group's own wrapper, given how many of
    these it convicts and what they show (`membership`). Accounts that no wrapper ties to the group have no such prior,
    and are no members for the exits that they use alone: who has a VPN shares them with everybody who has it.

    Parameters
    ----------
    company: False: nobody starts as a member of a fit but who is convicted alone.
    """
    alone = (v.bits >= p.strong_bits) & (v.joint >= p.joint_bits)
    firm, exits = v.tied >= 0.5, np.zeros(len(v.tied), dtype=bool)
    if firm.sum() < p.min_ring:
        tied = firm = np.ones(len(firm), dtype=bool)
        exits = np.delete(v.families, FAMILIES.index(Family.NETWORK), axis=1).sum(axis=1) < p.beside_exits
        starts, most = [alone], 0.5  # a community was chosen for being alike: nobody is credited with its company
    else:
        tied = v.tied > p.loosely_tied
        starts, most = [alone[tied]], 0.5
        if company:
            starts, most = [*starts, firm[tied]], 1.0 - p.share_least
    signals = [
        replace(s, bits=s.bits[tied], chances=None if s.chances is None else s.chances[tied])
        for s in v.signals if s.name != "common wrapper"
    ]  # fmt: skip
    gain = capped(signals, int(tied.sum()), p).sum(axis=1) + v.against[tied]
    often = sum((s.observed for s in v.signals if s.name == "common wrapper"), np.zeros(len(tied)))
    fit = fit_membership(Shown(tuple(signals), gain, np.log2(1.0 + often[tied]), firm[tied]), starts, most, p)
    how = v.tied[tied]
    least = np.where(how >= 0.5, p.member_odds, np.where(how > p.loosely_tied, p.loose_odds, p.untied_odds))
    members = alone.copy()
    members[np.flatnonzero(tied)[fit.odds >= least]] = True
    return np.asarray(members & ~exits)
