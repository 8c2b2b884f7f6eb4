"""Rings of few requests each: slow relay, burst, probing and abuse of programmes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import numpy as np

from graphring.simulate.draws import mix, ragged
from graphring.simulate.events import SECOND, Events
from graphring.simulate.parameters import Span
from graphring.simulate.rings.campaign import (
    COMMON,
    batches,
    cover,
    dealt,
    disguise,
    divided,
    existing,
    proxies,
    volumes,
    work,
)  # fmt: skip
from graphring.simulate.text.prompts import PROBE, topic
from graphring.simulate.traffic import hours
from graphring.simulate.world import Group, World

__all__ = ["Burst", "Probing", "Programme", "SlowRelay"]


class _Quiet:
    """Accounts are made as everywhere."""

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """Make the accounts."""
        disguise(world, group, rng)


class SlowRelay(_Quiet):
    """5 requests a day per account, no wrapper; conversations are handed from one account to another."""

    name = "slow_relay"
    spans: ClassVar[dict[str, Span]] = COMMON | {
        "accounts": Span(40, 400, "members", log=True, whole=True),
        "daily": Span(2, 6, "related requests of an account on an active day"),
        "handed": Span(0.5, 1.0, "share of turns that another account takes", hides=-1),
        "turns": Span(6, 20, "turns of a conversation", whole=True),
    }

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """Conversations whose turns travel through the pool, hours apart."""
        _, unrelated = volumes(world, group, rng)
        mean = min(group.dials["daily"] * world.days * 0.5, world.per_account * 2.0) * (
            1 - 0.5 * group.dials["unrelated"]
        )
        threads = max(2, int(len(group.members) * mean / group.dials["turns"]))
        owner, turn = ragged(np.maximum(2, rng.poisson(group.dials["turns"], threads)).astype(np.int64))
        start = rng.uniform(0, world.days * 0.9, threads) * 86_400
        gap = rng.exponential(3600 * float(rng.uniform(0.5, 5)), len(owner))
        run = np.cumsum(gap)
        first = np.flatnonzero(turn == 0)
        ts = ((start[owner] + run - run[first][owner]) * SECOND).astype(np.int64)
        keeper = group.members[rng.integers(0, len(group.members), threads)][owner]
        handed = rng.random(len(owner)) < group.dials["handed"]
        account = np.where(handed, group.members[rng.integers(0, len(group.members), len(owner))], keeper)
        account = existing(world, group, rng, account, ts)
        payload = rng.integers(1, 2**63, len(owner)).astype(np.uint64)
        topics = np.where((turn > 0) & (rng.random(len(owner)) < 0.5), topic("follow"), rng.integers(0, 10, len(owner)))
        quote = np.where((turn > 0) & (rng.random(len(owner)) < 0.25), np.roll(payload, 1), 0)
        yield world.alive(
            world.requests(
                rng, account, ts, ip=proxies(world, group, account, ts), payload=payload, topic=topics, quote=quote,
                conversation=mix(rng.integers(1, 2**63, threads).astype(np.uint64))[owner],
            )
        )  # fmt: skip
        yield cover(world, group, np.round(unrelated * 0.5).astype(np.int64), rng)


class Burst(_Quiet):
    """Thousands of accounts, 2-4 requests each within 48 h, weeks of silence before."""

    name = "burst"
    spans: ClassVar[dict[str, Span]] = COMMON | {
        "accounts": Span(800, 6_000, "members", log=True, whole=True),
        "aged": Span(
            0.6, 1.0, "share of accounts that were bought or kept for long; the others sign up in waves", hides=1
        ),
        "fan": Span(20, 200, "requests of a batch", log=True, whole=True),
        "hours": Span(8, 48, "hours that the burst lasts", log=True),
        "past": Span(0.0, 0.5, "share of members with a little ordinary traffic weeks before", hides=1),
    }

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """Two to four requests of everybody in two days."""
        counts = rng.integers(2, 5, len(group.members))
        start = rng.uniform(0.5, 0.93) * world.days
        end = min(start + group.dials["hours"] / 24, world.days)
        ts = batches(world, group, rng, int(counts.sum()), start=start, end=end)
        yield divided(world, group, dealt(world, group, counts, rng), ts, work(world, group, rng))
        before = np.where(rng.random(len(counts)) < group.dials["past"], rng.geometric(0.3, len(counts)), 0)
        yield cover(world, group, before, rng, last=start * 0.5)


class Probing(_Quiet):
    """One intent in thousands of wordings."""

    name = "probing"
    spans: ClassVar[dict[str, Span]] = COMMON | {
        "accounts": Span(40, 600, "members", log=True, whole=True),
        "fan": Span(3, 20, "requests of a batch", log=True, whole=True),
        "residential": Span(0.2, 1.0, "share of requests through home connections of innocent people", hides=1),
    }

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """The intent, worded anew each time, and now and then a few words around it."""
        related, unrelated = volumes(world, group, rng, 0.7)
        start, end = rng.uniform(0, 0.3) * world.days, rng.uniform(0.6, 1.0) * world.days
        ts = batches(world, group, rng, int(related.sum()), start=start, end=end)
        intent = world.wrapper((group.name, "intent"), paraphrase=1.0, shape=PROBE)
        what = replace(work(world, group, rng), wrapper=intent, topics=(topic("none"), topic("none"), topic("chat")))
        yield divided(world, group, dealt(world, group, related, rng), ts, what)
        yield cover(world, group, unrelated, rng)


class Programme(_Quiet):
    """Sign-ups in batches on free or education plans, used until the allowance ends."""

    name = "programme"
    spans: ClassVar[dict[str, Span]] = COMMON | {
        "accounts": Span(60, 800, "members", log=True, whole=True),
        "aged": Span(
            0.0, 0.3, "share of accounts that were bought or kept for long; the others sign up in waves", hides=1
        ),
        "allowance": Span(8, 40, "requests that the free allowance pays", whole=True),
        "disposable": Span(0.0, 0.5, "share of members with disposable mail", hides=-1),
        "education": Span(0.0, 1.0, "share of members on the education plan; the others are on the free one"),
        "fan": Span(5, 30, "requests of a batch", log=True, whole=True),
        "referral": Span(0.0, 0.7, "share of members that came by one referral code", hides=-1),
    }

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """Free plans, one referral code, some disposable mail; few ever pay."""
        disguise(world, group, rng)
        people, members, n = world.people, group.members, len(group.members)
        people.plan[members] = np.where(rng.random(n) < group.dials["education"], 4, 0)
        people.email[members] = np.where(
            rng.random(n) < group.dials["disposable"], 100 + rng.integers(0, 60, n), people.email[members]
        )
        code = 2_000_000_000 + int(members[0])
        people.referral[members] = np.where(rng.random(n) < group.dials["referral"], code, people.referral[members])
        people.card[members] = np.where(rng.random(n) < 0.2, people.card[members], 0)

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """Each account is used up within days after it was made, then the next one."""
        people, members = world.people, group.members
        used = np.maximum(1, rng.poisson(group.dials["allowance"] * (1 - 0.6 * group.dials["unrelated"]), len(members)))
        used = np.minimum(used, int(world.per_account * 3))
        owner, _ = ragged(used.astype(np.int64))
        ready = np.maximum(people.created[members] / 86_400, rng.uniform(0, world.days * 0.9, len(members)))
        day = ready[owner] + rng.exponential(1.5, len(owner))
        local = hours(rng, people.persona[members][owner])
        local = np.where(rng.random(len(owner)) < group.dials["human_hours"], local, rng.uniform(0, 24, len(owner)))
        slots = np.round(
            (np.floor(day) * 24 + local - people.zone[members][owner]) * 60 / max(2.0, group.dials["jitter"])
        )
        at = (slots + rng.random(len(owner))) * 60 * max(2.0, group.dials["jitter"])
        yield divided(world, group, members[owner], (at * SECOND).astype(np.int64), work(world, group, rng))
        yield cover(world, group, np.round(used * group.dials["unrelated"] * 0.6).astype(np.int64), rng)
