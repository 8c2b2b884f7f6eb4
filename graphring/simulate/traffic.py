"""What people do all day: sessions with the rhythm of their zone and week, from home, phone, office or server."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from graphring.simulate import addresses
from graphring.simulate.draws import fold, mix, ragged
from graphring.simulate.events import SECOND, Events
from graphring.simulate.people import DEVELOPER, SERVICE, WORKER
from graphring.simulate.text.prompts import topic
from graphring.simulate.world import World

Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
__all__ = ["hours", "locate", "organic"]

_PROFILE: Final = np.asarray(
    [
        [3, 2, 1, 1, 1, 1, 2, 4, 5, 6, 6, 6, 7, 6, 6, 6, 7, 8, 9, 10, 11, 11, 9, 6],
        [1, 1, 1, 1, 1, 1, 2, 5, 11, 13, 13, 11, 7, 11, 12, 11, 10, 7, 4, 3, 3, 3, 2, 1],
        [5, 3, 2, 1, 1, 1, 1, 2, 4, 7, 8, 8, 7, 8, 9, 9, 9, 8, 8, 9, 10, 11, 11, 8],
        [3, 2, 1, 1, 1, 1, 1, 3, 7, 10, 11, 10, 8, 10, 11, 11, 10, 8, 6, 6, 7, 7, 6, 4],
        [10] * 24,
        [11, 11, 10, 8, 6, 4, 2, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9, 10, 11],
    ],
    dtype=np.float64,
)
_TOPICS: Final = np.asarray(
    [
        [26, 10, 4, 4, 1, 16, 10, 12, 3, 10, 4, 0],
        [10, 5, 3, 8, 3, 20, 8, 20, 10, 6, 7, 0],
        [8, 4, 22, 9, 3, 12, 24, 10, 3, 2, 3, 0],
        [5, 3, 5, 36, 22, 4, 7, 9, 4, 2, 3, 0],
        [4, 2, 8, 10, 6, 8, 6, 30, 18, 3, 5, 0],
        [16, 9, 8, 14, 6, 18, 10, 6, 2, 6, 5, 0],
    ],
    dtype=np.float64,
)
_FINE: Final = 4096


def _lookup(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Rows of weights as tables that a uniform number indexes."""
    ends = np.floor(np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True) * _FINE).astype(np.int64)
    return np.stack([np.searchsorted(row, np.arange(_FINE), side="right") for row in ends]).astype(np.uint8)


_HOUR: Final = _lookup(_PROFILE)
_TOPIC: Final = _lookup(_TOPICS)


def hours(rng: np.random.Generator, persona: Ints) -> Reals:
    """Local time of day, in hours, as the persona's profile has it."""
    return _HOUR[persona, rng.integers(0, _FINE, len(persona))] + rng.random(len(persona))


