"""Every scenario by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, Protocol

import numpy as np

from graphring.simulate.events import Events
from graphring.simulate.lookalikes import sites
from graphring.simulate.parameters import Span
from graphring.simulate.rings import pools
from graphring.simulate.world import Group, World

__all__ = ["LOOKALIKES", "RINGS", "Scenario"]


class Scenario(Protocol):
    """A kind of ring or look-alike."""

    name: str
    spans: Mapping[str, Span]
    """Ranges of its parameters; `accounts` is the number of members."""

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """Change the members' columns."""

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """The members' exchanges, in any order."""


def _named(*scenarios: Scenario) -> Mapping[str, Scenario]:
    return MappingProxyType({scenario.name: scenario for scenario in scenarios})


RINGS: Final = _named(pools.Pool(), pools.Hydra(), pools.FailOver())
LOOKALIKES: Final = _named(sites.Company(), sites.Course(), sites.Agent())
