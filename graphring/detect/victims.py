"""Victims: accounts of which a thief has the key, and uses it beside the owner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphring.detect.judge import PERSONAL, Verdict
from graphring.detect.layers import Flags, Ints, Longs, Reals, edges_of
from graphring.detect.parameters import Parameters
from graphring.detect.relations import Relations
from graphring.detect.sharing import carries
from graphring.model import Family

__all__ = ["victims"]


@dataclass(frozen=True)
class _Met:
    """The exchanges of a group with a known address. local: the account, numbered as in the group; row: the exchange;
    shared: whether another account of the group uses the address, too; work: whether it carries the group's wrapper.
    """

    local: Longs
    row: Longs
    shared: Flags
    work: Flags


def victims(r: Relations, v: Verdict, p: Parameters) -> Flags:
    """Which accounts of a ring are victims of a stolen key.

    By their lives: a known customer (declared, verified, with a mail domain of its own) that is `victim_days` older
    than the ring's accounts are in the median, sends a share `victim_share` of its requests from addresses that nobody
    else of the ring uses, and was there for `victim_before` days before it was first seen on one of the others'.

    By their hands: who works for the ring from its addresses and for itself from its own, each with hardly an
    exception (`hands_apart`), most of it for itself (`hands_own`), and holds no card or link of the ring's. A member
    that hides among requests of its own may look alike; so that is believed where few of the others do much from
    addresses of their own (`hands_rare`), or where so many are such (`hands_many`) that keys are what the ring lives
    on, but not most.
    """
    created = r.created[v.group]
    known = created[np.isfinite(created)]
    old = created <= (float(np.median(known)) if len(known) else -np.inf) - p.victim_days
    met = _met(r, v.group, p)
    alone, before = _two_lives(r, met, len(v.group))
    lives = (r.trust[v.group] > 0) & old & (alone >= p.victim_share) & (before >= p.victim_before)
    return np.asarray(lives | _two_hands(v, met, alone, p))


def _met(r: Relations, group: Ints, p: Parameters) -> _Met:
    x = r.exchanges
    local, row = edges_of(x.start, group)
    known = x.ip[row] >= 0
    work = _at_work(r, group, p)[known]
    local, row = local[known], row[known]
    pairs = np.unique(x.ip[row].astype(np.int64) * len(group) + local) // max(len(group), 1)
    address, users = np.unique(pairs, return_counts=True)
    shared = users[np.searchsorted(address, x.ip[row])] > 1 if len(row) else np.zeros(0, dtype=bool)
    return _Met(local, row, shared, work)


def _at_work(r: Relations, group: Ints, p: Parameters) -> Flags:
    """Which exchanges of a group carry a wrapper of its own."""
    layer, content = r.content.wrappers, r.content
    object_, heads = np.unique(layer.object[edges_of(layer.start, group)[1]], return_counts=True)
    own = np.zeros(layer.size, dtype=bool)
    own[object_[(heads >= p.belonging_heads) & (heads >= p.exclusive * layer.degree[object_])]] = True
    return np.asarray(carries(r.exchanges.start, content.carried, content.carried_start, group, own))


def _two_lives(r: Relations, met: _Met, n: int) -> tuple[Reals, Reals]:
    """Share of each account's requests from addresses that it alone of the ring uses; and for how many days it was
    there before it was first seen on an address of others (0: never seen there).
    """
    local, shared, seconds = met.local, met.shared, r.exchanges.seconds[met.row]
    total = np.maximum(np.bincount(local, minlength=n), 1)
    alone = 1.0 - np.bincount(local[shared], minlength=n) / total
    first, there = np.full(n, np.inf), np.full(n, np.inf)
    np.minimum.at(first, local, seconds)
    np.minimum.at(there, local[shared], seconds[shared])
    known = np.isfinite(there)
    return alone, np.where(known, np.where(known, there, 0.0) - np.where(known, first, 0.0), 0.0) / 86_400.0


def _two_hands(v: Verdict, met: _Met, alone: Reals, p: Parameters) -> Flags:
    n = len(v.group)
    total = np.maximum(np.bincount(met.local, minlength=n), 1)
    own = np.bincount(met.local[~met.shared & ~met.work], minlength=n)
    theirs = np.bincount(met.local[met.shared & met.work], minlength=n)
    holds = np.zeros(n, dtype=bool)
    for s in v.signals:
        if s.family in {Family.PAYMENT, Family.OTHER} and s.name not in PERSONAL:
            holds |= s.bits > 0.0
    hands = (theirs > 0) & (own >= p.hands_own * total) & (own + theirs >= p.hands_apart * total) & ~holds
    elsewhere = alone[~hands] >= p.hands_elsewhere
    rare = bool(len(elsewhere)) and float(elsewhere.mean()) <= p.hands_rare
    return np.asarray(hands & (rare | (p.hands_many <= hands.mean() <= 1.0 - p.hands_many)))
