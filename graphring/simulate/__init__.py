"""Worlds with a known truth: background, innocent look-alikes and rings, in the input contract."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphring.engine import writing
from graphring.errors import ConfigError
from graphring.simulate.build import blocks, build
from graphring.simulate.registers import write_registers
from graphring.simulate.writer import Spill, write_exchanges

__all__ = ["WorldSummary", "simulate"]

_DEFAULTS: dict[str, float] = {"days": 42, "ring_share": 0.12, "lookalike_share": 0.18, "exchanges_per_account": 25.0}


@dataclass(frozen=True)
class WorldSummary:
    """What was made."""

    out: Path
    accounts: int
    exchanges: int
    rings: int
    ring_accounts: int
    days: int
    seed: int


def simulate(
    out: Path,
    *,
    accounts: int,
    seed: int,
    config: Path | Mapping[str, Any] | None = None,
    days: int | None = None,
    nights: int | None = None,  # noqa: ARG001
    progress: Callable[[int], None] | None = None,
) -> WorldSummary:
    """Make a world: accounts, payments, exchanges, links and truth as Parquet in `out`.

    Parameters
    ----------
    accounts: how many.
    seed: the same seed (and the rest) gives the same bytes.
    config: a TOML file or its values.
    days: length of the observed time.
    progress: called with the number of exchanges of each batch that was written.

    Raises
    ------
    ConfigError: the configuration names something unknown or impossible.
    DiskFullError: no space left.
    """
    values = _values(config) | ({"days": days} if days is not None else {})
    length = int(values["days"])
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        world = build(
            accounts, length, seed, ring_share=values["ring_share"], lookalike_share=values["lookalike_share"],
            per_account=values["exchanges_per_account"],
        )  # fmt: skip
        with tempfile.TemporaryDirectory(prefix=".spill-", dir=out) as folder:
            spill = Spill(Path(folder), length)
            for events in blocks(world):
                spill.add(events)
            exchanges = write_exchanges(world, spill, out / "exchanges.parquet", progress)
        write_registers(world, out)
    rings = [group for group in world.groups if group.ring]
    return WorldSummary(out, accounts, exchanges, len(rings), sum(len(g.members) for g in rings), length, seed)


def _values(config: Path | Mapping[str, Any] | None) -> dict[str, Any]:
    given: Mapping[str, Any] = {}
    if isinstance(config, Path):
        try:
            given = tomllib.loads(config.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{config} cannot be read as TOML", "Check the path given with --config") from error
    elif config is not None:
        given = config
    unknown = sorted(set(given) - set(_DEFAULTS))
    if unknown:
        raise ConfigError(f"the simulator knows no setting '{unknown[0]}'", "docs/simulation.md lists all of them")
    return {**_DEFAULTS, **given}
