"""Every number that detection depends on, in one typed place, with its meaning, unit and source.

`settings.detect` overrides any of them by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, Final

from graphring.errors import ConfigError
from graphring.model import Family

__all__ = ["Parameters", "parameters"]


def _p(default: Any, unit: str, meaning: str, source: str) -> Any:
    return field(default=default, metadata={"unit": unit, "meaning": meaning, "source": source})


@dataclass(frozen=True)
class Parameters:
    """See each field's metadata: `unit`, `meaning`, `source`."""

    disabled_families: tuple[str, ...] = _p((), "names", "evidence families that are switched off", "ablation")
    seed: int = _p(20_260_131, "integer", "seeds every random draw", "any value serves")
    min_ring: int = _p(5, "accounts", "smaller groups are not reported", "a household or a team is that small")
    min_customers: int = _p(4, "customers", "a ring pretends to be at least so many strangers", "as min_ring")
    hub_customers: int = _p(
        400, "customers", "objects shared by more are no candidates' glue", "carriers, popular tools"
    )
    resolution: float = _p(1.0, "ratio", "Leiden's resolution for candidate groups", "modularity's natural scale")
    family_cap: float = _p(8.0, "bits", "what one family can say of an account at most", "one part in 256")
    strong_bits: float = _p(10.0, "bits", "an account is strong from here", "prior odds of about 1 in 1000")
    strong_share: float = _p(0.5, "share", "a group is a ring when so many of its accounts are strong", "majority")
    high_bits: float = _p(12.0, "bits", "score of the tier high", "posterior above .9 at 7 % prevalence")
    medium_bits: float = _p(9.0, "bits", "score of the tier medium", "posterior above .5 at 7 % prevalence")


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
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or (isinstance(default, int) and int(value) != value):
        raise ConfigError(f"detect.{name} must be {'a whole number' if isinstance(default, int) else 'a number'}")
    return type(default)(value)
