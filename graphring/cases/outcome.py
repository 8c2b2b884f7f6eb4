"""What a person can decide about a ring."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from graphring.errors import InputError

__all__ = ["Outcome", "parse_outcome"]


class Outcome(StrEnum):
    """A decision. Nothing is taken back: a later decision counts instead of an earlier one."""

    CONFIRMED = "confirmed"
    """The accounts act together against the terms."""
    BENIGN = "benign"
    """The accounts have an innocent reason to look alike."""
    WATCH = "watch"
    """Not enough to act on; look again as evidence comes in."""
    REOPEN = "reopen"
    """An earlier decision no longer holds; the ring is open again."""


_ALIASES: Final = MappingProxyType(
    {"confirm": Outcome.CONFIRMED, "clear": Outcome.BENIGN, "dismiss": Outcome.BENIGN}
    | {outcome.value: outcome for outcome in Outcome}
)


def parse_outcome(text: str) -> Outcome:
    """The outcome that `text` names, verb forms included, whatever its case.

    Raises
    ------
    InputError: there is no such outcome; the message lists those that there are.
    """
    found = _ALIASES.get(text.strip().lower())
    if found is None:
        known = ", ".join(outcome.value for outcome in Outcome)
        raise InputError(
            f"there is no outcome '{text[:40]}'",
            f"Choose one of {known} (confirm, clear and dismiss are understood too)",
        )
    return found
