"""A world in the making: its accounts, its texts, and helpers that every scenario needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from graphring.simulate.draws import salt, stream
from graphring.simulate.events import DAY, SECOND, Events, make
from graphring.simulate.people import NEW_MODEL, People

__all__ = ["Group", "World"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Group:
    """A ring or look-alike: its name, scenario, accounts and the values that its parameters took."""

    name: str
    kind: str
    members: Ints
    dials: Mapping[str, float]
    ring: bool


@dataclass
class World:
    """What scenarios see and change."""

    seed: int
    days: int
    people: People
    traits: Mapping[str, float]
    """The values that the background's parameters took."""
    per_account: float
    """Mean requests of an account over the observed time."""
    background: Ints
    """Accounts of no group."""
    groups: list[Group] = field(default_factory=list)
    wrappers: list[tuple[int, float, str]] = field(default_factory=list)
    """(seed, paraphrase, shape) of each wrapper, from code 1."""
    systems: list[tuple[int, str]] = field(default_factory=list)
    """(seed, kind) of each system prompt, from code 1."""
    public: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    """Codes of wrappers that are published somewhere: anybody may use them."""
    labels: list[str] = field(default_factory=lambda: [""])
    """Names of rings in the truth; the first one is benign."""
    kinds: list[str] = field(default_factory=lambda: ["background"])
    """Names of scenarios in the truth."""
    extra_payments: list[tuple[Ints, Ints, Ints, Ints, Ints]] = field(default_factory=list)
    """Further payment methods: account, method, seconds, kind, issuer."""

    def rng(self, *names: object) -> np.random.Generator:
        """A stream of its own for a name."""
        return stream(self.seed, *names)

    def salt(self, *names: object) -> int:
        """A number of its own for a name."""
        return salt(self.seed, *names)

    def trait(self, name: str) -> float:
        """A parameter of the background."""
        return self.traits[name]

    def homes(self) -> int:
        """Addresses of one home provider's pool."""
        return max(512, int(len(self.people) * self.traits["home_pool"]))

    def crowd(self, name: str) -> int:
        """Gateways or exits: they grow with the square root of the world, so larger worlds crowd them more."""
        return max(4, int(self.traits[name] * (len(self.people) / 20_000) ** 0.5))

    def wrapper(self, name: object, *, paraphrase: float = 0.0, shape: str = "") -> int:
        """Register a wrapper; returns its code."""
        self.wrappers.append((self.salt("wrapper", name), paraphrase, shape))
        return len(self.wrappers)

    def system(self, name: object, kind: str = "agent") -> int:
        """Register a system prompt; returns its code."""
        self.systems.append((self.salt("system", name), kind))
        return len(self.systems)

    def label(self, accounts: Ints, ring: str, kind: str) -> None:
        """Say in the truth what accounts are; an empty ring: benign."""
        if ring not in self.labels:
            self.labels.append(ring)
        if kind not in self.kinds:
            self.kinds.append(kind)
        self.people.set(accounts, ring=self.labels.index(ring), kind=self.kinds.index(kind))

    def release(self) -> float:
        """The day on which the new model comes out."""
        return self.traits["release"] * self.days

    def requests(self, rng: np.random.Generator, account: Ints, ts: Ints, **columns: Any) -> Events:
        """Single requests of accounts at times (microseconds), with their usual model and client."""
        people = self.people
        adopted = ts > (self.release() + people.adopts[account]) * DAY
        second = rng.random(len(ts)) < 0.12
        return make(
            len(ts), ts=ts, account=account, model=np.where(adopted, NEW_MODEL, people.model[account]),
            agent=np.where(second, people.agent2[account], people.agent[account]), **columns,
        )  # fmt: skip

    def alive(self, events: Events) -> Events:
        """Events that can be: within the observed time, of accounts that exist and are open."""
        ts, account = events["ts"], events["account"]
        inside = (ts >= 0) & (ts < self.days * DAY)
        exists = (ts > self.people.created[account] * SECOND) & (ts < self.people.closed[account] * SECOND)
        kept: Events = events[inside & exists]
        return kept
