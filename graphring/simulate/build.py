"""Populate a world: who belongs to which ring or look-alike, and everybody's traffic in blocks of bounded size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from graphring.errors import ConfigError
from graphring.simulate.background import TRAITS, habits
from graphring.simulate.background import traffic as background_traffic
from graphring.simulate.draws import heavy_tail, stream
from graphring.simulate.events import Events
from graphring.simulate.parameters import WorldSettings, check, draw
from graphring.simulate.people import OPEN, populate
from graphring.simulate.registry import LOOKALIKES, RINGS, Scenario
from graphring.simulate.world import Group, World

__all__ = ["blocks", "build"]

_SMALL: Final = 48
"""A ring scenario is left out of a small world where its rings would be smaller than this on average."""
_LARGEST: Final = 0.22
"""No group takes more than this share of what its side may take."""


def build(accounts: int, seed: int, settings: WorldSettings) -> World:
    """The world's accounts, before any traffic.

    Raises
    ------
    ConfigError: the settings name a scenario or parameter that does not exist.
    """
    spans = {name: scenario.spans for name, scenario in (*RINGS.items(), *LOOKALIKES.items())} | {"background": TRAITS}
    for section in settings.parameters:
        if section not in spans:
            raise ConfigError(f"there is no scenario '{section}'", "docs/simulation.md lists all of them")
        check(section, spans[section], settings)
    traits = draw("background", TRAITS, stream(seed, "traits"), settings)
    people = populate(accounts, settings.days, seed, traits)
    groups: list[Group] = []
    start = 0
    sides = ((RINGS, settings.rings, settings.ring_share), (LOOKALIKES, settings.lookalikes, settings.lookalike_share))
    for scenarios, only, share in sides:
        rng = stream(seed, "groups", len(groups))
        chosen = _chosen(scenarios, only, int(accounts * share), rng, ring=scenarios is RINGS)
        for name, size, dials in _plan(chosen, int(accounts * share), rng, settings):
            members = np.arange(start, start + size)
            groups.append(Group(f"{name}-{len(groups) + 1}", name, members, dials, scenarios is RINGS))
            start += size
    world = World(
        seed=seed, days=settings.days, people=people, traits=traits, per_account=settings.exchanges_per_account,
        background=np.arange(start, accounts), groups=groups,
    )  # fmt: skip
    habits(world)
    for group in groups:
        world.label(group.members, group.name if group.ring else "", group.kind)
        _scenario(group).join(world, group, stream(seed, "join", group.name))
    _in_order(world)
    return world


def _in_order(world: World) -> None:
    """Nobody pays or is closed before the account exists."""
    people, rng = world.people, world.rng("order")
    delay = np.minimum(heavy_tail(rng, len(people), median=40_000, sigma=2.6), 200 * 86_400).astype(np.int64)
    people.card_at = np.where(people.card_at < people.created, people.created + delay, people.card_at)
    for number, columns in enumerate(world.extra_payments):
        keep = columns[2] > people.created[columns[0]]
        account, card, at, kind, issuer = (column[keep] for column in columns)
        world.extra_payments[number] = (account, card, at, kind, issuer)
    people.closed = np.where(people.closed <= people.created, OPEN, people.closed)


def blocks(world: World) -> Iterator[Events]:
    """Everybody's exchanges, in no particular order."""
    for group in world.groups:
        for events in _scenario(group).traffic(world, group, stream(world.seed, "traffic", group.name)):
            yield world.alive(events)
    yield from background_traffic(world)


def _scenario(group: Group) -> Scenario:
    return (RINGS if group.ring else LOOKALIKES)[group.kind]


def _chosen(
    scenarios: Mapping[str, Scenario], only: tuple[str, ...], budget: int, rng: np.random.Generator, *, ring: bool
) -> list[Scenario]:
    for name in only:
        if name not in scenarios:
            raise ConfigError(f"there is no scenario '{name}'", f"There are {', '.join(sorted(scenarios))}")
    names = sorted(only or scenarios)
    if ring and not only:
        kept = max(1, min(len(names), budget // _SMALL))
        names = [names[k] for k in rng.permutation(len(names))[:kept]]
    return [scenarios[name] for name in names]


def _plan(
    scenarios: list[Scenario], budget: int, rng: np.random.Generator, settings: WorldSettings
) -> list[tuple[str, int, dict[str, float]]]:
    """Groups until the budget of accounts is used: all scenarios in turn, then all shrunk alike to fit."""
    chosen: list[tuple[str, int, dict[str, float]]] = []
    several = len(scenarios) > 3
    used, cap = 0, max(12, int(budget * (_LARGEST if several else 1.0)))
    while used < budget:
        for scenario in scenarios:
            dials = draw(scenario.name, scenario.spans, rng, settings)
            chosen.append(
                (scenario.name, int(min(dials["accounts"], cap * (rng.uniform(0.4, 1.2) if several else 1.0))), dials)
            )
            used += chosen[-1][1]
            if used >= budget and len(chosen) >= len(scenarios):
                break
    while chosen and used > budget:
        shrink = budget / used
        sizes = [
            max(min(size, 2 if name in ("family", "migration") else 5), int(size * shrink)) for name, size, _ in chosen
        ]
        fitted = [(name, size, dials) for (name, _, dials), size in zip(chosen, sizes, strict=True)]
        if sum(sizes) >= used:
            fitted = fitted[:-1]
        chosen, used = fitted, sum(size for _, size, _ in fitted)
    return [(name, size, dials | {"accounts": float(size)}) for name, size, dials in chosen]
