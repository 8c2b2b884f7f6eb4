"""Recall against the camouflage of each ring: where does detection stop to see?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphring.evaluate.metrics import share
from graphring.evaluate.results import DialStep, RingMatch

__all__ = ["recall_by_dial"]

STEPS = 4


def recall_by_dial(matches: Sequence[RingMatch], steps: int = STEPS) -> tuple[DialStep, ...]:
    """Recall and Jaccard for each setting of each dial that took more than one.

    Numbers with `steps` or more different settings are cut: shares at equal steps of 0..1, so that worlds can be
    compared, others at their quantiles.
    """
    lines: list[DialStep] = []
    for name in sorted({name for match in matches for name in match.settings}):
        rings = [match for match in matches if name in match.settings]
        cut = _steps([match.settings[name] for match in rings], steps)
        if len(cut) > 1:
            lines += [_line(name, step, [rings[row] for row in rows]) for step, rows in cut]
    return tuple(lines)


def _steps(values: Sequence[object], steps: int) -> list[tuple[str, list[int]]]:
    """(label, places in `values`) in rising order of the setting; empty steps are left out."""
    numbers = [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) < len(values) or len(set(numbers)) < steps:
        distinct = sorted(set(values), key=lambda v: (isinstance(v, str), v))
        return [(_label(v), [i for i, w in enumerate(values) if w == v]) for v in distinct]
    shares = min(numbers) >= 0.0 and max(numbers) <= 1.0
    edges = np.linspace(0, 1, steps + 1) if shares else np.quantile(numbers, np.linspace(0, 1, steps + 1))
    edges = np.unique(edges)
    place = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, len(edges) - 2)
    labelled = [
        (f"{_label(float(edges[i]))} – {_label(float(edges[i + 1]))}", np.flatnonzero(place == i).tolist())
        for i in range(len(edges) - 1)
    ]
    return [(label, rows) for label, rows in labelled if rows]


def _line(dial: str, step: str, rings: Sequence[RingMatch]) -> DialStep:
    accounts, hits = sum(r.accounts for r in rings), sum(r.hits for r in rings)
    jaccard = float(np.median([r.jaccard for r in rings])) if rings else None
    return DialStep(dial, step, len(rings), accounts, hits, share(hits, accounts), jaccard)


def _label(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
