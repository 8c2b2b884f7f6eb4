"""What ring scenarios have in common: disguise, proxies, batches, a divided pool of payloads, unrelated traffic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from graphring.simulate import addresses
from graphring.simulate.draws import fold, heavy_tail, mix, pick, unit
from graphring.simulate.events import DAY, SECOND, Events
from graphring.simulate.parameters import Span
from graphring.simulate.people import CASUAL, NIGHT_OWL
from graphring.simulate.text.prompts import TOPICS, topic
from graphring.simulate.traffic import hours, organic
from graphring.simulate.world import Group, World

__all__ = [
    "COMMON",
    "Work",
    "batches",
    "cover",
    "dealt",
    "disguise",
    "divided",
    "existing",
    "proxies",
    "volumes",
    "work",
]

Ints = npt.NDArray[np.int64]
COMMON: Final[dict[str, Span]] = {
    "aged": Span(
        0.1, 0.95, "share of accounts that were bought or kept for long; the others sign up in waves", hides=1
    ),
    "hold": Span(12, 720, "hours for which an account keeps a proxy", log=True, hides=1),
    "human_hours": Span(0.2, 1.0, "share of batches that keep to the waking hours of one zone", hides=1),
    "in_system": Span(0.0, 0.6, "chance that a system prompt does without a wrapper"),
    "innocents": Span(0.2, 0.8, "share of residential proxies that are homes of the provider's own customers"),
    "jitter": Span(1.0, 20.0, "minutes over which a batch spreads", log=True, hides=1),
    "own_cards": Span(0.1, 0.9, "share of members with a payment method of their own", hides=1),
    "own_line": Span(0.3, 1.0, "share of unrelated traffic from a line of the account's own", hides=1),
    "paraphrase": Span(0.0, 0.3, "share of requests whose wrapper has a wording of its own", hides=1),
    "pool_size": Span(0.1, 1.5, "addresses of the rented proxy pool for each member", log=True, hides=1),
    "programs": Span(0.3, 0.9, "share of members whose requests mostly carry no conversation id"),
    "public_wrapper": Span(0.0, 0.3, "chance that the wrapper was copied from a public place"),
    "residential": Span(0.0, 0.9, "share of requests through home connections of innocent people", hides=1),
    "shared_devices": Span(0.0, 0.3, "share of members whose device fingerprint is one of a farm", hides=-1),
    "unrelated": Span(0.0, 0.7, "share of the members' requests that is ordinary traffic of their own", hides=1),
}
"""Parameters of every ring scenario; a scenario may narrow or widen them."""


@dataclass(frozen=True)
class Work:
    """What a campaign sends: its wrapper, system prompt, topics and pool of payloads."""

    wrapper: int
    system: int
    topics: tuple[int, ...]
    pool: int
    """Salt of the payload pool."""
    offset: int = 0
    """First item of the pool that is sent."""


def work(world: World, group: Group, rng: np.random.Generator, name: object = "") -> Work:
    """A campaign's work: an own or a copied wrapper, with or without a system prompt."""
    if rng.random() < group.dials["public_wrapper"] and len(world.public):
        wrapper = int(world.public[int(len(world.public) * rng.random() ** 2)])
    else:
        wrapper = world.wrapper((group.name, name), paraphrase=group.dials["paraphrase"])
    system = (
        world.system((group.name, name), ("short", "agent", "long")[int(rng.integers(3))]) if rng.random() < 0.4 else 0
    )
    if system and rng.random() < group.dials["in_system"]:
        wrapper = 0
    weights = np.asarray(
        [3.0 if n in ("math", "code", "know", "code_long") else 1.0 for n in TOPICS[: topic("follow")]]
    )
    topics = rng.choice(len(weights), int(rng.integers(1, 5)), replace=False, p=weights / weights.sum())
    return Work(wrapper, system, tuple(int(t) for t in topics), world.salt("payloads", group.name, name))


