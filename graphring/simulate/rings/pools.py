"""Pools behind one wrapper: load-balanced, hydra, and a fixed prompt that fails over to a second pool."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from graphring.simulate.events import Events
from graphring.simulate.parameters import Span
from graphring.simulate.rings.campaign import COMMON, batches, cover, disguise, divided, volumes
from graphring.simulate.text.prompts import topic
from graphring.simulate.world import Group, World

__all__ = ["FailOver", "Hydra", "Pool"]

_DISTILLED: Final = tuple(topic(name) for name in ("math", "code", "know", "code_long", "write", "text"))


class Pool:
    """50-500 accounts, few cards, one wrapper, batches within 1-5 minutes."""

    name = "pool"
    spans: Final[dict[str, Span]] = COMMON | {
        "accounts": Span(50, 500, "members", log=True, whole=True),
        "jitter": Span(1, 5, "minutes over which a batch spreads"),
        "own_cards": Span(0.0, 0.4, "share of members with a payment method of their own"),
        "fan": Span(10, 60, "requests of a batch", whole=True),
    }

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """Make the accounts."""
        disguise(world, group, rng)

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """Batches over a divided pool."""
        related, unrelated = volumes(world, group, rng)
        wrapper = world.wrapper(group.name, group.dials["paraphrase"])
        system = world.system(group.name) if rng.random() < 0.5 else 0
        start = rng.uniform(0, 0.4) * world.days
        end = rng.uniform(0.7, 1.0) * world.days
        ts = batches(world, group.dials, rng, int(related.sum()), start, end, int(group.dials["fan"]))
        some = tuple(rng.choice(_DISTILLED, 3, replace=False))
        yield divided(world, group, rng, related, ts, wrapper=wrapper, system=system, name=group.name, topics=some)
        yield cover(world, group, unrelated, rng)


class Hydra(Pool):
    """600-20,000 accounts with cards of their own, home connections and much unrelated traffic."""

    name = "hydra"
    spans: Final[dict[str, Span]] = COMMON | {
        "accounts": Span(600, 20_000, "members", log=True, whole=True),
        "unrelated": Span(0.6, 0.95, "share of the members' requests that is ordinary traffic of their own"),
        "own_cards": Span(0.9, 1.0, "share of members with a payment method of their own"),
        "residential": Span(0.7, 1.0, "share of requests through home connections of innocent people"),
        "fan": Span(20, 80, "requests of a batch", whole=True),
    }


class FailOver(Pool):
    """A second pool wakes hours after the first is stopped; only the wrapper is common."""

    name = "failover"
    spans: Final[dict[str, Span]] = COMMON | {
        "accounts": Span(60, 400, "members of both pools", log=True, whole=True),
        "gap": Span(2, 30, "hours between the end of the first pool and the start of the second", log=True),
        "fan": Span(10, 40, "requests of a batch", whole=True),
    }

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """First one half, then the other."""
        wrapper = world.wrapper(group.name, group.dials["paraphrase"])
        system = world.system(group.name) if rng.random() < 0.5 else 0
        stop = rng.uniform(0.4, 0.6) * world.days
        some = tuple(rng.choice(_DISTILLED, 3, replace=False))
        half = len(group.members) // 2
        spans = ((0.1 * world.days, stop), (stop + group.dials["gap"] / 24, 0.97 * world.days))
        for number, (members, (start, end)) in enumerate(
            zip((group.members[:half], group.members[half:]), spans, strict=True)
        ):
            part = Group(group.name, group.kind, members, group.dials, group.ring)
            related, unrelated = volumes(world, part, rng)
            ts = batches(world, group.dials, rng, int(related.sum()), start, end, int(group.dials["fan"]))
            world.people.created[members] = np.minimum(world.people.created[members], int(start * 86_400))
            yield divided(
                world, part, rng, related, ts, wrapper=wrapper, system=system, name=(group.name, number), topics=some
            )
            events = cover(world, part, unrelated, rng)
            yield events if number else events[events["ts"] < stop * 86_400e6]
        closed = rng.random(half) < 0.7
        at = (stop * 86_400 + rng.uniform(0, 4 * 3600, half)).astype(np.int64)
        world.people.closed[group.members[:half]] = np.where(closed, at, world.people.closed[group.members[:half]])
