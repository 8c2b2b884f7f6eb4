"""What links tell beyond whom accounts share: that they came to them at the same time, and that they go the same ways.

In a world of links alone this is what tells one hand from people who happen to meet. An employer pays fifty people who
have nothing else in common and came one by one; a hand opens fifty accounts, funds them in an afternoon and leads them
to the same six services.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from graphring.detect.groups import communities
from graphring.detect.layers import Flags, Ints, Layer, Longs, Reals, edges_of
from graphring.detect.parameters import Parameters
from graphring.detect.sharing import poisson_bits
from graphring.detect.sightings import Linked
from graphring.detect.signals import Signal
from graphring.model import Family

__all__ = ["AT_ONCE", "WAYS", "Dates", "dated", "habits", "linked_signals", "one_event", "same_time", "usual_ways"]

AT_ONCE: Final = "come at the same time"
WAYS: Final = "go the same ways"
"""How the names of the two signals begin; a colon and the type of the links follow."""

_DAY = 1.0
_OWN = 3.0
"""How many times commoner in a group than elsewhere what is common to it is."""
_SPAN = 1e6
"""Days between the times of two objects, where all are put on one line."""


@dataclass(frozen=True)
class Dates:
    """When the links of one layer were made. linked: as read; days: all that are known, sorted; usual: how likely two
    users of one object come within a day of one another, whoever they are: news is read on the day it comes out.
    """

    linked: Linked
    days: Reals
    usual: float

    @classmethod
    def of(cls, layer: Layer, linked: Linked, customer: Ints, suspects: Flags) -> Dates:
        """Learn from those that are no suspects."""
        known = np.isfinite(linked.first)
        account = layer.accounts
        use = known & ~suspects[account]
        near, others = _near(layer.object[use].astype(np.int64), customer[account[use]], linked.first[use])
        several = others > 0
        share = np.bincount(layer.object[use][several], weights=near[several] / others[several], minlength=layer.size)
        users = np.bincount(layer.object[use][several], minlength=layer.size)
        usual = float((share[users > 0] / users[users > 0]).mean()) if users.any() else 0.0
        return cls(linked, np.sort(linked.first[known]), usual)


@dataclass(frozen=True)
class Meeting:
    """Edges of a group on objects of its own. local: the account's place in the group; near: other customers of the
    group that came to the object within a day; chance: how many would by chance; day: when; account: the object, if it
    is an account, else -1.
    """

    local: Longs
    near: Reals
    chance: Reals
    day: Reals
    account: Longs


def same_time(layer: Layer, dates: Dates, group: Ints, customer: Ints, exclusive: float) -> Meeting:
    """Who came to the group's own objects at the same time.

    By chance each of the others comes within a day as often as users of one object do in this layer, or as the share of
    all its links that are made within a day of the account's, whichever is more.

    Parameters
    ----------
    exclusive: objects of whose customers a smaller share is in the group are not its own.
    """
    local, edge = edges_of(layer.start, group)
    known = np.isfinite(dates.linked.first[edge])
    local, edge = local[known], edge[known]
    obj, day = layer.object[edge], dates.linked.first[edge]
    near, others = _near(obj.astype(np.int64), customer[group[local]], day)
    own = (others >= 1) & (others + 1 >= exclusive * layer.degree[obj])
    around = np.searchsorted(dates.days, day + _DAY, "right") - np.searchsorted(dates.days, day - _DAY)
    chance = others * np.maximum(around / max(len(dates.days), 1), dates.usual)
    return Meeting(local[own], near[own], chance[own], day[own], np.where(dates.linked.accounts[obj], obj, -1)[own])


def dated(links: Sequence[Layer], dates: Sequence[Dates], group: Ints) -> float:
    """The share of a group's links of which it is known when they were made."""
    pairs = zip(links, dates, strict=True)
    return float(np.isfinite(np.concatenate([d.linked.first[edges_of(x.start, group)[1]] for x, d in pairs])).mean())


def one_event(links: Sequence[Layer], dates: Sequence[Dates], group: Ints, customer: Ints, p: Parameters) -> bool:
    """Whether all that a group does at the same time falls on one date, its accounts have nothing to do with one
    another themselves, and most of what they do they do each for himself: people who came to a workshop, or were given
    something on one day.
    """
    met = [same_time(layer, when, group, customer, p.exclusive) for layer, when in zip(links, dates, strict=True)]
    timed = np.sort(np.concatenate([m.day[m.near > 0] for m in met]))
    if not len(timed):
        return False
    among = np.unique(np.concatenate([m.local[(m.near > 0) & (m.account >= 0)] for m in met]))
    partners = sum(len(np.unique(m.account[(m.near > 0) & (m.account >= 0)])) for m in met)  # one of them: an organiser
    together = np.searchsorted(timed, timed + p.event_span, "right") - np.arange(len(timed))
    alike = float(np.mean([_alike(layer, group, p.habit_share) for layer in links]))
    return bool(
        (len(among) < p.venue_share * len(group) or partners < p.event_partners * len(group))
        and together.max() >= p.event_links * len(timed)
        and alike < p.event_alike
    )


