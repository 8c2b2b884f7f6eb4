"""Rings that send one wrapper and have nothing else in common: pools of accounts, told apart.

A wrapper is sold, copied and reworded: several rings may send it. They are told apart by what their accounts are
bought and run with (cards, links, addresses) and by what goes through the wrapper (payloads, conversations), where
both are apart and the pools are at it on the same days. A pool that takes over from a banned one is of the same ring.
"""

from __future__ import annotations

import numpy as np

from graphring.detect.cuts import (
    communities_of,
    connections,
    crossings,
    merged,
    nearest,
    own_objects,
    parts_of,
    ratios,
    settled,
    told,
)  # fmt: skip
from graphring.detect.layers import Ints, Layer, Longs, Reals
from graphring.detect.parameters import Parameters
from graphring.detect.relations import Relations

__all__ = ["held_by", "pools", "run_together", "split_pools"]


def split_pools(r: Relations, group: Ints, p: Parameters) -> list[Ints]:
    """Parts of a work that are at it on the same days and have nothing in common but its wrapper (`pools`)."""
    held, sent = _layers(r, group, p)
    label = communities_of(held, group, p)
    if label.max() < 1:
        return [group]
    label = settled(nearest(sent, _pooled(r, group, held, sent, label, p)))  # and with all that belongs to each:
    return parts_of(group, _pooled(r, group, held, sent, label, p))


def pools(r: Relations, parts: list[Ints], p: Parameters) -> list[Ints]:
    """Parts of one work, joined but for those that are at it on the same days and have nothing in common but its
    wrapper: neither cards, links and addresses nor payloads and conversations. Who bought or copied a wrapper is
    another ring; a pool that takes over from a banned one is not.
    """
    if len(parts) == 1:
        return parts
    group = np.concatenate(parts)
    order = np.argsort(group)
    group = group[order]
    label = np.repeat(np.arange(len(parts)), [len(part) for part in parts])[order]
    return parts_of(group, _pooled(r, group, *_layers(r, group, p), label, p))


def _pooled(r: Relations, group: Ints, held: Layer, sent: Layer, label: Longs, p: Parameters) -> Longs:  # noqa: PLR0917
    def close(held: Reals, sent: Reals, of: Reals) -> Reals:
        accounts, days = of[:, 0], of[:, 1:]
        active, both = days.sum(axis=1), np.minimum(days[:, None, :], days[None, :, :]).sum(axis=2)
        one = both < p.pool_days * np.minimum.outer(active, active)  # it takes over
        one |= np.minimum.outer(accounts, accounts) < p.pool_least  # a lot of cards or a flat
        queue = ratios(sent)
        one |= (sent >= p.pool_sent) & (queue >= p.pool_queue)
        return np.maximum(told(held, p.pool_apart, p.pool_told), np.where(one, p.pool_apart + queue, 0.0))

    pairs = [connections(layer, label) for layer in (held, sent)]
    return merged(label, pairs, close, p.pool_apart, _active(r, group, label))


def run_together(r: Relations, one: Ints, other: Ints, p: Parameters) -> float:
    """Connections of two groups by cards, links and addresses."""
    union = np.union1d(one, other).astype(np.int32)
    return crossings(held_by(r), union, np.isin(union, other), p)


def held_by(r: Relations) -> tuple[Layer, ...]:
    """What a pool of accounts is bought and run with."""
    return (r.payments, *r.links, r.roaming, r.lines)


def _layers(r: Relations, group: Ints, p: Parameters) -> tuple[Layer, Layer]:
    """(what the pools of a group are held by, what goes through their wrapper): the group's own objects."""
    return own_objects(held_by(r), group, p), own_objects((r.content.items, r.conversations), group, p)


def _active(r: Relations, group: Ints, label: Longs) -> Reals:
    """Accounts of each part, and those of them that were active on each day, [m, 1 + days]."""
    x = r.exchanges
    active = np.zeros((int(label.max()) + 1, 2 + int(x.seconds.max(initial=0)) // 86_400))
    for a, part in zip(group, label, strict=True):
        if part >= 0:
            active[part, 0] += 1.0
            active[part, 1 + np.unique(x.seconds[x.start[a] : x.start[a + 1]] // 86_400)] += 1.0
    return active
