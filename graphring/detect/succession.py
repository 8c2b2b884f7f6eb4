"""Pools that replace others: every account is new, but objects, templates and timing are those of an earlier ring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from graphring.detect.footprint import UNKNOWN, Footprints
from graphring.detect.layers import Longs, Reals
from graphring.detect.lineage import age
from graphring.detect.parameters import Parameters
from graphring.model import ObjectType

__all__ = ["Link", "predecessors"]

_HOUR = 3_600_000_000
_NAMES = {
    ObjectType.TEMPLATE.value: ("template family", "template families"),
    ObjectType.PAYMENT.value: ("payment method", "payment methods"),
    ObjectType.IP.value: ("address", "addresses"),
}
_MOST = 3
"""Predecessors that a ring can have."""


@dataclass(frozen=True)
class Link:
    """One predecessor of a ring, and why: a sentence without a full stop."""

    ring_id: str
    strength: float
    """Sum over the kinds of objects of the share of the new ring's bits that were the old one's."""
    reason: str


def predecessors(
    prints: Footprints, names: Sequence[str], new: Sequence[int], known: Mapping[str, Sequence[str]], p: Parameters
) -> dict[int, tuple[Link, ...]]:
    """The predecessors of new rings, strongest first; a ring without one is left out.

    For each kind of object t, with m(o) of the new ring's accounts on object o, which weighs w(o) bits with all rings
    left out: share = Σ m·w over the objects that were the old ring's / Σ m·w over those that anybody else uses. A kind
    links where that share and the share of the new ring's accounts on such objects reach `lineage_share` and the
    objects are worth `lineage_bits`. The old ring must have fallen silent when the new one came, at most `lineage_gap`
    hours before, `lineage_overlap` hours after. An address that a third ring used beside either is its provider's.

    Parameters
    ----------
    prints: of all rings, those of this run and the absent ones; names: their ids.
    new: the rings to look at.
    known: predecessors of earlier rings; whoever is the predecessor of another candidate is left out.
    """
    lines = {name: set(before) for name, before in known.items()}
    found: dict[int, tuple[Link, ...]] = {}
    for ring in sorted((e for e in new if prints.start[e] != UNKNOWN), key=lambda e: (prints.start[e], age(names[e]))):
        links = _links(prints, names, ring, p)
        elders = {elder for link in links for elder in _line(link.ring_id, lines)}
        links = [link for link in links if link.ring_id not in elders]
        links = [link for link in links if 2 * link.strength >= links[0].strength][:_MOST]
        if links:
            found[ring] = tuple(links)
            lines[names[ring]] = {link.ring_id for link in links}
    return found


def _line(ring_id: str, lines: Mapping[str, set[str]]) -> set[str]:
    """Everybody before this ring."""
    elders: set[str] = set()
    waiting = [ring_id]
    while waiting:
        for elder in sorted(lines.get(waiting.pop(), ())):
            if elder not in elders:
                elders.add(elder)
                waiting.append(elder)
    return elders


def _links(prints: Footprints, names: Sequence[str], ring: int, p: Parameters) -> list[Link]:
    """What ties a ring to each earlier one, strongest first."""
    gap = (prints.start[ring] - prints.end) / _HOUR
    before = (prints.end != UNKNOWN) & (gap >= -p.lineage_overlap) & (gap <= p.lineage_gap)
    before[ring] = False
    trace = _trace(prints, ring)
    if not before.any() or not len(trace.objects):
        return []
    links = []
    for old in np.flatnonzero(before & (np.diff(trace.common.indptr) > 0)).tolist():
        taken = (_dense(trace.common[[old]]) > 0) & ~_tenants(prints, trace, ring, old, p)
        if link := _tie(prints, trace, ring, taken, p):
            reason = f"{link[1]} were {names[old]}'s; {_timing(prints, ring, old)}"
            links.append(Link(names[old], link[0], reason))
    return sorted(links, key=lambda link: (-round(link.strength, 9), age(link.ring_id)))


@dataclass(frozen=True)
class _Trace:
    """What one ring used: objects: [K]; value: [K], m·w bits; common: [E, K], each ring's accounts on them."""

    objects: Longs
    value: Reals
    common: sp.csr_array