def _alike(layer: Layer, group: Ints, least: float) -> float:
    """The share of what the group's accounts use that is common to it: a share `least` of them uses it, two at least,
    and a smaller share of everybody else, by a factor of _OWN.
    """
    _, edge = edges_of(layer.start, group)
    objects, users = np.unique(layer.object[edge], return_counts=True)
    rest = max(len(layer.start) - 1 - len(group), 1)
    elsewhere = np.maximum(layer.degree[objects] - users, 0) / rest
    common = (users >= max(least * len(group), 2.0)) & (users / len(group) >= _OWN * elsewhere)
    return float(users[common].sum() / max(users.sum(), 1))


def _near(obj: Longs, owner: Ints, day: Reals) -> tuple[Reals, Reals]:
    """For each use: (other owners that came to its object within a day, all others on it); an owner comes when it first
    does.
    """
    _, column = np.unique(obj, return_inverse=True)
    order = np.lexsort((day, owner, column))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (column[order][1:] != column[order][:-1]) | (owner[order][1:] != owner[order][:-1])
    head = order[new]
    others = np.bincount(column[head], minlength=int(column.max(initial=-1)) + 1)[column] - 1.0
    start = float(day.min(initial=0.0))
    at = np.sort(column[head] * _SPAN + day[head] - start)
    mine = column * _SPAN + day - start
    near = np.searchsorted(at, mine + _DAY, "right") - np.searchsorted(at, mine - _DAY) - 1.0
    return np.clip(near, 0.0, others), others


def habits(layer: Layer, group: Ints, least: float, exclusive: float) -> tuple[Reals, Reals, Reals]:
    """(bits, objects used, objects expected), [n] each: how much likelier the group's other accounts than everybody
    else use what an account uses (naive Bayes), over the objects that a share `least` of the group uses, without its
    own ones: those of whose accounts a share `exclusive` is in it.

    The object that says most is left out: it may be why the group was found.
    """
    n = len(group)
    local, edge = edges_of(layer.start, group)
    objects, column, users = np.unique(layer.object[edge], return_inverse=True, return_counts=True)
    usual = np.flatnonzero((users >= least * n) & (users >= 3) & (users < exclusive * layer.degree[objects]))
    everybody = len(layer.start) - 1
    nothing = np.zeros(n)
    if not len(usual) or n >= everybody:
        return nothing, nothing, nothing
    has = np.zeros((n, len(usual)))
    place = np.full(len(objects), -1)
    place[usual] = np.arange(len(usual))
    here = place[column] >= 0
    has[local[here], place[column[here]]] = 1.0
    outside = (layer.degree[objects[usual]] - users[usual]).clip(0) + 0.5
    rate = np.minimum(outside / (everybody - n + 1.0), 0.999)
    inside = np.clip((users[usual] - has + 0.5) / n, 0.001, 0.999)  # without the account itself
    said = np.where(has > 0, np.log2(inside / rate), np.log2((1.0 - inside) / (1.0 - rate)))
    bits = said.sum(axis=1) - said.max(axis=1).clip(0.0)
    return bits, has.sum(axis=1), np.full(n, float(rate.sum()))


def usual_ways(layer: Layer, p: Parameters) -> float:
    """The bits of habits that communities have as a rule: people of one interest go the same ways too. The third
    quartile of the communities' medians, at the finest resolution; at least 0.
    """
    found = [
        float(np.median(habits(layer, group, p.habit_share, p.exclusive)[0]))
        for group in communities(layer, max(p.resolutions), p.hub_link, p.seed)
        if len(group) >= p.min_ring
    ]
    return max(float(np.quantile(found, 0.75)), 0.0) if found else 0.0


def linked_signals(  # noqa: PLR0917
    links: Sequence[Layer],
    dates: Sequence[Dates],
    usual: Mapping[str, float],
    group: Ints,
    customer: Ints,
    p: Parameters,
) -> list[Signal]:  # fmt: skip
    """What only worlds of links alone need: for each type of links, who came at the same time, and who goes the same
    ways more than is `usual`.
    """
    found: list[Signal] = []
    n = len(group)
    if p.same_time_cap <= 0.0:
        return found
    for layer, when in zip(links, dates, strict=True):
        met = same_time(layer, when, group, customer, p.exclusive)
        each = np.clip(poisson_bits(met.near, met.chance), 0.0, p.same_time_bits)
        shared = np.bincount(met.local, minlength=n)
        effect = np.clip(2.0 * np.bincount(met.local[each > 0], minlength=n) / np.maximum(shared, 1), 0.0, 1.0)
        bits = np.minimum(np.bincount(met.local, weights=each, minlength=n), p.same_time_cap) * effect
        observed = np.bincount(met.local, weights=met.near, minlength=n).astype(np.float64)
        expected = np.bincount(met.local, weights=met.chance, minlength=n).astype(np.float64)
        found.append(
            Signal(f"{AT_ONCE}: {layer.name}", Family.TIMING, bits, observed, expected, layer.name, shared * 1.0)
        )
        said, used, likely = habits(layer, group, p.habit_share, p.exclusive)
        bits = np.clip(said - usual.get(layer.name, 0.0), 0.0, p.habit_cap)
        found.append(Signal(f"{WAYS}: {layer.name}", Family.OTHER, bits, used, likely, layer.name))
    return found
