"""Victims: accounts of which a thief has the key, and uses it beside the owner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphring.detect.cuts import own_objects
from graphring.detect.judge import OWNED, Verdict
from graphring.detect.layers import Flags, Ints, Longs, Reals, edges_of
from graphring.detect.parameters import Parameters
from graphring.detect.relations import Relations
from graphring.detect.sharing import carries

__all__ = ["victims"]


@dataclass(frozen=True)
class _Met:
    """The exchanges with a known address of a group of n. local: the account, numbered as in the group; seconds: when;
    shared: whether another account of the group uses the address, too; work: whether it carries the group's wrapper.
    """

    n: int
    local: Longs
    seconds: Ints
    shared: Flags
    work: Flags

    def share(self, of: Flags) -> Reals:
        """[n] the share of such exchanges among each account's."""
        total = np.maximum(np.bincount(self.local, minlength=self.n), 1)
        return np.asarray(np.bincount(self.local[of], minlength=self.n) / total)

    def span(self, of: Flags) -> tuple[Reals, Reals]:
        """[n] the seconds of the first and the last of such exchanges of each account; inf, 0: it has none."""
        first, last = np.full(self.n, np.inf), np.zeros(self.n)
        np.minimum.at(first, self.local[of], self.seconds[of])
        np.maximum.at(last, self.local[of], self.seconds[of])
        return first, last

    def days(self, of: Flags) -> Reals:
        """[n] days from the first to the last of such exchanges of each account; 0: it has none."""
        first, last = self.span(of)
        return np.asarray((last - np.minimum(first, last)) / 86_400.0)


def victims(r: Relations, v: Verdict, p: Parameters) -> Flags:
    """Which accounts of a ring are victims of a stolen key.

    By their lives: a known customer (declared, verified, with a mail domain of its own) that is `victim_days` older
    than the ring's accounts are in the median, sends a share `victim_share` of its requests from addresses that nobody
    else of the ring uses, and was there for `victim_before` days before it was first seen on one of the others', for
    `hands_days` at most: a stolen key is used until that is noticed, an account that was bought for good.

    By their hands: who works for the ring from its addresses and for itself from its own, each with hardly an
    exception (`hands_apart`), most of it for itself (`hands_own`), and holds no card or link of the ring's. A member
    that hides among requests of its own looks alike, but hides as long as it works. So a stolen key, too, is one that
    was used for a few days, and that is believed where few of the others do much from addresses of their own
    (`hands_rare`), or where so many are such (`hands_many`) that keys are what the ring lives on, but not most, and in
    all for much shorter than it would be by chance (`hands_brief`).
    """
    created = r.created[v.group]
    known = created[np.isfinite(created)]
    old = created <= (float(np.median(known)) if len(known) else -np.inf) - p.victim_days
    met = _met(r, v.group, p)
    alone, before = _two_lives(met)
    lives = (r.trust[v.group] > 0) & old & (alone >= p.victim_share) & (before >= p.victim_before)
    lives &= met.days(met.shared) <= p.hands_days
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
    return _Met(len(group), local, x.seconds[row], shared, work)


def _at_work(r: Relations, group: Ints, p: Parameters) -> Flags:
    """Which exchanges of a group carry a wrapper of its own."""
    content = r.content
    common = own_objects((content.wrappers,), group, p)
    own = np.zeros(content.wrappers.size, dtype=bool)
    own[common.key[common.degree >= p.belonging_heads]] = True
    return np.asarray(carries(r.exchanges.start, content.carried, content.carried_start, group, own))


def _two_lives(met: _Met) -> tuple[Reals, Reals]:
    """Share of each account's requests from addresses that it alone of the ring uses; and for how many days it was
    there before it was first seen on an address of others (0: never seen there).
    """
    (first, _), (there, _) = met.span(np.ones(len(met.local), dtype=bool)), met.span(met.shared)
    known = np.isfinite(there)
    before = np.where(known, np.where(known, there, 0.0) - np.where(known, first, 0.0), 0.0) / 86_400.0
    return 1.0 - met.share(met.shared), before


def _by_chance(met: _Met, of: Flags) -> Reals:
    """[n] what `_Met.days` would be in the mean if the days on which it happened were any of the account's.

    The mean range of d uniform draws from a span of L days is L (d - 1) / (d + 1) (David and Nagaraja, Order
    Statistics, 2003).
    """
    on = np.unique(np.column_stack([met.local[of], met.seconds[of] // 86_400]), axis=0)[:, 0]
    often = np.maximum(np.bincount(on, minlength=met.n), 1)
    return np.asarray(met.days(np.ones(len(met.local), dtype=bool)) * (often - 1.0) / (often + 1.0))


def _two_hands(v: Verdict, met: _Met, alone: Reals, p: Parameters) -> Flags:
    own, theirs, apart = (
        met.share(x) for x in (~met.shared & ~met.work, met.shared & met.work, met.shared == met.work)
    )
    holds = (v.families[:, OWNED] > 0.0).any(axis=1)
    hands = (theirs > 0.0) & (own >= p.hands_own) & (apart >= p.hands_apart) & ~holds
    elsewhere = alone[~hands] >= p.hands_elsewhere
    rare = bool(len(elsewhere)) and float(elsewhere.mean()) <= p.hands_rare
    days, chance = met.days(met.shared & met.work), _by_chance(met, met.shared & met.work)
    brief = float(days[hands].sum()) < p.hands_brief * float(chance[hands].sum())
    brief &= bool((chance[hands] > 0.0).sum() > 0.5 * hands.sum())  # one sitting is as brief whoever it was
    many = brief and p.hands_many <= hands.mean() <= 1.0 - p.hands_many
    return np.asarray(hands & (days <= p.hands_days) & (rare or many))
