"""Typed ranges from which a world's parameters are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Span", "draw"]


@dataclass(frozen=True)
class Span:
    """A parameter: drawn from low to high, on a log scale where it spans magnitudes."""

    low: float
    high: float
    doc: str
    log: bool = False
    whole: bool = False

    def draw(self, rng: np.random.Generator) -> float:
        """One value."""
        u = rng.random()
        value = self.low * (self.high / self.low) ** u if self.log else self.low + u * (self.high - self.low)
        return float(round(value)) if self.whole else float(value)


def draw(spans: dict[str, Span], rng: np.random.Generator) -> dict[str, float]:
    """A value for each parameter, in order of name."""
    return {name: spans[name].draw(rng) for name in sorted(spans)}
