"""Programs of honest customers: production applications, CI fleets, moves to a new key, a reseller's customers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

import numpy as np

from graphring.simulate import addresses
from graphring.simulate.draws import fold, mix, pick
from graphring.simulate.events import DAY, SECOND, Events
from graphring.simulate.lookalikes.habit import amounts, billed_together, landed, ordinary
from graphring.simulate.parameters import Span
from graphring.simulate.people import DEVELOPER, SERVICE
from graphring.simulate.text.prompts import topic
from graphring.simulate.traffic import organic
from graphring.simulate.world import Group, World

__all__ = ["CiFleet", "Migration", "Production", "Reseller"]

_KEPT: Final = (
    "country", "zone", "persona", "line", "provider", "lease", "mobile", "vpn", "away", "site", "model", "agent",
    "agent2", "email", "organisation", "plan",
)  # fmt: skip
"""What a customer keeps when it moves to a new key."""
_DOCUMENTS: Final = tuple(topic(name) for name in ("text", "text_long", "write", "code", "know", "plan", "math"))


class Production:
    """A company's application over several keys: one template round the clock, one declared customer or none."""

    name = "production"
    spans: ClassVar[dict[str, Span]] = {
        "accounts": Span(3, 24, "keys, each an account", log=True, whole=True),
        "declared": Span(0.0, 1.0, "above 0.4 the organisation is declared, above 0.25 there is a mail domain"),
        "night": Span(0.2, 1.0, "traffic at night, compared with the day"),
        "servers": Span(1, 8, "addresses", whole=True),
        "volume": Span(2.0, 8.0, "requests of a key, in means of the world", log=True),
    }

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """One card, keys made one after the other."""
        dials, members, people = group.dials, group.members, world.people
        landed(world, members, domain=dials["declared"] > 0.25, declared=dials["declared"] > 0.4)
        first = rng.uniform(-300, 0.2 * world.days)
        people.created[members] = ((first + np.sort(rng.exponential(12, len(members)))) * 86_400).astype(np.int64)
        people.created[members] = np.minimum(people.created[members], int(world.days * 60_000))
        people.set(members, persona=SERVICE, plan=int(rng.choice([1, 3, 5])))
        billed_together(world, members)

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """Requests as its users come, dealt to the keys in turn."""
        size = int(len(group.members) * world.per_account * group.dials["volume"])
        day = rng.random(size) * world.days
        keep = rng.random(size) < np.where(np.abs((day * 24 % 24) - 14) < 7, 1.0, group.dials["night"])
        ts = np.sort((day[keep] * DAY).astype(np.int64))
        account = group.members[np.arange(len(ts)) % len(group.members)]
        servers = addresses.cloud(mix(np.arange(int(group.dials["servers"])), world.salt("servers", group.name)))
        kinds = rng.choice(_DOCUMENTS, 2)
        payload = rng.integers(1, 2**63, len(ts)).astype(np.uint64)
        again = rng.random(len(ts)) < 0.04
        payload[again] = payload[rng.integers(0, max(1, len(ts) // 50), int(again.sum()))]
        yield world.alive(
            world.requests(
                rng, account, ts, ip=servers[pick(mix(payload, 3), len(servers))], payload=payload,
                wrapper=world.wrapper(group.name), system=world.system(group.name) if rng.random() < 0.5 else 0,
                topic=kinds[pick(mix(payload, 4), 2)],
            )
        )  # fmt: skip


class CiFleet:
    """Customers whose pipelines run on the runners of one cloud: common addresses, common tool, own schedules."""

    name = "ci_fleet"
    spans: ClassVar[dict[str, Span]] = {
        "accounts": Span(20, 250, "customers", log=True, whole=True),
        "hourly": Span(0.2, 0.9, "share of runs that start at :00 or :30"),
        "runners": Span(10, 120, "addresses of the runners", log=True, whole=True),
        "tool": Span(0.2, 0.9, "share of customers that use the popular review tool"),
    }

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """Developers who have nothing in common but the cloud and perhaps the tool."""
        members = group.members
        people, tool = world.people, world.wrapper((group.name, "tool"))
        own = np.asarray([world.wrapper((group.name, k)) for k in range(len(members))])
        people.set(
            members, persona=DEVELOPER, wrapper=np.where(rng.random(len(members)) < group.dials["tool"], tool, own),
            wrapped=0.2, agent=int(rng.integers(0, 10)),
        )  # fmt: skip

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """Runs of a few requests each, on one runner; and the developers' own work."""
        people, members = world.people, group.members
        runs = np.maximum(1, amounts(world, len(members), rng, 0.7) // 4)
        owner = np.repeat(np.arange(len(members)), runs)
        start = rng.random(len(owner)) * world.days * 24
        tick = np.floor(start * 2) / 2 + rng.exponential(0.006, len(owner))
        start = np.where(rng.random(len(owner)) < group.dials["hourly"], tick, start)
        size = 1 + rng.poisson(3.0, len(owner))
        run = np.repeat(np.arange(len(owner)), size)
        ts = ((start[run] * 3600 + rng.exponential(40.0, len(run))) * SECOND).astype(np.int64)
        runners = addresses.cloud(mix(np.arange(int(group.dials["runners"])), world.salt("runners", group.name)))
        account = members[owner[run]]
        yield world.alive(
            world.requests(
                rng, account, ts, ip=runners[pick(fold(run, owner[run], world.salt(group.name)), len(runners))],
                payload=rng.integers(1, 2**63, len(run)).astype(np.uint64), wrapper=people.wrapper[account],
                topic=np.where(rng.random(len(run)) < 0.7, topic("code_long"), topic("code")),
            )
        )  # fmt: skip
        yield ordinary(world, group, rng, 0.5)


class Migration:
    """A customer moves to a new key: the old account falls silent, the new one goes on, conversations included."""

    name = "migration"
    spans: ClassVar[dict[str, Span]] = {
        "accounts": Span(2, 6, "accounts, used one after the other", whole=True),
        "overlap": Span(0.0, 3.0, "days on which both are used"),
    }

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """The habits of the first account go on in the next ones."""
        people, members = world.people, group.members
        first = int(members[0])
        for column in _KEPT:
            people.set(members, **{column: getattr(people, column)[first]})
        people.set(
            members, wrapper=world.wrapper(group.name), wrapped=rng.uniform(0.3, 0.9), api=0.5, begins=0.0, lasts=1.0
        )
        steps = np.sort(rng.uniform(0.15, 0.85, len(members) - 1)) * world.days
        people.created[members[1:]] = ((steps - rng.random(len(steps)) * 2) * 86_400).astype(np.int64)
        billed_together(world, members)

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """One after the other."""
        ends = [*(world.people.created[group.members[1:]] / 86_400 + group.dials["overlap"]), float(world.days)]
        starts = [0.0, *(world.people.created[group.members[1:]] / 86_400)]
        last = np.zeros(0, dtype=np.uint64)
        for account, start, end in zip(group.members, starts, ends, strict=True):
            counts = np.maximum(3, amounts(world, 1, rng, 2.0))
            events = organic(
                rng, world, np.asarray([account]), counts, first=max(start, 0.0), last=max(end, start + 0.5)
            )
            if len(last) and len(events):
                rows = np.flatnonzero((rng.random(len(events)) < 0.1) & (events["conversation"] != 0))
                events["conversation"][rows] = last[rng.integers(0, len(last), len(rows))]
            last = events["conversation"][events["conversation"] != 0]
            yield events


class Reseller:
    """A reseller's honest customers: its egress and its billing, their own work and hours."""

    name = "reseller"
    spans: ClassVar[dict[str, Span]] = {
        "accounts": Span(30, 300, "customers", log=True, whole=True),
        "billed": Span(0.2, 1.0, "share of customers whose bill the reseller pays"),
        "egress": Span(2, 20, "addresses of the reseller", log=True, whole=True),
        "through": Span(0.4, 0.95, "share of sessions through the reseller"),
    }

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """Shared network and payment; everything else is their own."""
        members = group.members
        billed = members[rng.random(len(members)) < group.dials["billed"]]
        if len(billed):
            billed_together(world, billed)
        doors = addresses.cloud(mix(np.arange(int(group.dials["egress"])), world.salt("egress", group.name)))
        world.people.set(
            members, site=doors[rng.integers(0, len(doors), len(members))],
            away=np.clip(rng.normal(group.dials["through"], 0.1, len(members)), 0, 1),
        )  # fmt: skip

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """Ordinary work."""
        yield ordinary(world, group, rng)
