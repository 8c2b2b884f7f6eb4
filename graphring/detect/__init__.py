"""Rings of coordinated accounts: candidate groups, evidence in bits, tiers, identity from run to run.

The detector, and with it compiled loops and graph libraries, is loaded when it is first asked for, not when a ring that
was found is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphring.detect.parameters import Parameters

if TYPE_CHECKING:
    from graphring.detect.pipeline import detect

__all__ = ["Parameters", "detect"]


def __getattr__(name: str) -> Any:
    if name != "detect":
        raise AttributeError(f"module 'graphring.detect' has no attribute '{name}'")
    from graphring.detect.pipeline import detect  # noqa: PLC0415

    return detect
