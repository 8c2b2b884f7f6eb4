"""What people do all day: sessions with the rhythm of their zone and week, from home, phone, office or server."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from graphring.simulate import addresses
from graphring.simulate.draws import fold, mix, ragged
from graphring.simulate.events import DAY, SECOND, Events, make
from graphring.simulate.people import People
from graphring.simulate.text.prompts import TOPICS, topic

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
_CDF: Final = np.cumsum(_PROFILE, axis=1) / _PROFILE.sum(axis=1, keepdims=True)
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
_TOPIC_CDF: Final = np.cumsum(_TOPICS, axis=1) / _TOPICS.sum(axis=1, keepdims=True)


def hours(rng: np.random.Generator, persona: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Local time of day, in hours, as the persona's profile has it."""
    u = rng.random(len(persona))
    hour = (u[:, None] > _CDF[persona]).sum(axis=1)
    return hour + rng.random(len(persona))


def locate(
    rng: np.random.Generator, people: People, accounts: npt.NDArray[np.int64], day: npt.NDArray[np.int64], pool: int
) -> npt.NDArray[np.int64]:
    """The address of a session on a day, as the account's habits have it."""
    u = rng.random(len(accounts))
    draw = rng.integers(0, 2**63, len(accounts)).astype(np.uint64)
    away, mobile, vpn = people.away[accounts], people.mobile[accounts], people.vpn[accounts]
    steady = fold(people.line[accounts], day // 3, 5)
    where = addresses.home(people.line[accounts], people.provider[accounts], pool, people.lease[accounts], day)
    where = np.where(
        u < mobile,
        addresses.carrier(people.country[accounts], np.where(draw % np.uint64(3) == 0, draw, steady), 40),
        where,
    )
    where = np.where(
        rng.random(len(u)) < vpn,
        addresses.vpn((people.line[accounts] % np.uint64(9)).astype(np.int64), draw, 120),
        where,
    )
    return np.where((rng.random(len(u)) < away) & (people.site[accounts] != 0), people.site[accounts], where)


def organic(
    rng: np.random.Generator,
    people: People,
    accounts: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
    days: int,
    pool: int,
) -> Events:
    """Human and service traffic of accounts.

    Parameters
    ----------
    counts: requests of each account over the observed time.
    days: the observed time.
    pool: addresses of a home provider's pool.
    """
    busy = counts > 0
    accounts, counts = accounts[busy], counts[busy]
    length = np.maximum(1, rng.poisson(np.where(people.persona[accounts] == 4, 1.2, 4.0)))
    sessions = np.maximum(1, counts // length)
    owner, _ = ragged(sessions)
    who = accounts[owner]
    persona = people.persona[who]
    begin = np.maximum(people.begins[accounts] * days, people.created[accounts] / 86_400)
    span = np.maximum((days - begin) * people.lasts[accounts], 0.3)
    day = np.floor(begin[owner] + rng.random(len(who)) * span[owner]).astype(np.int64)
    rest = np.isin(persona, [1, 3]) & (day % 7 >= 5) & (rng.random(len(who)) < 0.75)
    day = np.where(rest, day + 2, day)
    local = hours(rng, persona)
    ticking = (persona == 4) & (people.line[who] % np.uint64(2) == 0)
    tick = np.floor(local * 2) / 2 + rng.exponential(0.003, len(who))
    start = (day * 24 + np.where(ticking, tick, local) - people.zone[who]) * 3600.0
    early = start < people.created[who]
    start = np.where(early, people.created[who] + rng.exponential(5400.0, len(who)), start)
    where = locate(rng, people, who, np.floor(start / 86_400).astype(np.int64), pool)

    event_owner, rank = ragged(counts)
    first = np.cumsum(sessions) - sessions
    session = first[event_owner] + rank * sessions[event_owner] // counts[event_owner]
    gaps = rng.exponential(110.0, len(session)) * np.where(rng.random(len(session)) < 0.1, 6.0, 1.0)
    new = np.concatenate([[True], session[1:] != session[:-1]])
    run = np.cumsum(gaps)
    base = np.maximum.accumulate(np.where(new, run, 0.0))
    ts = ((start[session] + run - base) * SECOND).astype(np.int64) + rng.integers(0, SECOND, len(session))
    account = who[session]
    events = make(
        len(session), ts=ts, account=account, ip=where[session],
        payload=rng.integers(1, 2**63, len(session)).astype(np.uint64),
        conversation=mix(rng.integers(0, 2**63, len(who)).astype(np.uint64)[session]),
        model=people.model[account], agent=people.agent[account],
        topic=(rng.random(len(session))[:, None] > _TOPIC_CDF[people.persona[account]]).sum(axis=1),
    )  # fmt: skip
    _follow_up(rng, events, new, session)
    _programs(rng, events, people)
    return events[(ts >= 0) & (ts < days * DAY) & (ts >= people.created[account] * SECOND)]


def _follow_up(
    rng: np.random.Generator, events: Events, new: npt.NDArray[np.bool_], session: npt.NDArray[np.int64]
) -> None:
    """Later turns answer or quote the first one."""
    first = np.flatnonzero(new)[session - session[0]] if len(session) else session
    u = rng.random(len(events))
    turn = ~new & (u < 0.45)
    events["topic"] = np.where(turn, topic("follow"), events["topic"])
    events["quote"] = np.where(turn & (u < 0.12), events["payload"][first], 0)


def _programs(rng: np.random.Generator, events: Events, people: People) -> None:
    """Requests through an agent or program carry its system prompt and wrapper."""
    account = events["account"]
    through = rng.random(len(events)) < people.wrapped[account]
    events["system"] = np.where(through, people.system[account], 0)
    events["wrapper"] = np.where(through, people.wrapper[account], 0)
    events["wording"] = events["payload"]


assert len(TOPICS) == _TOPICS.shape[1]
