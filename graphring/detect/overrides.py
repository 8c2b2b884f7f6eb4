"""The parameters of detection as the settings give them: known names, values of the right type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from difflib import get_close_matches
from typing import Any, Final

from graphring.detect.parameters import Parameters
from graphring.errors import ConfigError
from graphring.model import Family

__all__ = ["parameters"]

_NAMES: Final = tuple(f.name for f in fields(Parameters))


def parameters(overrides: Mapping[str, Any]) -> Parameters:
    """The parameters with `overrides` applied.

    Raises
    ------
    ConfigError: an unknown name, or a value of the wrong type.
    """
    values: dict[str, Any] = {}
    defaults = Parameters()
    for name, value in overrides.items():
        if name not in _NAMES:
            near = get_close_matches(name, _NAMES, n=1)
            raise ConfigError(
                f"detect.{name} is not a parameter of detection" + (f"; the nearest is '{near[0]}'" if near else ""),
                "Known parameters are listed in docs/detection.md",
            )
        values[name] = _checked(name, value, getattr(defaults, name))
    return Parameters(**values)


def _checked(name: str, value: Any, default: Any) -> Any:
    if name == "disabled_families":
        known = [str(f) for f in Family]
        given = tuple(str(v) for v in (value if isinstance(value, list | tuple) else [value]))
        if bad := [v for v in given if v not in known]:
            raise ConfigError(f"detect.disabled_families names '{bad[0]}'", f"Families are {', '.join(known)}")
        return given
    if name == "resolutions":
        return tuple(float(v) for v in value)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or (isinstance(default, int) and int(value) != value):
        raise ConfigError(f"detect.{name} must be {'a whole number' if isinstance(default, int) else 'a number'}")
    return type(default)(value)