def disguise(world: World, group: Group, rng: np.random.Generator) -> None:
    """Sign-ups in waves where accounts are not aged; cards and devices that members share."""
    people, members, dials = world.people, group.members, group.dials
    young = members[rng.random(len(members)) > dials["aged"]]
    waves = rng.uniform(-90, world.days * 0.4, max(1, len(young) // int(rng.integers(8, 60)))) * 86_400
    hours_of_day = rng.exponential(float(rng.uniform(1, 30)) * 3600, len(young))
    at = waves[rng.integers(0, len(waves), len(young))] + hours_of_day
    people.created[young] = np.where(at < world.days * 70_000, at, people.created[young]).astype(np.int64)
    lag = np.minimum(heavy_tail(rng, len(members), median=40_000, sigma=2.6), 100 * 86_400).astype(np.int64)
    people.card_at[members] = np.minimum(people.created[members] + lag, world.days * 86_400 - 1)
    paying = people.card[members] > 0
    sharers = members[(rng.random(len(members)) > dials["own_cards"]) & paying]
    if len(sharers) > 1:
        heads = sharers[: max(1, len(sharers) // int(rng.integers(2, 25)))]
        which = heads[np.floor(len(heads) * rng.random(len(sharers)) ** 1.5).astype(np.int64)]
        for column in ("card", "card_kind", "issuer"):
            getattr(people, column)[sharers] = getattr(people, column)[which]
    virtual = members[(rng.random(len(members)) < 0.2) & paying]
    people.card_kind[virtual] = 1
    farm = members[(rng.random(len(members)) < dials["shared_devices"]) & (people.device[members] > 0)]
    if len(farm) > 1:
        phones = farm[: max(1, len(farm) // int(rng.integers(2, 12)))]
        people.device[farm] = people.device[phones][rng.integers(0, len(phones), len(farm))]
    program = rng.random(len(members)) < dials["programs"]
    people.api[members] = np.where(program, rng.beta(3, 0.6, len(members)), rng.beta(0.3, 3, len(members)))
    people.begins[members] *= 0.6
    stopped = people.closed[members] < people.created[members]
    people.closed[members[stopped]] = 2**50


def volumes(world: World, group: Group, rng: np.random.Generator, factor: float = 1.0) -> tuple[Ints, Ints]:
    """Related and unrelated requests of each member, `factor` times the world's mean."""
    total = heavy_tail(rng, len(group.members), median=world.per_account * factor * 0.6, sigma=1.0)
    mean = group.dials["unrelated"]
    share = np.clip(rng.normal(mean, 0.3 * min(mean, 1 - mean), len(total)), 0.0, 0.97)
    return np.maximum(1, np.round(total * (1 - share))).astype(np.int64), np.round(total * share).astype(np.int64)


def cover(
    world: World, group: Group, counts: Ints, rng: np.random.Generator, *, first: float = 0.0, last: float | None = None
) -> Events:
    """The unrelated traffic: ordinary, from lines of their own or through the proxies."""
    events = organic(rng, world, group.members, counts, first=first, last=last)
    session = events["ts"] // (2 * 3600 * SECOND)
    own = unit(fold(events["account"], session, 91)) < group.dials["own_line"]
    events["ip"] = np.where(own, events["ip"], proxies(world, group, events["account"], events["ts"]))
    return events


def batches(world: World, group: Group, rng: np.random.Generator, size: int, *, start: float, end: float) -> Ints:
    """Times of `size` requests in batches of about `fan`, between days `start` and `end`, in microseconds, sorted."""
    fan = group.dials["fan"]
    number = max(1, round(size / max(fan, 1.0)))
    day = rng.uniform(start, end, number)
    zone = float(world.people.zone[rng.choice(world.background)])
    human = rng.random(number) < group.dials["human_hours"]
    persona = np.full(number, int(rng.choice([CASUAL, 1, 3, NIGHT_OWL])))
    waking = np.floor(day) + ((hours(rng, persona) - zone) % 24) / 24
    at = np.where(human, waking, day) * 86_400
    which = rng.integers(0, number, size)
    spread = rng.uniform(0, group.dials["jitter"] * 60, size)
    return np.sort(((at[which] + spread) * SECOND).astype(np.int64))


def proxies(world: World, group: Group, account: Ints, ts: Ints, name: object = None) -> Ints:
    """Addresses of requests: rented servers and exits, or homes of innocent people, each for some hours.

    Parameters
    ----------
    name: of the pool; None: the group's own.
    """
    people, dials = world.people, group.dials
    size = max(3, int(len(group.members) * dials["pool_size"]))
    base = world.salt("proxies", group.name if name is None else name)
    numbers = np.arange(size)
    service = np.full(size, base % 9)
    rented = np.where(
        unit(mix(numbers, base, 1)) < 0.6, addresses.cloud(mix(numbers, base)),
        addresses.vpn(service, mix(numbers, base, 2), world.crowd("exits")),
    )  # fmt: skip
    hold = dials["hold"] * 3600 * SECOND
    offset = unit(mix(account, base, 9)) * hold
    draw = fold(account, np.floor((ts + offset) / hold).astype(np.int64), base)
    day = ts // DAY
    someone = world.background[pick(mix(draw, 3), len(world.background))]
    customer = unit(mix(draw, 4)) < dials["innocents"]
    line = np.where(customer, people.line[someone], mix(draw, 5))
    home = addresses.home(line, people.provider[someone], world.homes(), people.lease[someone], day)
    return np.where(unit(mix(draw, 6)) < dials["residential"], home, rented[pick(mix(draw, 7), size)])


def divided(world: World, group: Group, account: Ints, ts: Ints, what: Work, *, pool: object = None) -> Events:
    """Requests that share out a pool of payloads between the members: each item is sent once, a few are retried.

    Parameters
    ----------
    account: who sends; where that account does not exist yet, another member does.
    pool: name of the proxy pool; None: the group's own.
    """
    rng = world.rng("divided", group.name, what.pool, what.offset, pool)
    account = existing(world, group, rng, account, ts)
    item = what.offset + np.argsort(np.argsort(ts, kind="stable"), kind="stable")
    again = rng.random(len(ts)) < 0.03
    item = np.where(again, np.maximum(item - rng.integers(1, 40, len(item)), 0), item)
    payload = mix(item, what.pool)
    session = fold(account, ts // (6 * 3600 * SECOND), 23)
    silent = unit(mix(session, 1)) < world.people.api[account]
    return world.alive(
        world.requests(
            rng, account, ts, ip=proxies(world, group, account, ts, pool), payload=payload, wrapper=what.wrapper,
            system=what.system, wording=fold(payload, item, 17),
            topic=np.asarray(what.topics)[pick(mix(payload, 13), len(what.topics))],
            conversation=np.where(silent, 0, mix(session, what.pool)),
        )
    )  # fmt: skip


def dealt(world: World, group: Group, counts: Ints, rng: np.random.Generator) -> Ints:
    """The members, each as often as it has requests, in an order for sorted times; each has its own time of use."""
    people, account = world.people, np.repeat(group.members, counts)
    begin = np.maximum(people.begins[account] * world.days, people.created[account] / 86_400)
    until = begin + np.maximum((world.days - begin) * people.lasts[account], 0.3)
    return account[np.argsort(begin + rng.random(len(account)) * (until - begin), kind="stable")]


def existing(world: World, group: Group, rng: np.random.Generator, account: Ints, ts: Ints) -> Ints:
    """Replace accounts that do not exist yet at a time by members that do, where there are any."""
    created = world.people.created
    order = group.members[np.argsort(created[group.members], kind="stable")]
    ready = np.searchsorted(created[order], ts // SECOND, side="left")
    other = order[np.minimum((rng.random(len(ts)) * ready).astype(np.int64), np.maximum(ready - 1, 0))]
    return np.where(created[account] * SECOND < ts, account, other)
