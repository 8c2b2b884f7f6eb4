"""`calibration.json` in the state: what `graphring calibrate` learned, and what every refresh goes by.

The file holds the four numbers of the two curves (rings, members) and where they come from. It is part of a run's
fingerprint: the same logs, settings and calibration give the same bytes. Settings under `[detect]` go before it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from graphring.config import Settings
from graphring.detect.overrides import parameters
from graphring.detect.parameters import Parameters
from graphring.errors import ConfigError

__all__ = ["CURVE", "Calibration", "calibrated", "parameters_of", "path_of", "read_calibration", "write_calibration"]

CURVE: Final = ("even_bits", "slope", "member_shift", "member_slope")
"""The parameters of detection that a calibration sets."""
_SCHEMA: Final = {"name": "graphring-calibration", "version": 1}


@dataclass(frozen=True)
class Calibration:
    """One fit. `base` is the curve without decisions: of worlds, else the packaged one; decisions start from it."""

    even_bits: float
    slope: float
    member_shift: float
    member_slope: float
    base: Mapping[str, float]
    source: str
    """worlds or decisions."""
    rings: int
    """On which it was fitted."""
    right: int
    worlds: Sequence[str]
    """Which worlds: preset, accounts and seed, or the folder's name; empty for decisions."""
    as_of: str | None
    """When the newest decision was made, ISO 8601; None for worlds. Never the time of the fit."""
    version: str
    """graphring's version."""

    @property
    def curve(self) -> dict[str, float]:
        """The parameters that it sets."""
        return {name: float(getattr(self, name)) for name in CURVE}


def path_of(settings: Settings) -> Path:
    """Where the calibration of a state lies."""
    return settings.state / "calibration.json"


def read_calibration(settings: Settings) -> Calibration | None:
    """The calibration of a state; None: there is none, the packaged curve holds.

    Raises
    ------
    ConfigError: the file is broken.
    """
    path = path_of(settings)
    if not path.exists():
        return None
    try:
        return _checked(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path} is not a calibration: {error}", "Remove it, and run graphring calibrate again where it is wanted"
        ) from error


def _checked(content: Mapping[str, Any]) -> Calibration:
    if content["schema"] != _SCHEMA:
        raise ValueError(f"its schema is {content['schema']}")
    found = Calibration(**{f.name: content[f.name] for f in fields(Calibration)})
    for curve in (found.curve, {name: float(found.base[name]) for name in CURVE}):
        if not all(math.isfinite(value) for value in curve.values()):
            raise ValueError("its numbers are no numbers")
        if min(curve["slope"], curve["member_slope"]) <= 0:
            raise ValueError("its slopes must be above 0")
    return found


def write_calibration(settings: Settings, calibration: Calibration) -> Path:
    """Write it, whole or not at all; the same calibration is the same bytes."""
    from graphring.engine import atomic, writing  # noqa: PLC0415 (reading a state needs no table engine)

    path = path_of(settings)
    text = json.dumps({"schema": _SCHEMA, **asdict(calibration)}, indent=1, sort_keys=True) + "\n"
    with writing(path), atomic(path) as part:
        part.write_text(text, encoding="utf-8")
    return path


def calibrated(settings: Settings) -> Settings:
    """The settings with the state's calibration among those of detection, as far as they do not say otherwise."""
    found = read_calibration(settings)
    if found is None:
        return settings
    merged: dict[str, Any] = {**found.curve, **settings.detect}
    return settings.model_copy(update={"detect": merged})


def parameters_of(settings: Settings, *, traffic: bool = True) -> Parameters:
    """The parameters that a refresh of this state goes by.

    Parameters
    ----------
    traffic: whether the run has exchanges.
    """
    p = parameters(calibrated(settings).detect)
    return p if traffic else p.without_traffic()
