"""Populate a world: who belongs to which ring or look-alike, and everybody's traffic in blocks of bounded size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from graphring.simulate.draws import heavy_tail, stream
from graphring.simulate.events import DAY, Events
from graphring.simulate.parameters import draw
from graphring.simulate.people import populate
from graphring.simulate.registry import LOOKALIKES, RINGS, Scenario
from graphring.simulate.world import Group, World

__all__ = ["blocks", "build"]

_BLOCK = 20_000


def build(
    accounts: int, days: int, seed: int, *, ring_share: float, lookalike_share: float, per_account: float
) -> World:
    """The world's accounts, before any traffic."""
    people = populate(accounts, days, seed)
    rng = stream(seed, "groups")
    groups: list[Group] = []
    start = 0
    for scenarios, share, ring in ((RINGS, ring_share, True), (LOOKALIKES, lookalike_share, False)):
        for name, size, dials in _plan(scenarios, int(accounts * share), rng):
            groups.append(Group(f"{name}-{len(groups) + 1}", name, np.arange(start, start + size), dials, ring))
            start += size
    world = World(seed, days, people, np.arange(start, accounts), max(2000, accounts // 12), per_account, groups)
    _habits(world)
    for number, group in enumerate(groups):
        people.kind[group.members] = 1 + number
        people.ring[group.members] = 1 + number if group.ring else 0
        _scenario(group).join(world, group, stream(seed, "join", group.name))
    return world


def blocks(world: World) -> Iterator[Events]:
    """Everybody's exchanges."""
    for group in world.groups:
        for events in _scenario(group).traffic(world, group, stream(world.seed, "traffic", group.name)):
            inside = (events["ts"] >= 0) & (events["ts"] < world.days * DAY)
            yield events[inside & (events["ts"] >= world.people.created[events["account"]] * 1_000_000)]
    from graphring.simulate.traffic import organic  # noqa: PLC0415

    for start in range(0, len(world.background), _BLOCK):
        accounts = world.background[start : start + _BLOCK]
        rng = stream(world.seed, "background", start)
        mean = world.people.activity[accounts] * world.per_account * 0.62
        counts = np.minimum(rng.poisson(mean), world.days * 860).astype(np.int64)
        yield organic(rng, world.people, accounts, counts, world.days, world.pool)


def _scenario(group: Group) -> Scenario:
    return (RINGS if group.ring else LOOKALIKES)[group.kind]


def _plan(
    scenarios: Mapping[str, Scenario], budget: int, rng: np.random.Generator
) -> list[tuple[str, int, dict[str, float]]]:
    """Groups until the budget of accounts is used: all scenarios in turn, larger ones capped at a share of it."""
    chosen: list[tuple[str, int, dict[str, float]]] = []
    used = 0
    while used < budget:
        for name in sorted(scenarios):
            dials = draw(dict(scenarios[name].spans), rng)
            chosen.append((name, int(min(dials["accounts"], max(12, budget * 0.3))), dials))
            used += chosen[-1][1]
    shrink = min(1.0, budget / max(used, 1))
    return [
        (name, max(6, int(size * shrink)), dials | {"accounts": max(6, int(size * shrink))})
        for name, size, dials in chosen
    ]


def _habits(world: World) -> None:
    """Agents and programs of the background: popular ones by Zipf, and developers' own."""
    people, rng = world.people, world.rng("habits")
    agents = np.asarray([world.system(("agent", number), short=number % 3 == 0) for number in range(60)])
    weights = 1.0 / np.arange(1, 61)
    users = rng.random(len(people)) < 0.25
    people.system[users] = rng.choice(agents, int(users.sum()), p=weights / weights.sum())
    people.wrapped[users] = rng.beta(2, 2, int(users.sum()))
    makers = np.flatnonzero(np.isin(people.persona, [3, 4]) & (rng.random(len(people)) < 0.5))
    for account in makers:
        people.wrapper[account] = world.wrapper(("own", int(account)))
    people.wrapped[makers] = heavy_tail(rng, len(makers), median=0.5, sigma=0.3).clip(0, 1)
