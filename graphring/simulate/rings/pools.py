"""Pools behind a wrapper: load-balanced, paraphrased, careful, hydra, and a fixed prompt that fails over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import numpy as np

from graphring.simulate.events import DAY, SECOND, Events
from graphring.simulate.parameters import Span
from graphring.simulate.people import OPEN
from graphring.simulate.rings.campaign import COMMON, batches, cover, dealt, disguise, divided, volumes, work
from graphring.simulate.traffic import locate
from graphring.simulate.world import Group, World

__all__ = ["Careful", "FailOver", "Hydra", "Paraphrased", "Pool"]


class Pool:
    """50-500 accounts, few cards, one wrapper, batches within 1-5 minutes."""

    name = "pool"
    spans: ClassVar[dict[str, Span]] = COMMON | {
        "accounts": Span(50, 500, "members", log=True, whole=True),
        "fan": Span(10, 60, "requests of a batch", log=True, whole=True),
        "jitter": Span(1, 5, "minutes over which a batch spreads", hides=1),
        "own_cards": Span(0.0, 0.4, "share of members with a payment method of their own", hides=1),
    }

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """Make the accounts."""
        disguise(world, group, rng)

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """Batches over a divided pool of payloads."""
        related, unrelated = volumes(world, group, rng, float(rng.uniform(0.8, 1.6)))
        start = rng.uniform(0, 0.4) * world.days
        end = rng.uniform(0.65, 1.0) * world.days
        ts = batches(world, group, rng, int(related.sum()), start=start, end=end)
        yield divided(world, group, dealt(world, group, related, rng), ts, work(world, group, rng))
        yield cover(world, group, unrelated, rng)


class Paraphrased(Pool):
    """As the pool, but each request has another wording of the wrapper."""

    name = "paraphrased"
    spans: ClassVar[dict[str, Span]] = COMMON | {
        "accounts": Span(50, 400, "members", log=True, whole=True),
        "fan": Span(10, 60, "requests of a batch", log=True, whole=True),
        "in_system": Span(0.0, 0.0, "chance that a system prompt does without a wrapper"),
        "paraphrase": Span(0.85, 1.0, "share of requests whose wrapper has a wording of its own"),
        "public_wrapper": Span(0.0, 0.0, "chance that the wrapper was copied from a public place"),
    }


class Careful(Pool):
    """Own card, own address, jitter of 10-60 minutes."""

    name = "careful"
    spans: ClassVar[dict[str, Span]] = COMMON | {
        "accounts": Span(40, 400, "members", log=True, whole=True),
        "aged": Span(
            0.5, 1.0, "share of accounts that were bought or kept for long; the others sign up in waves", hides=1
        ),
        "fan": Span(5, 30, "requests of a batch", log=True, whole=True),
        "jitter": Span(10, 60, "minutes over which a batch spreads", hides=1),
        "own_cards": Span(1.0, 1.0, "share of members with a payment method of their own"),
        "shared_devices": Span(0.0, 0.05, "share of members whose device fingerprint is one of a farm", hides=-1),
    }

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """As the pool, each account from the places of its own."""
        own = replace(group, dials={**group.dials, "own_line": 1.0})
        for events in super().traffic(world, own, rng):
            events["ip"] = locate(rng, world, events["account"].astype(np.int64), events["ts"] // DAY)
            yield events


class Hydra(Pool):
    """600-20,000 accounts with virtual cards of their own, home connections and much unrelated traffic."""

    name = "hydra"
    spans: ClassVar[dict[str, Span]] = COMMON | {
        "accounts": Span(600, 20_000, "members", log=True, whole=True),
        "fan": Span(20, 200, "requests of a batch", log=True, whole=True),
        "own_cards": Span(0.85, 1.0, "share of members with a payment method of their own", hides=1),
        "residential": Span(0.6, 1.0, "share of requests through home connections of innocent people", hides=1),
        "unrelated": Span(0.6, 0.95, "share of the members' requests that is ordinary traffic of their own", hides=1),
        "virtual": Span(0.2, 0.8, "share of members whose card is virtual"),
    }

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """Virtual cards of few issuers."""
        disguise(world, group, rng)
        virtual = group.members[rng.random(len(group.members)) < group.dials["virtual"]]
        issuers = rng.integers(0, 60, 3)
        world.people.set(virtual, card_kind=1, issuer=issuers[rng.integers(0, 3, len(virtual))])


class FailOver(Pool):
    """A second pool wakes hours after the first one is stopped; only the wrapper is common."""

    name = "failover"
    spans: ClassVar[dict[str, Span]] = COMMON | {
        "accounts": Span(60, 400, "members of both pools", log=True, whole=True),
        "banned": Span(0.4, 1.0, "share of the first pool that the provider closed"),
        "fan": Span(10, 40, "requests of a batch", log=True, whole=True),
        "gap": Span(2, 48, "hours between the end of the first pool and the start of the second", log=True),
    }

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """Two pools that have nothing in common; the first one is closed."""
        half = len(group.members) // 2
        first, second = replace(group, members=group.members[:half]), replace(group, members=group.members[half:])
        for part in (first, second):
            disguise(world, part, rng)
        stop = self._stop(world, group)
        people = world.people
        people.created[first.members] = np.minimum(people.created[first.members], int(0.6 * stop * 86_400))
        at = (stop * 86_400 + rng.exponential(3600, half)).astype(np.int64)
        people.closed[first.members] = np.where(rng.random(half) < group.dials["banned"], at, OPEN)

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """The first pool, then the second, which goes on with the same work."""
        what = work(world, group, rng)
        half, stop = len(group.members) // 2, self._stop(world, group)
        wake = min(stop + group.dials["gap"] / 24, 0.9 * world.days)
        parts = ((group.members[:half], 0.05 * world.days, stop), (group.members[half:], wake, 0.98 * world.days))
        for number, (members, start, end) in enumerate(parts):
            part = replace(group, members=members)
            related, unrelated = volumes(world, part, rng)
            ts = batches(world, part, rng, int(related.sum()), start=start, end=end)
            pool = (group.name, number)
            yield divided(
                world, part, dealt(world, part, related, rng), ts, replace(what, offset=number * 10**7), pool=pool
            )
            events = cover(world, part, unrelated, rng)
            yield events if number else events[events["ts"] < (stop + 0.2) * 86_400 * SECOND]

    def _stop(self, world: World, group: Group) -> float:
        return float(world.rng("stop", group.name).uniform(0.35, 0.65)) * world.days
