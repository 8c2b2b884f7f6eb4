"""What ring scenarios have in common: disguise, proxies, batches, a divided pool of payloads, unrelated traffic."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from graphring.simulate import addresses
from graphring.simulate.draws import fold, heavy_tail, mix, salt
from graphring.simulate.events import SECOND, Events, make
from graphring.simulate.parameters import Span
from graphring.simulate.traffic import organic
from graphring.simulate.world import Group, World

__all__ = ["COMMON", "batches", "cover", "disguise", "divided", "proxies", "volumes"]

COMMON: Final[dict[str, Span]] = {
    "unrelated": Span(0.0, 0.6, "share of the members' requests that is ordinary traffic of their own"),
    "jitter": Span(1.0, 8.0, "minutes over which a batch spreads", log=True),
    "human_hours": Span(0.0, 1.0, "share of batches that keep to the working hours of one zone"),
    "aged": Span(0.0, 0.8, "share of accounts that were bought or kept for long; the others sign up in batches"),
    "own_cards": Span(0.1, 0.9, "share of members with a payment method of their own"),
    "residential": Span(0.0, 0.9, "share of requests through home connections of innocent people"),
    "paraphrase": Span(0.0, 0.2, "share of requests whose wrapper has a wording of its own"),
    "pool_size": Span(0.1, 0.8, "addresses of the proxy pool for each member"),
}


def disguise(world: World, group: Group, rng: np.random.Generator) -> None:
    """Sign-ups in batches where accounts are not aged, cards that members share."""
    people, members, dials = world.people, group.members, group.dials
    young = members[rng.random(len(members)) > dials["aged"]]
    waves = rng.uniform(-20, world.days * 0.4, max(1, len(young) // 25)) * 86_400
    at = (waves[rng.integers(0, len(waves), len(young))] + rng.exponential(8 * 3600, len(young))).astype(np.int64)
    people.created[young] = np.minimum(at, int(world.days * 0.8 * 86_400))
    lag = np.minimum(heavy_tail(rng, len(members), median=40_000, sigma=2.6), 100 * 86_400).astype(np.int64)
    people.card_at[members] = np.minimum(people.created[members] + lag, world.days * 86_400 - 1)
    sharers = members[(rng.random(len(members)) > dials["own_cards"]) & (people.card[members] > 0)]
    cards = max(1, len(sharers) // int(rng.integers(3, 25)))
    which = rng.integers(0, cards, len(sharers))
    people.card[sharers] = people.card[sharers[:cards]][which] if len(sharers) else 0
    people.card_kind[sharers] = people.card_kind[sharers[:cards]][which] if len(sharers) else 0
    people.issuer[sharers] = people.issuer[sharers[:cards]][which] if len(sharers) else 0
    people.begins[members] = rng.random(len(members)) * 0.3


def volumes(
    world: World, group: Group, rng: np.random.Generator, factor: float = 1.2
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Related and unrelated requests of each member."""
    total = heavy_tail(rng, len(group.members), median=world.per_account * factor * 0.6, sigma=1.0)
    share = np.clip(rng.normal(group.dials["unrelated"], 0.08, len(total)), 0.0, 0.97)
    return np.maximum(1, np.round(total * (1 - share))).astype(np.int64), np.round(total * share).astype(np.int64)


def cover(world: World, group: Group, counts: npt.NDArray[np.int64], rng: np.random.Generator) -> Events:
    """The unrelated traffic."""
    return organic(rng, world.people, group.members, counts, world.days, world.pool)


def batches(
    world: World, dials: dict[str, float], rng: np.random.Generator, size: int, start: float, end: float, fan: int
) -> npt.NDArray[np.int64]:
    """Times of `size` requests in batches of about `fan`, within `start`..`end` days."""
    number = max(1, size // max(fan, 1))
    day = rng.uniform(start, end, number)
    zone = rng.integers(0, 24)
    human = rng.random(number) < dials["human_hours"]
    local = np.clip(rng.normal(13.5, 3.0, number), 6.5, 22.5)
    at = np.where(human, np.floor(day) + ((local + zone) % 24) / 24, day) * 86_400
    which = np.sort(rng.integers(0, number, size))
    return np.asarray((at[which] + rng.uniform(0, dials["jitter"] * 60, size)) * SECOND, dtype=np.int64)


def proxies(
    world: World,
    group: Group,
    rng: np.random.Generator,
    account: npt.NDArray[np.int64],
    ts: npt.NDArray[np.int64],
    name: object,
) -> npt.NDArray[np.int64]:
    """Addresses of requests: a pool of rented servers and exits, or homes of innocent people, each for some hours."""
    people, dials = world.people, group.dials
    size = max(3, int(len(group.members) * dials["pool_size"]))
    numbers = np.arange(size)
    base = salt(world.seed, "proxy", name)
    rented = np.where(
        rng.random(size) < 0.6, addresses.cloud(mix(numbers, base)),
        addresses.vpn(np.full(size, rng.integers(0, 9)), mix(numbers, base, 2), 120),
    )  # fmt: skip
    slot = ts // (SECOND * 3600 * 2)
    draw = fold(account, slot, base)
    homes = world.background[(draw % np.uint64(len(world.background))).astype(np.int64)]
    day = ts // (86_400 * SECOND)
    home = addresses.home(people.line[homes], people.provider[homes], world.pool, people.lease[homes], day)
    own = rng.random(len(ts)) < dials["residential"]
    return np.where(own, home, rented[(mix(draw, 7) % np.uint64(size)).astype(np.int64)])


def divided(
    world: World, group: Group, rng: np.random.Generator, counts: npt.NDArray[np.int64], ts: npt.NDArray[np.int64],
    *, wrapper: int, system: int, name: object, topics: tuple[int, ...],
) -> Events:  # fmt: skip
    """Requests that share out a pool of payloads between the members, each item sent once, a few retried."""
    account = rng.permutation(np.repeat(group.members, counts))
    late = ts < world.people.created[account] * SECOND
    ts = np.where(late, world.people.created[account] * SECOND + rng.integers(0, 86_400 * SECOND * 2, len(ts)), ts)
    item = np.arange(len(ts))
    retry = rng.random(len(ts)) < 0.03
    item = np.where(retry, np.maximum(item - rng.integers(1, 40, len(item)), 0), item)
    payload = mix(item, salt(world.seed, "payload", name))
    choice = np.asarray(topics)[(mix(payload, 13) % np.uint64(len(topics))).astype(np.int64)]
    people = world.people
    return make(
        len(ts), ts=ts, account=account, ip=proxies(world, group, rng, account, ts, name), payload=payload,
        wording=payload ^ np.uint64(rng.integers(0, 2**62)), conversation=mix(rng.integers(0, 2**63, len(ts)).astype(np.uint64)),
        system=system, wrapper=wrapper, topic=choice, model=people.model[account], agent=people.agent[account],
    )  # fmt: skip
