"""People who share a site: companies, courses, and users of one popular agent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from graphring.simulate import addresses
from graphring.simulate.draws import heavy_tail, mix, salt
from graphring.simulate.events import SECOND, Events, make
from graphring.simulate.parameters import Span
from graphring.simulate.text.prompts import topic
from graphring.simulate.traffic import organic
from graphring.simulate.world import Group, World

__all__ = ["Agent", "Company", "Course"]


def ordinary(world: World, group: Group, rng: np.random.Generator, factor: float = 0.8) -> Events:
    """Ordinary traffic of the members, by their habits."""
    counts = np.round(heavy_tail(rng, len(group.members), median=world.per_account * factor * 0.5, sigma=1.1)).astype(
        np.int64
    )
    return organic(rng, world.people, group.members, np.maximum(counts, 1), world.days, world.pool)


class Company:
    """A company on one card and one NAT, with an internal system prompt; human work."""

    name = "company"
    spans: Final[dict[str, Span]] = {
        "accounts": Span(8, 120, "employees", log=True, whole=True),
        "declared": Span(0.0, 1.0, "chance that the organisation is declared, in steps: above one half"),
        "internal": Span(0.2, 0.9, "share of requests with the internal system prompt"),
    }

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """One card, one site, one domain."""
        people, members = world.people, group.members
        first = int(members[0])
        people.set(
            members, persona=1, card=1 + first, card_kind=people.card_kind[first], issuer=people.issuer[first],
            plan=rng.choice([1, 3, 5]), email=200 + first, country=people.country[first], zone=people.zone[first],
            organisation=1 + first if group.dials["declared"] > 0.5 else 0, site=int(addresses.office(mix(first, world.seed))),
            away=rng.beta(6, 1.5, len(members)), system=world.system(group.name), wrapped=group.dials["internal"],
        )  # fmt: skip
        people.card_at[members] = np.maximum(people.created[members], people.card_at[members])

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """Work."""
        yield ordinary(world, group, rng)


class Course:
    """A university course: sign-ups in an hour, one NAT, one starter prompt, the same exercises for all."""

    name = "course"
    spans: Final[dict[str, Span]] = {
        "accounts": Span(25, 300, "students", log=True, whole=True),
        "exercises": Span(5, 40, "exercises that each student sends", whole=True),
    }

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """Sign-ups in the first lecture."""
        people, members = world.people, group.members
        first = int(members[0])
        lecture = rng.uniform(0.05, 0.5) * world.days * 86_400
        people.set(
            members, persona=2, created=(lecture + rng.exponential(1500, len(members))).astype(np.int64),
            country=people.country[first], zone=people.zone[first], site=int(addresses.office(mix(first, world.seed, 4))),
            away=rng.beta(3, 2, len(members)), wrapper=world.wrapper(group.name), wrapped=0.3,
        )  # fmt: skip
        people.email[members] = np.where(rng.random(len(members)) < 0.7, 200 + first, people.email[members])
        people.plan[members] = np.where(rng.random(len(members)) < 0.6, 4, people.plan[members])
        late = np.minimum(people.created[members] + 86_400 * rng.exponential(5, len(members)), world.days * 86_400 - 1)
        people.card_at[members] = late.astype(np.int64)

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """The exercises in the sessions of the course, and ordinary traffic."""
        people, members = world.people, group.members
        size = int(group.dials["exercises"])
        done = rng.random((len(members), size)) < 0.85
        who, item = np.nonzero(done)
        session = (item // 4) * 7 * 86_400 + people.created[members[who]] + 1200
        ts = ((session + rng.exponential(2400, len(who)) + (item % 4) * 900) * SECOND).astype(np.int64)
        account = members[who]
        yield make(
            len(who), ts=ts, account=account, ip=np.where(rng.random(len(who)) < 0.85, people.site[account], addresses.carrier(people.country[account], mix(ts), 40)),
            payload=mix(item, salt(world.seed, group.name)), wrapper=people.wrapper[account], topic=topic("code"),
            conversation=mix(rng.integers(0, 2**63, len(who)).astype(np.uint64)), model=people.model[account], agent=people.agent[account],
        )  # fmt: skip
        yield ordinary(world, group, rng, 0.5)


class Agent:
    """A popular agent: strangers everywhere, one long system prompt."""

    name = "popular_agent"
    spans: Final[dict[str, Span]] = {
        "accounts": Span(60, 2_000, "users", log=True, whole=True),
        "through": Span(0.3, 0.95, "share of requests through the agent"),
    }

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """Nothing but the agent is common."""
        world.people.set(
            group.members, system=world.system(group.name), wrapper=world.wrapper(group.name) if rng.random() < 0.5 else 0,
            wrapped=rng.uniform(0.5, 1.0, len(group.members)) * group.dials["through"],
        )  # fmt: skip

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """Ordinary traffic, through the agent."""
        yield ordinary(world, group, rng)