def locate(rng: np.random.Generator, world: World, accounts: Ints, day: Ints) -> Ints:
    """The address of a session on a day, as the account's habits have it."""
    people, n = world.people, len(accounts)
    draw = rng.integers(0, 2**63, n).astype(np.uint64)
    line = people.line[accounts]
    sticky = fold(line, day // 3, 5)
    roaming = np.asarray([10, 40, 90], dtype=np.uint64)[(mix(line, 6) % np.uint64(3)).astype(np.int64)]
    where = addresses.home(line, people.provider[accounts], world.homes(), people.lease[accounts], day)
    phone = addresses.carrier(
        people.country[accounts], np.where(draw % np.uint64(100) < roaming, draw, sticky), world.crowd("gateways")
    )
    exit_ = addresses.vpn((line % np.uint64(9)).astype(np.int64), draw, world.crowd("exits"))
    where = np.where(rng.random(n) < people.mobile[accounts], phone, where)
    where = np.where(rng.random(n) < people.vpn[accounts], exit_, where)
    site = people.site[accounts]
    return np.where((rng.random(n) < people.away[accounts]) & (site != 0), site, where)


def organic(
    rng: np.random.Generator,
    world: World,
    accounts: Ints,
    counts: Ints,
    *,
    first: float | Reals = 0.0,
    last: float | None = None,
) -> Events:
    """Human and service traffic of accounts, by their habits.

    Parameters
    ----------
    counts: requests of each account.
    first, last: days between which it happens; None: the end of the world. Accounts begin and end within.
    """
    people = world.people
    busy = counts > 0
    start = np.broadcast_to(np.asarray(first, dtype=np.float64), busy.shape)[busy]
    accounts, counts = accounts[busy], counts[busy]
    if not len(accounts):
        return world.requests(rng, accounts, accounts)
    length = np.maximum(1, rng.poisson(np.where(people.persona[accounts] == SERVICE, 1.2, 2.6)))
    sessions = np.maximum(1, counts // length)
    owner, _ = ragged(sessions)
    who = accounts[owner]
    at = _starts(rng, world, accounts, owner, first=start, last=float(world.days if last is None else last))
    where = locate(rng, world, who, np.floor(at / 86_400).astype(np.int64))
    conversation = mix(rng.integers(1, 2**63, len(who)).astype(np.uint64))
    fork = np.flatnonzero(rng.random(len(who)) < world.trait("forks"))
    conversation[fork] = conversation[rng.integers(0, len(who), len(fork))]
    conversation[rng.random(len(who)) < people.api[who]] = 0

    event_owner, rank = ragged(counts)
    session = (np.cumsum(sessions) - sessions)[event_owner] + rank * sessions[event_owner] // counts[event_owner]
    new = np.concatenate([[True], session[1:] != session[:-1]])
    gaps = rng.exponential(110.0, len(session)) * np.where(rng.random(len(session)) < 0.1, 6.0, 1.0)
    run = np.cumsum(gaps)
    base = np.maximum.accumulate(np.where(new, run, 0.0))
    account = who[session]
    events = world.requests(
        rng, account, ((at[session] + run - base) * SECOND).astype(np.int64) + rng.integers(0, SECOND, len(session)),
        ip=where[session], payload=rng.integers(1, 2**63, len(session)).astype(np.uint64),
        conversation=conversation[session], topic=_TOPIC[people.persona[account], rng.integers(0, _FINE, len(session))],
    )  # fmt: skip
    _copied(rng, world, events)
    _follow_up(rng, events, new, session)
    _programs(rng, world, events)
    return world.alive(events)


def _starts(rng: np.random.Generator, world: World, accounts: Ints, owner: Ints, *, first: Reals, last: float) -> Reals:
    """When sessions begin, in seconds: within the account's active time, by the profile of its persona."""
    people = world.people
    begin = np.maximum(first + people.begins[accounts] * (last - first), people.created[accounts] / 86_400)
    span = np.maximum((last - begin) * people.lasts[accounts], 0.3)
    who = accounts[owner]
    persona = people.persona[who]
    day = np.floor(begin[owner] + rng.random(len(who)) * span[owner]).astype(np.int64)
    rest = np.isin(persona, [WORKER, DEVELOPER]) & (day % 7 >= 5) & (rng.random(len(who)) < world.trait("weekend"))
    day = np.where(rest, day + np.where(rng.random(len(who)) < 0.5, 2, -2), day)
    local = hours(rng, persona)
    ticking = (persona == SERVICE) & (people.line[who] % np.uint64(1000) < world.trait("cron") * 1000)
    tick = np.floor(local * 2) / 2 + rng.exponential(0.003, len(who))
    start = (day * 24 + np.where(ticking, tick, local) - people.zone[who]) * 3600.0
    early = start < people.created[who]
    return np.where(early, people.created[who] + rng.exponential(9_000.0, len(who)), start)


def _copied(rng: np.random.Generator, world: World, events: Events) -> None:
    """Some prompts come from tutorials and lists of prompts, by a Zipf law of middling steepness."""
    rows = np.flatnonzero(rng.random(len(events)) < world.trait("tutorial"))
    which = np.floor(world.trait("tutorials") * rng.random(len(rows)) ** 2).astype(np.int64)
    events["payload"][rows] = mix(which, world.salt("tutorial"))
    events["topic"][rows] = (events["payload"][rows] % np.uint64(topic("follow"))).astype(np.uint8)


def _follow_up(rng: np.random.Generator, events: Events, new: npt.NDArray[np.bool_], session: Ints) -> None:
    """Later turns of a conversation answer or quote the first one."""
    first = np.flatnonzero(new)[session]
    u = rng.random(len(events))
    turn = ~new & (u < 0.45) & (events["conversation"] != 0)
    events["topic"] = np.where(turn, topic("follow"), events["topic"])
    events["quote"] = np.where(turn & (u < 0.15), events["payload"][first], 0)


def _programs(rng: np.random.Generator, world: World, events: Events) -> None:
    """Requests through an agent or program carry its system prompt and wrapper."""
    people, account = world.people, events["account"]
    through = rng.random(len(events)) < people.wrapped[account]
    events["system"] = np.where(through, people.system[account], 0)
    events["wrapper"] = np.where(through, people.wrapper[account], 0)
    events["wording"] = mix(events["payload"], 19)
