"""A world in the making: its accounts, texts and registers, and the exchanges as they come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from graphring.simulate.draws import salt, stream
from graphring.simulate.people import People

__all__ = ["Dials", "Group", "World"]


@dataclass(frozen=True)
class Group:
    """A ring or look-alike: its name, scenario, accounts and the values that its parameters took."""

    name: str
    kind: str
    members: npt.NDArray[np.int64]
    dials: dict[str, float]
    ring: bool


Dials = dict[str, float]


@dataclass
class World:
    """What scenarios see and change."""

    seed: int
    days: int
    people: People
    background: npt.NDArray[np.int64]
    """Accounts of no group."""
    pool: int
    """Addresses of one home provider's pool."""
    per_account: float
    """Mean requests of an account over the observed time."""
    groups: list[Group] = field(default_factory=list)
    wrappers: list[tuple[int, float]] = field(default_factory=list)
    systems: list[tuple[int, bool]] = field(default_factory=list)
    extra_payments: list[tuple[Any, ...]] = field(default_factory=list)

    def rng(self, *names: object) -> np.random.Generator:
        """A stream of its own for a name."""
        return stream(self.seed, *names)

    def wrapper(self, name: object, paraphrase: float = 0.0) -> int:
        """Register a wrapper; returns its code."""
        self.wrappers.append((salt(self.seed, "wrapper", name), paraphrase))
        return len(self.wrappers)

    def system(self, name: object, *, short: bool = False) -> int:
        """Register a system prompt; returns its code."""
        self.systems.append((salt(self.seed, "system", name), short))
        return len(self.systems)
