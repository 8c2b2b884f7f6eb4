"""From signals to accounts and groups: sums capped per family, members, the core, the second pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from graphring.detect.evidence import Meter
from graphring.detect.groups import large_enough
from graphring.detect.layers import Flags, Ints, Reals
from graphring.detect.linked import AT_ONCE, WAYS
from graphring.detect.membership import fit_membership
from graphring.detect.parameters import Parameters
from graphring.detect.places import is_event, joined_for_it
from graphring.detect.signals import Signal
from graphring.model import Family

__all__ = ["FAMILIES", "Verdict", "convincing", "core_of", "judge", "strong", "summed"]

FAMILIES: Final = tuple(Family)
_JOINT: Final = frozenset({"division of labour", "conversations handed over", "synchrony"})
"""What only accounts that are run together do; a shared wrapper or exit is what their tools or providers do."""
_PERSONAL: Final = frozenset({"keeps no address", "known customer", "works at one place"})
"""What an account shows by itself, whoever else is in the group."""
_AT_WORK: Final = [FAMILIES.index(f) for f in (Family.CONTENT, Family.NETWORK, Family.TIMING)]
"""Families of what accounts do, as against how they came to be."""
_SIDES: Final = [FAMILIES.index(f) for f in Family if f not in {Family.CONTENT, Family.LIFECYCLE}]
"""Families that neither what accounts send nor how they came to be belongs to."""
_NOT_LIFECYCLE: Final = np.array([f is not Family.LIFECYCLE for f in Family])
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
    signals = _tempered(shared + meter.rest(group, shared), p)
    tied = sum((s.bits / p.wrapper_cap for s in signals if s.name == "common wrapper"), np.zeros(len(group)))
    requests = np.maximum(meter.r.requests[group], 1.0)
    return summed(group, signals, tied, requests / (requests + p.pooled * tied), p)


def summed(group: Ints, signals: Sequence[Signal], tied: Reals, weight: Reals, p: Parameters) -> Verdict:
    """The verdict of these signals; `tied` and `weight` as in Verdict."""
    families = _capped(signals, len(group), p)
    against = sum((np.minimum(s.bits, 0.0) for s in signals), np.zeros(len(group)))
    joint = sum((np.maximum(s.bits, 0.0) for s in signals if _is_joint(s)), np.zeros(len(group)))
    return Verdict(group, tuple(signals), families, against, families.sum(axis=1) + against, joint, tied, weight)


def _is_joint(s: Signal) -> bool:
    if s.name.startswith(WAYS):
        return False  # people of one interest go the same ways
    return s.name in _JOINT or s.name.startswith(AT_ONCE) or (s.family is Family.OTHER and s.name not in _PERSONAL)


def _capped(signals: Sequence[Signal], n: int, p: Parameters) -> Reals:
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


def strong(v: Verdict, p: Parameters) -> Flags:
    """Accounts that the evidence convicts: by themselves, or as users of the group's own wrapper, given how many of
    these it convicts and what they show (`membership`). Accounts that no wrapper ties to the group have no such prior.
    """
    alone = (v.bits >= p.strong_bits) & (v.joint >= p.joint_bits)
    tied = v.tied >= 0.5
    if tied.sum() < p.min_ring:
        tied = np.ones(len(tied), dtype=bool)
        starts, most = [alone], 0.5  # a community was chosen for being alike: nobody is credited with its company
    else:
        starts, most = [alone[tied], np.ones(int(tied.sum()), dtype=bool)], 1.0 - p.share_least
    signals = [
        replace(s, bits=s.bits[tied], chances=None if s.chances is None else s.chances[tied])
        for s in v.signals if s.name != "common wrapper"
    ]  # fmt: skip
    gain = _capped(signals, int(tied.sum()), p).sum(axis=1) + v.against[tied]
    fit = fit_membership(tuple(signals), gain, starts, most, p)
    least = np.where(v.tied[tied] >= 0.5, p.member_odds, p.untied_odds)
    members = alone.copy()
    members[np.flatnonzero(tied)[fit.odds >= least]] = True
    return members


def convincing(meter: Meter, v: Verdict) -> bool:
    """Whether a group, as a whole, is a ring: enough bits, from independent families of what its accounts share.

    Users of a tool share its wrapper, those of a corpus its payloads, those of a provider its exits, and phones change
    their addresses; a ring shows joint work beside another family, or three families at once. Content alone convicts
    only where payloads were visibly dealt out rather than drawn (`Meter.dealt`).
    """
    p = meter.p
    small = 1.0 / float(np.sqrt(len(v.group)))
    firm = (v.tied >= 0.5).mean() >= 0.5
    # a candidate is chosen among many, communities more than users of one wrapper: small ones look striking by chance
    least = p.watch_bits + p.tied_chosen * small if firm else p.medium_bits + p.chosen_bits * small
    if float(v.mean(v.bits)) < least:
        return False
    return _independent(meter, v) if meter.r.exchanges.rows else _led(meter, v)


def _led(meter: Meter, v: Verdict) -> bool:
    """Whether accounts of which only links are known are led by one hand: they came to what they share at the same
    time, where times are known, and that was no event.
    """
    p = meter.p
    if float(v.mean(v.joint)) < p.joint_bits:
        return False
    if meter.dated(v.group) < p.event_dated:
        return True
    return float(v.mean(_timing(v))) >= p.speaks_group and not meter.one_event(v.group)


def _independent(meter: Meter, v: Verdict) -> bool:
    """Whether what speaks for a group comes from enough sides, and from what its accounts do together."""
    p, n = meter.p, len(v.group)
    said = v.mean(_capped([s for s in v.signals if s.name not in _PERSONAL], n, p))
    speaks = said >= np.maximum(_least_said(p), p.speaks_total / n)
    if not speaks[_AT_WORK].any():
        return False  # who paid, signed up and was equipped together bought from one partner; a ring works together
    division = sum(float(v.mean(s.bits)) for s in v.signals if s.name == "division of labour")
    if division < max(p.event_division, p.speaks_total / n) and is_event(meter.r, p, v.group):
        return False  # a workshop comes together on its day, with one tool, and divides nothing
    if joined_for_it(meter.r, p, v.group, meter.focus(v.group)) and meter.dealt(v.group) < p.dealt_bits:
        return False  # or everybody does some of its exercises
    # who signed up together was invited together: courses have a campus and a tool, too
    aloud = (said >= np.maximum(_least_said(p), p.speaks_alone)) & _NOT_LIFECYCLE
    three = aloud.sum() >= 3 and n >= p.quiet_least
    if three or float(v.mean(_timing(v))) >= p.together_bits or _under_one_roof(meter, v, speaks):
        return True
    network = bool(speaks[FAMILIES.index(Family.NETWORK)])
    if float(v.mean(v.joint)) < p.joint_bits:
        return False
    # panels, courses and testers are invited, and sign up, together: without any other trace that is no second witness
    count = speaks if float(said[_SIDES].sum()) >= p.speaks_group else speaks & _NOT_LIFECYCLE
    families = int(count.sum()) + int(not network and meter.restless(v.group))
    return families >= p.families_least or (
        n >= p.dealt_least and meter.awake(v.group) and meter.dealt(v.group) >= p.dealt_bits
    )


def _under_one_roof(meter: Meter, v: Verdict, speaks: Flags) -> bool:
    """Whether strangers work with one wrapper from addresses that they share by twos and threes (`roofs`), and the
    network says more.
    """
    p, network = meter.p, FAMILIES.index(Family.NETWORK)
    return bool(
        speaks[FAMILIES.index(Family.CONTENT)]
        and float(v.mean(v.families[:, network])) >= p.roof_network
        and len(v.group) >= p.quiet_least
        and meter.under_one_roof(v.group) >= p.roof_share
    )


def _least_said(p: Parameters) -> Reals:
    """What each family must say in the mean of a group: a few strangers always meet at a provider of addresses."""
    return np.array([p.speaks_network if f is Family.NETWORK else p.speaks_group for f in FAMILIES])


def _timing(v: Verdict) -> Reals:
    return np.asarray(v.families[:, FAMILIES.index(Family.TIMING)], dtype=np.float64)


def core_of(meter: Meter, group: Ints) -> Verdict | None:
    """The core of a candidate: its members, measured again against each other until they stand."""
    p = meter.p
    relations = meter.relations(group)
    if not _promising(meter, group, relations):
        return None
    v = judge(meter, group, relations)
    keep = strong(v, p)
    if keep.mean() < p.least_share:
        return None
    for _ in range(p.passes):
        if not large_enough(group[keep], meter.r, p):
            return None
        if keep.all():
            break
        group = group[keep]
        v = judge(meter, group)
        keep = strong(v, p)
    return v if keep.mean() >= p.settled and convincing(meter, v) else None


def _promising(meter: Meter, group: Ints, relations: list[Signal]) -> bool:
    """Whether the accounts that share most share enough for a closer look."""
    p = meter.p
    bits = sum((np.maximum(s.bits, 0.0) for s in relations), np.zeros(len(group)))
    top = max(int(len(group) * p.least_share), p.min_ring)
    return bool(np.sort(bits)[-top:].mean() >= p.promising_bits)
