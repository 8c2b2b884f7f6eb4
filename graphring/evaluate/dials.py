"""Recall against the camouflage of each ring: where does detection stop to see?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from graphring.evaluate.metrics import share
from graphring.evaluate.results import DialStep, RingMatch

__all__ = ["recall_by_dial"]

STEPS = 4


def recall_by_dial(
    matches: Sequence[RingMatch], dials: Mapping[str, Mapping[str, object]], steps: int = STEPS
) -> tuple[DialStep, ...]:
    """Recall and Jaccard for each setting of each dial.

    Parameters
    ----------
    matches: true rings with what was found of them.
    dials: ring → dial → setting. Numbers with more than `steps` different settings are cut at their quantiles.
    """
    by_ring = {match.ring: match for match in matches}
    names = sorted({name for ring in by_ring for name in dials.get(ring, {})})
    lines: list[DialStep] = []
    for name in names:
        settings = {ring: dials[ring][name] for ring in sorted(by_ring) if name in dials.get(ring, {})}
        steps_of = _steps(settings, steps)
        if len(steps_of) > 1:
            lines += [_line(name, step, [by_ring[ring] for ring in rings]) for step, rings in steps_of]
    return tuple(lines)


def _steps(settings: Mapping[str, object], steps: int) -> list[tuple[str, list[str]]]:
    """(label, rings) in rising order of the setting."""
    values = list(settings.values())
    numbers = [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) < len(values) or len(set(numbers)) <= steps:
        distinct = sorted(set(values), key=lambda v: (str(type(v)), v) if isinstance(v, str) else ("", v))
        return [(_label(v), [ring for ring, w in settings.items() if w == v]) for v in distinct]
    edges = np.unique(np.quantile(numbers, np.linspace(0, 1, steps + 1), method="nearest"))
    place = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, len(edges) - 2)
    rings = list(settings)
    return [
        (f"{_label(float(edges[i]))} – {_label(float(edges[i + 1]))}", [rings[j] for j in np.flatnonzero(place == i)])
        for i in range(len(edges) - 1)
    ]


def _line(dial: str, step: str, rings: Sequence[RingMatch]) -> DialStep:
    accounts, hits = sum(r.accounts for r in rings), sum(r.hits for r in rings)
    jaccard = float(np.median([r.jaccard for r in rings])) if rings else None
    return DialStep(dial, step, len(rings), accounts, hits, share(hits, accounts), jaccard)


def _label(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
