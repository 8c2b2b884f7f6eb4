"""The background: strangers who share by chance, as people do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from graphring.simulate.draws import stream
from graphring.simulate.events import Events
from graphring.simulate.parameters import Span
from graphring.simulate.people import OPEN
from graphring.simulate.traffic import organic
from graphring.simulate.world import World

__all__ = ["TRAITS", "habits", "share", "traffic"]

TRAITS: Final[dict[str, Span]] = {
    "activity": Span(1.05, 1.45, "spread (sigma) of the logarithm of requests per account: how heavy the tail is"),
    "agent_users": Span(0.15, 0.35, "share of accounts that use a popular agent or tool"),
    "agent_zipf": Span(0.8, 1.3, "exponent of the popularity of agents"),
    "agents": Span(30, 150, "popular agents, each with its own system prompt", log=True, whole=True),
    "closed": Span(0.01, 0.04, "share of accounts that were closed for reasons of their own"),
    "common_devices": Span(0.05, 0.2, "share of device fingerprints that many devices have"),
    "cron": Span(0.3, 0.7, "share of services that tick on the hour or half hour"),
    "disposable": Span(0.01, 0.05, "share of disposable mail domains"),
    "exits": Span(60, 240, "exits of a VPN service, at 20,000 accounts", log=True, whole=True),
    "families": Span(0.03, 0.1, "share of accounts in a family that pays with one card"),
    "forks": Span(0.002, 0.012, "share of sessions that go on with a conversation that a stranger published"),
    "free": Span(0.3, 0.55, "share of accounts on the free plan"),
    "gateways": Span(15, 80, "gateways of a carrier in a country, at 20,000 accounts", log=True, whole=True),
    "growth": Span(120, 400, "mean age of accounts in days", log=True),
    "home_pool": Span(0.1, 0.8, "addresses of a home provider's pool, per account of the world", log=True),
    "makers": Span(0.35, 0.7, "share of developers and services that send a wrapper of their own"),
    "mobile": Span(0.45, 0.75, "share of people who also come from a carrier"),
    "public_share": Span(0.1, 0.35, "share of wrappers that were copied from a public place"),
    "public_wrappers": Span(20, 90, "wrappers that are published and copied", log=True, whole=True),
    "referrals": Span(0.1, 0.3, "share of accounts that came by a referral code"),
    "release": Span(0.35, 0.7, "when a new model comes out, as a share of the observed time"),
    "static": Span(0.1, 0.3, "share of home lines that keep their address"),
    "tutorial": Span(0.01, 0.05, "share of human prompts copied from tutorials"),
    "tutorials": Span(200, 2000, "prompts of tutorials and of lists of prompts", log=True, whole=True),
    "vpn": Span(0.06, 0.2, "share of people who also use a VPN"),
    "weekend": Span(0.5, 0.9, "share of office sessions that do not happen at weekends"),
}
_BLOCK: Final = 8_192


def habits(world: World) -> None:
    """Agents, programs and families of the whole population; scenarios change some of it later."""
    people, rng = world.people, world.rng("habits")
    n = len(people)
    agents = np.asarray(
        [world.system(("agent", k), ("short", "agent", "long")[k % 3]) for k in range(int(world.trait("agents")))]
    )
    weights = np.arange(1, len(agents) + 1) ** -world.trait("agent_zipf")
    users = np.flatnonzero(rng.random(n) < world.trait("agent_users"))
    people.system[users] = rng.choice(agents, len(users), p=weights / weights.sum())
    people.wrapped[users] = rng.beta(2, 2, len(users))
    wrapping = np.asarray([world.wrapper(("agent", k)) if k % 2 else 0 for k in range(len(agents))])
    people.wrapper[users] = wrapping[people.system[users] - 1]
    world.public = np.asarray([world.wrapper(("public", k)) for k in range(int(world.trait("public_wrappers")))])
    chance = np.where(np.isin(people.persona, [3, 4]), world.trait("makers"), 0.03)
    makers = np.flatnonzero(rng.random(n) < chance)
    copied = rng.random(len(makers)) < world.trait("public_share")
    weights = 1.0 / np.arange(1, len(world.public) + 1)
    people.wrapper[makers] = rng.choice(world.public, len(makers), p=weights / weights.sum())
    for account in makers[~copied].tolist():
        loose = 0.3 if account % 11 == 0 else 0.0
        people.wrapper[account] = world.wrapper(("own", account), paraphrase=loose)
    people.wrapped[makers] = np.where(
        people.persona[makers] == 4, rng.beta(8, 1, len(makers)), rng.beta(2, 1.5, len(makers))
    )
    _families(world, rng)
    gone = np.flatnonzero(rng.random(n) < world.trait("closed"))
    people.closed[gone] = (rng.uniform(-100, world.days, len(gone)) * 86_400).astype(np.int64)
    people.closed[gone] = np.where(people.closed[gone] > people.created[gone], people.closed[gone], OPEN)
    second = np.flatnonzero((people.card > 0) & (rng.random(n) < 0.12))
    later = people.card_at[second] + rng.exponential(60 * 86_400, len(second)).astype(np.int64)
    keep = later < world.days * 86_400
    second, later = second[keep], later[keep]
    world.extra_payments.append(
        (second, second + 1 + n, later, rng.integers(0, 5, len(second)), rng.integers(0, 60, len(second)))
    )


def _families(world: World, rng: np.random.Generator) -> None:
    """Two to five accounts with one card, one line and one country."""
    people = world.people
    start = 0
    sizes = rng.choice([2, 3, 4, 5], int(len(people) * world.trait("families") / 2.6) + 1, p=[0.6, 0.25, 0.1, 0.05])
    heads = np.sort(
        rng.choice(max(1, len(world.background) - 6), min(len(sizes), len(world.background) // 8), replace=False)
    )
    for head, size in zip(heads.tolist(), sizes.tolist(), strict=False):
        if head < start:
            continue
        start = head + size
        share(world, world.background[head : head + size])


def share(world: World, members: npt.NDArray[np.int64]) -> None:
    """Let accounts live together: one line, one country, and one card among those who pay."""
    people, first = world.people, int(members[0])
    for column in ("country", "zone", "line", "provider", "lease"):
        people.set(members, **{column: getattr(people, column)[first]})
    paying = members[people.card[members] > 0]
    if len(paying):
        people.set(paying, card=1 + first, card_kind=people.card_kind[first], issuer=people.issuer[first])


def traffic(world: World) -> Iterator[Events]:
    """The background's exchanges, some thousand accounts at a time."""
    for start in range(0, len(world.background), _BLOCK):
        accounts = world.background[start : start + _BLOCK]
        rng = stream(world.seed, "background", start)
        mean = world.people.activity[accounts] * world.per_account
        counts = np.minimum(rng.poisson(mean), world.days * 860).astype(np.int64)
        yield organic(rng, world, accounts, counts)
