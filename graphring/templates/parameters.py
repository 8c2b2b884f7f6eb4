"""Every number that the search for families turns on, with its meaning, unit and source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from graphring.errors import ConfigError

__all__ = ["Parameters", "parameters"]


@dataclass(frozen=True)
class Parameters:
    """Settings of the section `[templates]` in graphring.toml."""

    min_accounts: int = 3
    """Accounts that must share a shingle or a system prompt before it counts as frequent."""
    min_exchanges: int = 4
    """Exchanges that must do so."""
    samples: int = 4
    """Prompts of a family that are compared to tell its wrapper from its slots (prompts; each family asks for so many
    raw texts)."""
    variants: int = 5
    """Most variants that a family keeps."""
    exemplar_words: int = 300
    """Words of a raw prompt that an exemplar is made from; the rest is cut."""


def parameters(overrides: Mapping[str, Any]) -> Parameters:
    """The parameters with `overrides`, by name.

    Raises
    ------
    ConfigError: a name is unknown or a value is not a number of the right kind.
    """
    known = {field.name: type(field.default) for field in fields(Parameters)}
    for name, value in overrides.items():
        if name not in known:
            raise ConfigError(f"setting 'templates.{name}' is unknown", f"Known are {', '.join(sorted(known))}")
        kinds = (int, float) if known[name] is float else (int,)
        if isinstance(value, bool) or not isinstance(value, kinds) or float(value) < 0:
            raise ConfigError(f"setting 'templates.{name}' must be a {known[name].__name__} of at least 0")
    return Parameters(**overrides)
