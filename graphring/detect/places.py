"""Where and when a group meets: places, which make innocents act together, and events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphring.detect.layers import Flags, Ints, Longs, Reals, busiest, edges_of
from graphring.detect.parameters import Parameters
from graphring.detect.relations import Relations

__all__ = ["Place", "find_place", "is_event", "joined_for_it"]


@dataclass(frozen=True)
class Place:
    """Where a group works together. at: 0..1, how far each account works at a place of the group; met: of the addresses
    beyond its two busiest, how many are such places; elsewhere: for each exchange of the group, account by account,
    whether it was sent from anywhere else (None: all were).
    """

    at: Reals
    met: Reals
    elsewhere: Flags | None


def find_place(r: Relations, p: Parameters, group: Ints) -> Place:
    """Where a group works at one place: a class room or a hall makes people act together and share an address.

    Places are the few addresses that a good part of the group's accounts use each, if others use them as well, or
    the group was there for a day or two, or they are but one or two, or most who use them are one known customer's: a
    network of proxies is of its own, lasts, and has more. What is sent at a place says nothing of synchrony, and to
    meet there nothing of rotation. An account works there by the share of its exchanges, scaled so that a fifth is
    nothing and half is all, if half of the group does.
    """
    layer, x = r.addresses, r.exchanges
    local, edge = edges_of(layer.start, group)
    objects, inverse = np.unique(layer.object[edge], return_inverse=True)
    users = np.bincount(inverse, minlength=len(objects))
    top = np.lexsort((np.arange(len(objects)), -users))[: p.site_addresses]
    top = top[users[top] >= max(p.place_share * len(group), 3.0)]
    none = np.zeros(len(group))
    if not len(top):
        return Place(none, none, None)
    rows = edges_of(x.start, group)[1]
    place = _where(x.ip[rows], r.address_code[objects[top]])
    brief = _briefly(place, x.seconds[rows] // 86_400, len(top)) >= p.venue_share
    public = users[top] <= p.venue_share * layer.degree[objects[top]]
    of_its_own = ~brief & ~public & ~_known_site(r, p, group[local], inverse, top)
    if len(np.unique(r.address_block[objects[top[of_its_own]]])) < p.pool_addresses:
        of_its_own[:] = False
    top = top[~of_its_own]
    elsewhere = ~np.isin(place, np.flatnonzero(~of_its_own))
    part = np.where(np.arange(len(top)) < 2, 0.5, 1.0) * p.venue_share
    site = top[users[top] >= part * len(group)]
    there = np.bincount(local, weights=layer.count[edge] * np.isin(inverse, site), minlength=len(group))
    share = there / np.maximum(np.bincount(local, weights=layer.count[edge], minlength=len(group)), 1.0)
    beyond, other = edges_of(r.roaming.start, group)
    met = np.bincount(beyond, weights=np.isin(r.roaming.object[other], objects[top]), minlength=len(group))
    scaled = np.clip((share - 0.2) / 0.3, 0.0, 1.0) if (share > 0).mean() >= p.venue_share else none
    return Place(np.where(r.customers.pretended[group], 0.0, scaled), met.astype(np.float64), elsewhere)


def _known_site(r: Relations, p: Parameters, account: Ints, address: Longs, top: Longs) -> Flags:
    """Which of the addresses `top` are those of a customer that says who it is, or has a mail domain: most users in the
    group are its accounts, three at least. Students with private mail work behind their university's addresses, too.

    Parameters
    ----------
    account, address: the edges.
    """
    code = r.customers.code[account]
    named = r.customers.named[code]
    found = np.zeros(len(top), dtype=bool)
    for i, t in enumerate(top):
        here = address == t
        most = np.unique(code[here & named], return_counts=True)[1].max(initial=0)
        found[i] = most >= max(3, p.venue_share * here.sum())
    return found


def is_event(r: Relations, p: Parameters, group: Ints) -> bool:
    """Whether a group came together on a day or two: most of its accounts were active then, and on its other days
    few of them, as in a workshop.
    """
    x = r.exchanges
    local, row = edges_of(x.start, group)
    days = np.unique((x.seconds[row] // 86_400).astype(np.int64) * len(group) + local) // len(group)
    _, active = np.unique(days, return_counts=True)
    usual = float(np.median(active)) if len(active) >= p.event_days else float(len(group))
    return bool(active.max(initial=0) >= max(p.venue_share * len(group), p.event_lift * usual))


def joined_for_it(r: Relations, p: Parameters, group: Ints, focus: Flags | None) -> bool:
    """Whether most of a group signed up for the day on which it did most of its work, which is that of many of it: a
    workshop, in a room or from home, repeated on three days at most. A ring's accounts lie ready before, or come and
    go on many days.

    Parameters
    ----------
    focus: for each exchange of the group, account by account, whether it counts; None: all do.
    """
    local, row = edges_of(r.exchanges.start, group)
    day = r.exchanges.seconds[row] // 86_400
    if focus is not None:
        local, day = local[focus], day[focus]
    if not len(day):
        return False
    pair, often = np.unique(local.astype(np.int64) << 32 | day, return_counts=True)
    who = pair >> 32
    most = busiest(who, often)
    home, share = pair[most] & 0xFFFFFFFF, often[most] / np.bincount(local)[who[most]]
    dates, users = np.unique(home, return_counts=True)
    many = users >= max(p.place_share * len(group), 3.0)
    dates = dates[many][np.lexsort((dates[many], -users[many]))][: p.event_dates]
    new = home - r.created[group[who[most]]] <= p.event_lead
    return bool((new & np.isin(home, dates) & (share >= p.event_work)).sum() >= p.venue_share * len(group))


def _where(address: Ints, places: Ints) -> Longs:
    """Which of some places each address is; -1: none."""
    order = np.argsort(places, kind="stable")
    nearest = order[np.minimum(np.searchsorted(places[order], address), len(places) - 1)]
    return np.where(places[nearest] == address, nearest, -1)


def _briefly(place: Longs, day: Ints, n: int) -> Reals:
    """For each of n places the share of exchanges there that fall on its two busiest days; place -1: elsewhere."""
    here = place >= 0
    pair, often = np.unique(place[here].astype(np.int64) << 32 | day[here], return_counts=True)
    order = np.lexsort((-often, pair >> 32))
    of = (pair >> 32)[order]
    rank = np.arange(len(of)) - np.searchsorted(of, of)
    busiest = np.bincount(of[rank < 2], weights=often[order][rank < 2], minlength=n)
    return np.asarray(busiest / np.maximum(np.bincount(place[here], minlength=n), 1), dtype=np.float64)
