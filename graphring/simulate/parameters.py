"""Typed ranges from which a world's parameters are drawn, and the settings of a world."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from graphring.errors import ConfigError

__all__ = ["PRESETS", "Span", "WorldSettings", "check", "draw", "load"]


@dataclass(frozen=True)
class Span:
    """A parameter: drawn from `low` to `high`, on a log scale where it spans magnitudes.

    `hides` says what the dial does to a ring: 1: higher values hide it better, -1: lower ones do, 0: neither.
    """

    low: float
    high: float
    doc: str
    log: bool = False
    whole: bool = False
    hides: int = 0

    def draw(self, rng: np.random.Generator, band: tuple[float, float] = (0.0, 1.0)) -> float:
        """One value; dials that hide are drawn from a band of their range, 0 being the plainest end."""
        u = float(rng.random())
        if self.hides:
            u = band[0] + u * (band[1] - band[0])
            u = u if self.hides > 0 else 1.0 - u
        value = self.low * (self.high / self.low) ** u if self.log else self.low + u * (self.high - self.low)
        return float(round(value)) if self.whole else round(value, 6)


def _setting(default: Any, doc: str) -> Any:
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True)
class WorldSettings:
    """What a configuration can say of a world."""

    days: int = _setting(42, "days of observed traffic")
    exchanges_per_account: float = _setting(25.0, "mean requests of an account over all days; groups differ")
    ring_share: float = _setting(0.12, "share of accounts in rings")
    lookalike_share: float = _setting(0.18, "share of accounts in innocent groups that look like rings")
    camouflage: tuple[float, float] = _setting((0.0, 1.0), "part of each hiding dial's range that is drawn from")
    rings: tuple[str, ...] = _setting((), "ring scenarios that may occur; none named: all")
    lookalikes: tuple[str, ...] = _setting((), "look-alikes that may occur; none named: all")
    late: float = _setting(0.01, "with nights: share of exchanges that arrive one night late")
    corrected: float = _setting(0.003, "with nights: share of exchanges that are sent again, corrected, a night later")
    parameters: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict,
        metadata={"doc": "scenario or `background` → parameter → a value or [low, high] instead of its range"},
    )


PRESETS: Final[Mapping[str, Mapping[str, Any]]] = {
    "default": {},
    "easy": {"camouflage": (0.0, 0.35), "ring_share": 0.15, "lookalike_share": 0.1},
    "hard": {"camouflage": (0.5, 1.0), "ring_share": 0.07, "lookalike_share": 0.25},
    "benign": {"ring_share": 0.0, "lookalike_share": 0.25},
    "sample": {"camouflage": (0.0, 0.5), "days": 28, "exchanges_per_account": 18.0, "ring_share": 0.14},
}
"""Settings by name; `preset` in a configuration names one, and what else it says goes before the preset."""


def load(config: Path | Mapping[str, Any] | None) -> WorldSettings:
    """Settings from a TOML file, the name of a preset, or values.

    Raises
    ------
    ConfigError: the file is missing or broken, a name is unknown, a value impossible.
    """
    values: dict[str, Any] = {}
    if isinstance(config, Path):
        values = {"preset": str(config)} if str(config) in PRESETS and not config.exists() else _read(config)
    elif config is not None:
        values = dict(config)
    preset = values.pop("preset", "default")
    if preset not in PRESETS:
        raise ConfigError(f"there is no preset '{preset}'", f"Presets are {', '.join(PRESETS)}")
    known = [f.name for f in fields(WorldSettings)]
    for name in values:
        if name not in known:
            raise ConfigError(f"the simulator has no setting '{name}'", f"Settings are preset, {', '.join(known)}")
    return _checked(replace(WorldSettings(), **{**PRESETS[preset], **values}))


def check(name: str, spans: Mapping[str, Span], settings: WorldSettings) -> None:
    """See that what the settings say of a scenario's parameters can be.

    Raises
    ------
    ConfigError: a parameter is unknown, or its value is no number and no range.
    """
    for parameter, value in settings.parameters.get(name, {}).items():
        if parameter not in spans:
            raise ConfigError(f"'{name}' has no parameter '{parameter}'", f"It has {', '.join(sorted(spans))}")
        _range(name, parameter, value)


def draw(name: str, spans: Mapping[str, Span], rng: np.random.Generator, settings: WorldSettings) -> dict[str, float]:
    """A value for each parameter of a scenario, in order of name; `check` comes before."""
    given = settings.parameters.get(name, {})
    values = {}
    for parameter in sorted(spans):
        span = spans[parameter]
        if parameter in given:
            low, high = _range(name, parameter, given[parameter])
            span = replace(span, low=low, high=high, log=span.log and low > 0, hides=0)
        values[parameter] = span.draw(rng, settings.camouflage)
    return values


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            f"there is no world configuration {path}", f"Give a TOML file or a preset: {', '.join(PRESETS)}"
        ) from error
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as TOML: {error}") from error


def _range(name: str, parameter: str, value: Any) -> tuple[float, float]:
    ends = list(value) if isinstance(value, (list, tuple)) else [value, value]
    if len(ends) == 2 and all(_is_number(end) for end in ends) and ends[0] <= ends[1]:
        return float(ends[0]), float(ends[1])
    raise ConfigError(f"parameters.{name}.{parameter} is {value!r}", "Give a number or [low, high]")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _checked(settings: WorldSettings) -> WorldSettings:
    shares = {name: getattr(settings, name) for name in ("ring_share", "lookalike_share", "late", "corrected")}
    for name, value in shares.items():
        if not _is_number(value) or not 0 <= value <= 1:
            raise ConfigError(f"the simulator's '{name}' is {value!r}", "It is a share from 0 to 1")
    if settings.ring_share + settings.lookalike_share > 0.8:
        raise ConfigError("ring_share and lookalike_share leave no background", "Keep their sum at 0.8 or below")
    days: Any = settings.days
    if not isinstance(days, int) or not 2 <= days <= 3660:
        raise ConfigError(f"the simulator's 'days' is {settings.days!r}", "It is a whole number from 2 to 3660")
    if not _is_number(settings.exchanges_per_account) or settings.exchanges_per_account <= 0:
        raise ConfigError(
            f"the simulator's 'exchanges_per_account' is {settings.exchanges_per_account!r}", "It is above 0"
        )
    low, high = _range("world", "camouflage", settings.camouflage)
    if not 0 <= low <= high <= 1:
        raise ConfigError(f"the simulator's 'camouflage' is {settings.camouflage!r}", "It lies between 0 and 1")
    return replace(settings, camouflage=(low, high), rings=tuple(settings.rings), lookalikes=tuple(settings.lookalikes))
