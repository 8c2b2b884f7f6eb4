"""Strangers who use the same tool: popular agents, a tool that goes viral, evaluation suites, release-day testers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from graphring.simulate.draws import mix, pick
from graphring.simulate.events import DAY, SECOND, Events
from graphring.simulate.lookalikes.habit import amounts, ordinary
from graphring.simulate.parameters import Span
from graphring.simulate.people import NEW_MODEL
from graphring.simulate.text.prompts import topic
from graphring.simulate.traffic import locate, organic
from graphring.simulate.world import Group, World

__all__ = ["EvaluationSuite", "PopularAgent", "ReleaseTesters", "ViralTool"]


class PopularAgent:
    """A popular agent: strangers everywhere, one long system prompt."""

    name = "popular_agent"
    spans: ClassVar[dict[str, Span]] = {
        "accounts": Span(60, 2_000, "users", log=True, whole=True),
        "through": Span(0.3, 0.95, "share of requests through the agent"),
        "wraps": Span(0.0, 1.0, "above one half the agent also puts a wrapper around its requests"),
    }

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """Nothing but the agent is common."""
        wrapper = world.wrapper(group.name) if group.dials["wraps"] > 0.5 else 0
        world.people.set(
            group.members, system=world.system(group.name, "long"), wrapper=wrapper,
            wrapped=rng.uniform(0.5, 1.0, len(group.members)) * group.dials["through"],
        )  # fmt: skip

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """Ordinary traffic, through the agent."""
        yield ordinary(world, group, rng)


class ViralTool:
    """A tool that goes viral: its template appears one day and has hundreds of users in a week."""

    name = "viral_tool"
    spans: ClassVar[dict[str, Span]] = {
        "accounts": Span(60, 900, "users", log=True, whole=True),
        "new": Span(0.1, 0.7, "share of users who signed up for it"),
        "spread": Span(1.0, 6.0, "days in which the number of users grows by a factor of e"),
    }

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """Some sign up when they hear of it."""
        people, members = world.people, group.members
        heard = self._heard(world, group)
        new = rng.random(len(members)) < group.dials["new"]
        at = heard - rng.exponential(0.05, len(members))
        people.created[members] = np.where(new, np.maximum(at, 0.01) * 86_400, people.created[members]).astype(np.int64)
        people.card_at[members] = np.maximum(people.card_at[members], people.created[members])

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """A few days of enthusiasm each, and ordinary traffic."""
        members = group.members
        counts = np.maximum(1, amounts(world, len(members), rng, 0.5))
        account = np.repeat(members, counts)
        day = np.repeat(self._heard(world, group), counts) + rng.exponential(2.0, len(account))
        zone = world.people.zone[account]
        ts = ((np.floor(day) * 24 + 8 + 15 * rng.beta(2, 2, len(account)) - zone) * 3600 * SECOND).astype(np.int64)
        payload = rng.integers(1, 2**63, len(account)).astype(np.uint64)
        kind = topic(("write", "plan", "chat", "code")[len(members) % 4])
        yield world.alive(
            world.requests(
                rng, account, ts, ip=locate(rng, world, account, ts // DAY), payload=payload, topic=kind,
                wrapper=world.wrapper(group.name),
            )
        )  # fmt: skip
        yield ordinary(world, group, rng, 0.5)

    def _heard(self, world: World, group: Group) -> npt.NDArray[np.float64]:
        rng = world.rng("heard", group.name)
        start = rng.uniform(0.1, 0.6) * world.days
        growth = rng.logistic(0.0, group.dials["spread"] / 2, len(group.members)) + 3 * group.dials["spread"]
        return np.asarray(np.clip(start + np.maximum(growth, rng.random(len(group.members))), 0, world.days - 0.5))


class EvaluationSuite:
    """Strangers who run the same benchmark with the same harness, each one the whole set."""

    name = "evaluation_suite"
    spans: ClassVar[dict[str, Span]] = {
        "accounts": Span(10, 90, "people who run it", log=True, whole=True),
        "items": Span(15, 150, "items of the benchmark", log=True, whole=True),
        "limit": Span(0.5, 1.0, "share of the set that a run covers, always from its beginning"),
        "runs": Span(1, 3, "runs of each person", whole=True),
    }

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """Nothing but the suite is common."""
        world.people.set(
            group.members,
            persona=np.where(rng.random(len(group.members)) < 0.6, 3, world.people.persona[group.members]),
        )

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """Runs of minutes to hours over the whole set; and ordinary traffic."""
        members, dials = group.members, group.dials
        items = int(min(dials["items"], max(8.0, world.per_account * 3)))
        runs = np.repeat(members, rng.integers(1, int(dials["runs"]) + 1, len(members)))
        start = rng.random(len(runs)) * world.days
        size = np.where(rng.random(len(runs)) < 0.6, items, np.maximum(5, items * dials["limit"]).astype(np.int64))
        run = np.repeat(np.arange(len(runs)), size)
        item = np.arange(len(run)) - np.repeat(np.cumsum(size) - size, size)
        pace = rng.lognormal(2.2, 1.0, len(runs))
        ts = ((start[run] * 86_400 + item * pace[run] + rng.random(len(run)) * pace[run]) * SECOND).astype(np.int64)
        payload = mix(item, world.salt("benchmark", group.name))
        topics = np.asarray([topic(n) for n in ("math", "code", "know")])[pick(mix(payload, 5), 3)]
        where = locate(rng, world, runs, np.floor(start).astype(np.int64))
        yield world.alive(
            world.requests(
                rng, runs[run], ts, ip=where[run], payload=payload, topic=topics, wrapper=world.wrapper(group.name)
            )
        )
        yield ordinary(world, group, rng, 0.6)


class ReleaseTesters:
    """People who try the new model on its first day, many with the test prompts that everybody knows."""

    name = "release_testers"
    spans: ClassVar[dict[str, Span]] = {
        "accounts": Span(30, 500, "testers", log=True, whole=True),
        "known": Span(0.2, 0.8, "share of test prompts that everybody knows"),
        "prompts": Span(10, 60, "test prompts that everybody knows", log=True, whole=True),
    }

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """They adopt the model at once."""
        world.people.set(group.members, adopts=rng.exponential(0.4, len(group.members)))

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """A day of tests, and ordinary traffic."""
        members = group.members
        counts = rng.geometric(1 / max(2.0, world.per_account * 0.3), len(members))
        account = np.repeat(members, counts)
        day = world.release() + np.minimum(rng.exponential(0.4, len(account)), 2.0)
        payload = rng.integers(1, 2**63, len(account)).astype(np.uint64)
        known = rng.random(len(account)) < group.dials["known"]
        favourite = np.floor(group.dials["prompts"] * rng.random(len(account)) ** 1.5).astype(np.int64)
        payload = np.where(known, mix(favourite, world.salt("test prompts")), payload)
        ts = (day * DAY).astype(np.int64)
        events = world.requests(
            rng, account, ts, ip=locate(rng, world, account, ts // DAY), payload=payload, topic=pick(mix(payload, 2), 8)
        )
        events["model"] = NEW_MODEL
        yield world.alive(events)
        yield organic(rng, world, members, np.maximum(1, amounts(world, len(members), rng, 0.7)))
