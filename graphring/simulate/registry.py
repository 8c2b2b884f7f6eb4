"""Every scenario by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol

import numpy as np

from graphring.simulate.events import Events
from graphring.simulate.lookalikes import apps, classes, tools, work
from graphring.simulate.rings import pools, quiet, shared
from graphring.simulate.world import Group, World

__all__ = ["LOOKALIKES", "RINGS", "Scenario"]


class Scenario(Protocol):
    """A kind of ring or look-alike."""

    @property
    def name(self) -> str:
        """As the truth and the settings call it."""

    @property
    def spans(self) -> Any:
        """Ranges of its parameters by name; `accounts` is the number of members."""

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """Change the members' columns."""

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """The members' exchanges, in any order."""


def _named(*scenarios: Scenario) -> Mapping[str, Scenario]:
    return MappingProxyType({scenario.name: scenario for scenario in scenarios})


RINGS: Final = _named(
    pools.Pool(), pools.Hydra(), pools.FailOver(), quiet.SlowRelay(), shared.Rotation(), quiet.Burst(), quiet.Probing(),
    shared.Pivot(), shared.SharedPool(), shared.StolenKeys(), pools.Paraphrased(), quiet.Programme(), pools.Careful(),
)  # fmt: skip
LOOKALIKES: Final = _named(
    work.Company(), work.Agency(), work.Family(), apps.Production(), classes.Course(), classes.Hackathon(),
    classes.Workshop(), tools.PopularAgent(), tools.ViralTool(), tools.EvaluationSuite(), tools.ReleaseTesters(),
    apps.CiFleet(), apps.Migration(), apps.Reseller(),
)  # fmt: skip
