"""Worlds with a known truth: background, innocent look-alikes and rings, in the input contract."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from graphring.engine import writing
from graphring.errors import ConfigError
from graphring.simulate.build import blocks, build
from graphring.simulate.parameters import PRESETS, WorldSettings, load
from graphring.simulate.registers import write_registers, write_truth
from graphring.simulate.spill import Spill
from graphring.simulate.writer import nightly, write_exchanges

__all__ = ["PRESETS", "WorldSettings", "WorldSummary", "simulate"]


@dataclass(frozen=True)
class WorldSummary:
    """What was made."""

    out: Path
    accounts: int
    exchanges: int
    rings: int
    ring_accounts: int
    days: int
    nights: int
    seed: int


def simulate(
    out: Path,
    *,
    accounts: int,
    seed: int,
    config: Path | Mapping[str, Any] | None = None,
    days: int | None = None,
    nights: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> WorldSummary:
    """Make a world: accounts, payments, exchanges, links and truth as Parquet in `out`.

    Parameters
    ----------
    accounts: how many, at least 50.
    seed: the same seed (and the rest) gives the same bytes.
    config: a TOML file, the name of a preset (easy, default, hard, benign, sample) or the file's values.
    days: length of the observed time; None: as the configuration says.
    nights: deliver as that many folders `night-001` …, late and corrected rows included; the truth stays in `out`.
        The first night brings all days but the last `nights` - 1. None: one delivery, in `out` itself.
    progress: called with the number of exchanges of each batch that was written.

    Raises
    ------
    ConfigError: the configuration or an argument names something unknown or impossible.
    DiskFullError: no space left.
    """
    settings = load(config)
    settings = settings if days is None else load({**_values(settings), "days": days})
    if accounts < 50:
        raise ConfigError(f"a world of {accounts} accounts is too small", "Ask for 50 or more")
    if nights is not None and not 1 <= nights <= settings.days:
        raise ConfigError(f"{settings.days} days cannot come in {nights} nights", "Ask for 1 to as many nights as days")
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        world = build(accounts, seed, settings)
        deliveries = nightly(out, settings.days, nights)
        with tempfile.TemporaryDirectory(prefix=".spill-", dir=out) as folder:
            spill = Spill(Path(folder), settings.days)
            for events in blocks(world):
                spill.add(events)
            exchanges = write_exchanges(
                world, spill, deliveries, late=settings.late, corrected=settings.corrected, progress=progress
            )
        write_registers(world, deliveries)
        write_truth(world, replace(deliveries[-1], folder=out))
    members = np.bincount(world.people.ring, minlength=len(world.labels))[1:]
    return WorldSummary(
        out, accounts, exchanges, int((members > 0).sum()), int(members.sum()), settings.days, nights or 1, seed
    )


def _values(settings: WorldSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__dataclass_fields__}
