"""What look-alikes have in common: their members do ordinary work beside what makes them alike."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphring.simulate.draws import heavy_tail
from graphring.simulate.events import Events
from graphring.simulate.people import OWN_DOMAIN
from graphring.simulate.traffic import organic
from graphring.simulate.world import Group, World

__all__ = ["amounts", "billed_together", "landed", "ordinary"]

Ints = npt.NDArray[np.int64]


def amounts(world: World, size: int, rng: np.random.Generator, factor: float = 1.0) -> Ints:
    """Numbers of requests, `factor` times the world's mean on average."""
    draws = heavy_tail(rng, size, median=world.per_account * factor * 0.55, sigma=1.1)
    return np.round(draws).astype(np.int64)


def ordinary(world: World, group: Group, rng: np.random.Generator, factor: float = 0.8) -> Events:
    """Ordinary traffic of the members, by their habits."""
    return organic(rng, world, group.members, np.maximum(amounts(world, len(group.members), rng, factor), 1))


def billed_together(world: World, members: Ints) -> None:
    """One payment method for all, that of the first member; each one is entered some time after sign-up."""
    people, first = world.people, int(members[0])
    people.set(members, card=1 + first, card_kind=people.card_kind[first], issuer=people.issuer[first])
    people.card_at[members] = np.maximum(people.card_at[members], people.created[members])


def landed(world: World, members: Ints, *, domain: bool, declared: bool) -> None:
    """One country, and where they show it one mail domain and one declared organisation."""
    people, first = world.people, int(members[0])
    people.set(members, country=people.country[first], zone=people.zone[first])
    if domain:
        people.set(members, email=OWN_DOMAIN + first)
    if declared:
        people.set(members, organisation=1 + first)
