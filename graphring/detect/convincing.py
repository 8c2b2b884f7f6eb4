"""Whether a group, as a whole, is a ring: enough bits, from independent sides, by accounts that work together."""

from __future__ import annotations

from typing import Final

import numpy as np

from graphring.detect.evidence import Meter
from graphring.detect.judge import FAMILIES, OWNED, PERSONAL, Verdict, capped
from graphring.detect.layers import Flags, Reals
from graphring.detect.parameters import Parameters
from graphring.detect.places import is_event, joined_for_it
from graphring.model import Family

__all__ = ["convincing"]

_NETWORK: Final = FAMILIES.index(Family.NETWORK)
_TIMING: Final = FAMILIES.index(Family.TIMING)
_AT_WORK: Final = [FAMILIES.index(f) for f in (Family.CONTENT, Family.NETWORK, Family.TIMING)]
"""Families of what accounts do, as against how they came to be."""
_LIFECYCLE: Final = FAMILIES.index(Family.LIFECYCLE)
_SIDES: Final = [FAMILIES.index(f) for f in (Family.PAYMENT, Family.NETWORK, Family.OTHER)]
"""Families that tell nothing of what a class sends, when it works and when it was invited."""


def convincing(meter: Meter, v: Verdict) -> bool:
    """Whether a group, as a whole, is a ring: enough bits, from independent families of what its accounts share.

    Users of a tool share its wrapper, those of a corpus its payloads, those of a provider its exits, and phones change
    their addresses; a ring shows joint work beside another family, or three families at once. Content alone convicts
    only where payloads were visibly dealt out rather than drawn (`Dealing.dealt`), and payloads that were visibly drawn
    are no joint work: guests of a hackathon send what everybody sends, in its starter kit (`Dealing.drawn`).
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
    return float(v.mean(v.families[:, _TIMING])) >= p.speaks_group and not meter.one_event(v.group)


def _independent(meter: Meter, v: Verdict) -> bool:
    """Whether what speaks for a group comes from enough sides, and from what its accounts do together."""
    p, n = meter.p, len(v.group)
    said = v.mean(capped([s for s in v.signals if s.name not in PERSONAL], n, p))
    speaks = said >= np.maximum(_least_said(p), p.speaks_total / n)
    if not speaks[_AT_WORK].any():
        return False  # who paid, signed up and was equipped together bought from one partner; a ring works together
    if _came_for_it(meter, v) or _one_office(meter, v):
        return False
    quietly = _quietly(meter, v, said)
    # who signed up together was invited together: courses have a campus and a tool, too
    aloud = said >= np.maximum(_least_said(p), p.speaks_alone)
    aloud[_LIFECYCLE] = False
    three = int((aloud & ~OWNED).sum()) + max(int((aloud & OWNED).sum()), int(quietly)) >= 3 and n >= p.quiet_least
    if float(v.mean(v.families[:, _TIMING])) >= p.together_bits:
        return True
    if meter.dealing(v.group).each_for_itself(p) and not _led_all_the_same(meter, v, said, speaks):
        return False
    if three and float(v.mean(v.joint)) >= p.quiet_joint:
        return True
    joint = float(v.mean(v.joint)) - (_division(v) if meter.dealing(v.group).drawn(p) else 0.0)
    return joint >= p.joint_bits and _witnessed(meter, v, said, speaks, quietly)


def _led_all_the_same(meter: Meter, v: Verdict, said: Reals, speaks: Flags) -> bool:
    """Whether a group of which each came by its payloads for itself has a witness that users of one tool, on one
    provider's addresses, do not have: what they own, hours that no invitation explains, a queue that never rests.
    """
    owned = bool(speaks[OWNED].any()) or _heard(float(said[OWNED].sum()), len(v.group), meter.p)
    hours = bool(speaks[_TIMING]) and (not speaks[_LIFECYCLE] or float(said[_TIMING]) >= meter.p.speaks)
    return owned or hours or (meter.dealing(v.group).dealt >= meter.p.dealt_bits and _sleepless(meter, v))


def _witnessed(meter: Meter, v: Verdict, said: Reals, speaks: Flags, quietly: bool) -> bool:
    """Whether joint work has a second witness, or is seen to be dealt out.

    Parameters
    ----------
    said: [families], bits in the mean; speaks: which say enough; quietly: as `_quietly` tells.
    """
    p, n = meter.p, len(v.group)
    # panels, courses and testers are invited, and sign up, together, and a class works in its hours: without any other
    # trace neither is a second witness; but people sleep, and who divides its work and does not was made, not invited
    count, sides = speaks.copy(), said[_SIDES]
    if speaks[_LIFECYCLE] and float((sides / _least_said(p)[_SIDES]).sum()) < 1.0:  # a campus says less than cards
        count[_LIFECYCLE] = _division(v) >= p.joint_bits and _sleepless(meter, v)
    count[_TIMING] &= not speaks[_LIFECYCLE] or _heard(float(sides.sum()), n, p)
    if int(count.sum()) + int(quietly and not (count & OWNED).any()) >= p.families_least:
        return True
    dealt = meter.dealing(v.group).dealt
    if dealt >= p.dealt_bits and _sleepless(meter, v):
        return True
    # a pool of residential exits leaves no address that two share
    return dealt >= p.dealt_hint and not speaks[_NETWORK] and meter.restless(v.group)


def _came_for_it(meter: Meter, v: Verdict) -> bool:
    """Whether the group is the guests of an event: a workshop comes together on its day, with one tool, and divides
    nothing, or everybody does some of its exercises.
    """
    p = meter.p
    if _division(v) < max(p.event_division, p.speaks_total / len(v.group)) and is_event(meter.r, p, v.group):
        return True
    return joined_for_it(meter.r, p, v.group, meter.focus(v.group)) and meter.dealing(v.group).dealt < p.dealt_bits


def _one_office(meter: Meter, v: Verdict) -> bool:
    """Whether the group is the staff of one place, or their machines: colleagues have a wrapper, a queue and cards of
    their own, and go home at night.
    """
    p = meter.p
    if meter.at_place(v.group) < p.office_share:
        return False
    return float(v.mean(v.joint)) - _division(v) < p.speaks_group and not _sleepless(meter, v)


def _sleepless(meter: Meter, v: Verdict) -> bool:
    """Whether a group is large enough to tell, and never rests."""
    return len(v.group) >= meter.p.dealt_least and meter.awake(v.group)


def _division(v: Verdict) -> float:
    """Bits of division of labour in the mean of a group."""
    return sum(float(v.mean(s.bits)) for s in v.signals if s.name == "division of labour")


def _quietly(meter: Meter, v: Verdict, said: Reals) -> bool:
    """Whether a share of a group, and more than one household of it, owns what a stranger of it owns too: few people
    do. Where payloads seem dealt out, usual addresses are a witness as quiet as cards and devices.
    """
    p = meter.p
    in_all = float(said[OWNED].sum())
    if in_all < p.speaks_quietly and meter.dealing(v.group).dealt >= p.dealt_hint:
        in_all += float(said[_NETWORK])
    return _heard(in_all, len(v.group), p)


def _heard(mean: float, n: int, p: Parameters) -> bool:
    """Whether a quiet witness says enough, in the mean and in all."""
    return mean >= p.speaks_quietly and mean * n >= p.speaks_total


def _least_said(p: Parameters) -> Reals:
    """What each family must say in the mean of a group: a few strangers always meet at a provider of addresses."""
    own = {Family.NETWORK: p.speaks_network, Family.TIMING: p.speaks_timing}
    return np.array([own.get(f, p.speaks_group) for f in FAMILIES])