def _trace(prints: Footprints, ring: int) -> _Trace:
    """Objects that say something: of at least one bit, and not of one account alone."""
    users = _dense(prints.users[[ring]])
    rings = np.bincount(prints.users.indices, minlength=len(users))
    objects = np.flatnonzero((users > 0) & (prints.weight >= 1.0) & ((prints.degree >= 2) | (rings >= 2)))
    return _Trace(objects, users[objects] * prints.weight[objects], sp.csr_array(prints.users[:, objects]))


def _dense(row: sp.csr_array) -> Reals:
    return np.asarray(row.toarray(), dtype=np.float64).ravel()


def _tenants(prints: Footprints, trace: _Trace, ring: int, old: int, p: Parameters) -> npt.NDArray[np.bool_]:
    """Addresses that a third ring used while either of the two did: they belong to a provider of both."""
    beside = np.zeros(len(prints.start), dtype=bool)
    for one in (ring, old):
        both = np.minimum(prints.end, prints.end[one]) - np.maximum(prints.start, prints.start[one])
        beside |= (both > p.lineage_overlap * _HOUR) | (prints.start == UNKNOWN) | (prints.end == UNKNOWN)
    beside[[ring, old]] = False
    third = trace.common[np.flatnonzero(beside)]
    several = np.bincount(third.indices[third.data >= 2], minlength=len(trace.objects)) > 0
    return np.asarray(several & (prints.kind[trace.objects] == ObjectType.IP.value))


def _tie(
    prints: Footprints, trace: _Trace, ring: int, taken: npt.NDArray[np.bool_], p: Parameters
) -> tuple[float, str] | None:
    """(strength, what was taken over in words); None: too little."""
    kinds = prints.kind[trace.objects]
    mine = prints.member.indices[prints.member.indptr[ring] : prints.member.indptr[ring + 1]]
    touch = prints.touch[mine][:, trace.objects].toarray() > 0
    strength, linked, words = 0.0, False, []
    for kind in sorted(
        set(kinds), key=lambda name: (list(_NAMES).index(name) if name in _NAMES else len(_NAMES), name)
    ):
        of = kinds == kind
        over = of & taken
        bits = float(prints.weight[trace.objects][over].sum())
        if bits < p.lineage_bits:
            continue
        share = float(trace.value[over].sum() / trace.value[of].sum())
        reach = float(touch[:, over].any(axis=1).mean())
        linked = linked or (share >= p.lineage_share and reach >= p.lineage_share)
        strength += min(share, reach)
        words.append(_count(str(kind), int(over.sum()), int(of.sum())))
    return (strength, _listed(words)) if linked else None


def _count(kind: str, taken: int, of: int) -> str:
    one, many = _NAMES.get(kind, (f"object of the kind {kind}", f"objects of the kind {kind}"))
    return f"{taken:,} of its {of:,} {one if of == 1 else many}"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def _timing(prints: Footprints, ring: int, old: int) -> str:
    """Exact where no account of the two overlaps, else about most accounts of each."""
    first, last, closed = int(prints.first[ring]), int(prints.last[old]), int(prints.closed[old])
    if UNKNOWN not in {first, last} and first >= last:
        text = f"first seen {_after(first - last)} that one was last seen"
    else:
        text = f"most of it came {_after(int(prints.start[ring] - prints.end[old]))} most of that one had fallen silent"
    return text + (f"; {closed:,} of the old accounts {'was' if closed == 1 else 'were'} closed" if closed else "")


def _after(gap: int) -> str:
    hours = round(gap / _HOUR)
    if hours < 1:
        return "as"
    if hours < 48:
        return f"{hours} hour{'' if hours == 1 else 's'} after"
    return f"{round(hours / 24)} days after"
