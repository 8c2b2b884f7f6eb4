"""People who learn together: courses, hackathons, workshops."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from graphring.simulate import addresses
from graphring.simulate.draws import fold, mix, unit
from graphring.simulate.events import SECOND, Events
from graphring.simulate.lookalikes.habit import landed, ordinary
from graphring.simulate.parameters import Span
from graphring.simulate.people import DEVELOPER, OWN_DOMAIN, STUDENT
from graphring.simulate.text.prompts import topic
from graphring.simulate.world import Group, World

__all__ = ["Course", "Hackathon", "Workshop"]


class Course:
    """A university course: sign-ups in a lecture, one NAT, one starter prompt, the same exercises for all."""

    name = "course"
    persona = STUDENT
    spans: ClassVar[dict[str, Span]] = {
        "accounts": Span(25, 300, "students", log=True, whole=True),
        "campus": Span(0.5, 0.95, "share of exercises that are done on the campus network"),
        "done": Span(0.6, 1.0, "share of exercises that a student does"),
        "exercises": Span(6, 40, "exercises of the course", log=True, whole=True),
        "mail": Span(0.0, 1.0, "share of students with the university's mail domain"),
        "meetings": Span(4, 14, "days between two meetings"),
        "signed_up": Span(0.4, 1.0, "share of students who sign up at the first meeting; the others had accounts"),
        "starter": Span(0.0, 1.0, "share of exercises that are sent with the starter prompt"),
    }

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """Sign-ups at the first meeting, at one place."""
        people, members, dials, n = world.people, group.members, group.dials, len(group.members)
        landed(world, members, domain=False, declared=False)
        new = members[rng.random(n) < dials["signed_up"]]
        people.created[new] = (self._opening(world, group) + rng.exponential(1500, len(new))).astype(np.int64)
        people.card_at[members] = np.maximum(people.card_at[members], people.created[members])
        campus = int(addresses.office(mix(int(members[0]), world.salt("campus"))))
        people.set(members, persona=self.persona, site=campus, away=rng.beta(2, 3, n))
        people.email[members] = np.where(
            rng.random(n) < dials["mail"], OWN_DOMAIN + int(members[0]), people.email[members]
        )
        people.plan[members] = np.where(rng.random(n) < 0.5, 4, people.plan[members])

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """Exercises in the meetings, and ordinary traffic."""
        people, members, dials = world.people, group.members, group.dials
        who, item = np.nonzero(rng.random((len(members), int(dials["exercises"]))) < dials["done"])
        account = members[who]
        meeting = self._opening(world, group) + (item // 4) * dials["meetings"] * 86_400 + 1200
        late = np.where(rng.random(len(who)) < 0.25, rng.exponential(30 * 3600, len(who)), 0)
        ts = ((meeting + (item % 4) * 900 + rng.exponential(900, len(who)) + late) * SECOND).astype(np.int64)
        there = (late == 0) & (rng.random(len(who)) < dials["campus"])
        home = addresses.home(
            people.line[account],
            people.provider[account],
            world.homes(),
            people.lease[account],
            ts // (86_400 * SECOND),
        )
        wrapper = np.where(unit(fold(item, who, 3)) < dials["starter"], world.wrapper(group.name), 0)
        yield world.alive(
            world.requests(
                rng, account, ts, ip=np.where(there, people.site[account], home), wrapper=wrapper,
                payload=mix(item, world.salt("exercise", group.name)),
                topic=topic(("code", "math", "know")[len(members) % 3]),
                conversation=np.where(unit(mix(account, 9)) < 0.7, mix(fold(item, account, 8)), 0),
            )
        )  # fmt: skip
        yield ordinary(world, group, rng, 0.6)

    def _opening(self, world: World, group: Group) -> float:
        return float(world.rng("opening", group.name).uniform(0.02, 0.5)) * world.days * 86_400


class Workshop(Course):
    """One afternoon at one venue: the whole set of exercises, once; few come back."""

    name = "workshop"
    spans: ClassVar[dict[str, Span]] = Course.spans | {
        "accounts": Span(12, 90, "participants", log=True, whole=True),
        "exercises": Span(4, 14, "exercises of the afternoon", whole=True),
        "meetings": Span(0.03, 0.04, "days between two parts of the afternoon"),
        "mail": Span(0.0, 0.3, "share of participants with the organiser's mail domain"),
        "starter": Span(0.5, 1.0, "share of exercises that are sent with the starter prompt"),
    }


class Hackathon(Course):
    """Two days at one venue: sign-ups, one starter prompt, and then everybody's own project."""

    name = "hackathon"
    persona = DEVELOPER
    spans: ClassVar[dict[str, Span]] = Course.spans | {
        "accounts": Span(25, 250, "participants", log=True, whole=True),
        "exercises": Span(2, 5, "prompts of the starter kit", whole=True),
        "meetings": Span(0.5, 1.0, "days between two parts"),
        "mail": Span(0.0, 0.1, "share of participants with the organiser's mail domain"),
        "starter": Span(0.7, 1.0, "share of the kit's prompts that are sent with the starter prompt"),
    }

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """The kit, and projects at the venue with the kit's wrapper changed by everybody."""
        people, members = world.people, group.members
        yield from super().traffic(world, group, rng)
        counts = rng.geometric(1 / max(2.0, world.per_account * 0.4), len(members))
        account = np.repeat(members, counts)
        ts = ((self._opening(world, group) + 7200 + rng.random(len(account)) ** 0.7 * 160_000) * SECOND).astype(
            np.int64
        )
        projects = np.asarray([world.wrapper((group.name, k)) for k in range(1 + len(members) // 4)])
        yield world.alive(
            world.requests(
                rng, account, ts, ip=people.site[account], payload=rng.integers(1, 2**63, len(ts)).astype(np.uint64),
                wrapper=projects[np.repeat(np.arange(len(members)) // 4, counts)], topic=topic("code"),
            )
        )  # fmt: skip
