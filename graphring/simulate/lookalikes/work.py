"""People who work together: companies, agencies of freelancers, families."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from graphring.simulate import addresses
from graphring.simulate.background import share
from graphring.simulate.draws import mix
from graphring.simulate.events import Events
from graphring.simulate.lookalikes.habit import billed_together, landed, ordinary
from graphring.simulate.parameters import Span
from graphring.simulate.people import DEVELOPER, WORKER
from graphring.simulate.world import Group, World

__all__ = ["Agency", "Company", "Family"]


class Company:
    """A company on one card and one NAT with its internal system prompt; human work."""

    name = "company"
    spans: ClassVar[dict[str, Span]] = {
        "accounts": Span(8, 250, "employees", log=True, whole=True),
        "declared": Span(0.0, 1.0, "above 0.4 the organisation is declared, above 0.2 there is a mail domain"),
        "internal": Span(0.2, 0.9, "share of requests with the internal system prompt"),
        "onboarding": Span(0.0, 1.0, "share of employees who signed up in one week"),
        "site": Span(0.3, 0.95, "share of sessions at the office"),
    }

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """One card, one site, one system prompt."""
        people, members, dials = world.people, group.members, group.dials
        landed(world, members, domain=dials["declared"] > 0.2, declared=dials["declared"] > 0.4)
        week = rng.uniform(-300, 0.5 * world.days) * 86_400
        together = members[rng.random(len(members)) < dials["onboarding"]]
        people.created[together] = (week + rng.exponential(2 * 86_400, len(together))).astype(np.int64)
        billed_together(world, members)
        site = int(addresses.office(mix(int(members[0]), world.salt("office"))))
        people.set(
            members, persona=np.where(rng.random(len(members)) < 0.75, WORKER, DEVELOPER),
            plan=int(rng.choice([1, 3, 5])), site=site,
            away=np.clip(rng.normal(dials["site"], 0.1, len(members)), 0, 1), system=world.system(group.name, "long"),
            wrapped=np.clip(rng.normal(dials["internal"], 0.15, len(members)), 0, 1),
        )  # fmt: skip

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """Work, and now and then a colleague's conversation."""
        events = ordinary(world, group, rng)
        if len(events):
            rows = np.flatnonzero((rng.random(len(events)) < 0.03) & (events["conversation"] != 0))
            events["conversation"][rows] = events["conversation"][rng.integers(0, len(events), len(rows))]
        yield events


class Agency:
    """Freelancers on one card, each at home, with work of their own."""

    name = "agency"
    spans: ClassVar[dict[str, Span]] = {
        "accounts": Span(5, 40, "freelancers", log=True, whole=True),
        "common": Span(0.0, 0.5, "share of requests with the agency's wrapper"),
    }

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """One card, several countries."""
        billed_together(world, group.members)
        world.people.set(
            group.members,
            wrapper=world.wrapper(group.name),
            wrapped=rng.beta(2, 3, len(group.members)) * 2 * group.dials["common"],
        )

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """Ordinary work."""
        yield ordinary(world, group, rng, 1.1)


class Family:
    """Two to six accounts with one card at one home."""

    name = "family"
    spans: ClassVar[dict[str, Span]] = {"accounts": Span(2, 6, "members", whole=True)}

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """One card, one line; often one device."""
        share(world, group.members)
        people = world.people
        tablet = group.members[rng.random(len(group.members)) < 0.4]
        people.device[tablet] = people.device[group.members[0]]

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """Ordinary life."""
        yield ordinary(world, group, rng)
