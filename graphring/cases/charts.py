"""The geometry of the report's two drawings; the template only puts it on paper."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

__all__ = ["Bar", "Cell", "HeatMap", "Waterfall", "heat_map", "waterfall"]

Row = Mapping[str, Any]

_LEFT, _RIGHT, _WIDTH, _STEP = 210.0, 60.0, 720.0, 26.0
_MOST_BARS: Final = 24
_MOST_DAYS: Final = 62
_SHADES: Final = 5


@dataclass(frozen=True)
class Bar:
    """One bar; lengths in the drawing's units."""

    label: str
    x: float
    y: float
    width: float
    bits: float
    kind: str
    """for, against or total."""
    end: float
    """Where the connector to the next bar starts."""


@dataclass(frozen=True)
class Waterfall:
    """How the pieces of evidence add up to the score."""

    bars: Sequence[Bar]
    ticks: Sequence[tuple[float, str]]
    zero: float
    width: float
    height: float


def waterfall(evidence: Sequence[Row], score: float) -> Waterfall:
    """Bars in order of rank; past `_MOST_BARS` the rest is one bar. `score` in bits."""
    steps = [(f"{row['name']}".replace("_", " "), float(row["bits"] or 0.0)) for row in evidence]
    if len(steps) > _MOST_BARS:
        rest = steps[_MOST_BARS - 1 :]
        steps = [*steps[: _MOST_BARS - 1], (f"{len(rest)} more", math.fsum(bits for _, bits in rest))]
    sums = [0.0]
    for _, bits in steps:
        sums.append(sums[-1] + bits)
    low, high = min(0.0, score, *sums), max(1.0, score, *sums)
    scale = (_WIDTH - _LEFT - _RIGHT) / (high - low)

    def at(bits: float) -> float:
        return round(_LEFT + (bits - low) * scale, 2)

    bars = []
    for number, (label, bits) in enumerate(steps):
        before, after = sorted((at(sums[number]), at(sums[number + 1])))
        kind = "for" if bits >= 0 else "against"
        y = 8 + number * _STEP
        bars.append(Bar(label, before, y, round(max(after - before, 1.0), 2), bits, kind, at(sums[number + 1])))
    start, end = sorted((at(0.0), at(score)))
    y = 14 + len(steps) * _STEP
    bars.append(Bar("Score", start, y, round(max(end - start, 1.0), 2), score, "total", at(score)))
    return Waterfall(bars, [(at(tick), f"{tick:g}") for tick in _ticks(low, high)], at(0.0), _WIDTH, y + _STEP + 18)


def _ticks(low: float, high: float) -> list[float]:
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, math.inf) if (high - low) / s <= 8)
    if math.isinf(step):
        return [0.0]
    return [float(step * i) for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


@dataclass(frozen=True)
class Cell:
    """One hour of one day, or of one weekday."""

    x: float
    y: float
    shade: int
    """0: nothing; 1 to 5: little to much."""


@dataclass(frozen=True)
class HeatMap:
    """Exchanges by hour of the day (down) and day (across)."""

    cells: Sequence[Cell]
    columns: Sequence[tuple[float, str]]
    hours: Sequence[tuple[float, str]]
    cell_width: float
    cell_height: float
    width: float
    height: float
    legend: Sequence[tuple[int, str]]
    by_weekday: bool
    """The period is too long for single days: columns are weekdays."""
    days: int


def heat_map(activity: Sequence[Row]) -> HeatMap | None:
    """The drawing of ACTIVITY rows whose hours are ISO 8601 text in UTC; None: there is nothing to draw."""
    hours = [(datetime.fromisoformat(row["hour"]), int(row["exchanges"])) for row in activity]
    if not hours:
        return None
    first, last = min(hours)[0].date(), max(hours)[0].date()
    days = (last - first).days + 1
    by_weekday = days > _MOST_DAYS
    sums: dict[tuple[int, int], int] = {}
    for hour, exchanges in hours:
        column = hour.weekday() if by_weekday else (hour.date() - first).days
        sums[column, hour.hour] = sums.get((column, hour.hour), 0) + exchanges
    columns = 7 if by_weekday else days
    left, top, height = 44.0, 22.0, 9.0
    width = round(min(30.0, (_WIDTH - left) / columns), 2)
    most = max(sums.values())
    cells = [
        Cell(round(left + column * width, 2), top + hour * height, _shade(sums.get((column, hour), 0), most))
        for column in range(columns)
        for hour in range(24)
    ]
    names = _weekdays() if by_weekday else [f"{first + timedelta(days=i):%d %b}" for i in range(days)]
    every = max(1, math.ceil(44.0 / width))
    return HeatMap(
        cells=cells,
        columns=[(round(left + i * width, 2), names[i]) for i in range(0, columns, every)],
        hours=[(top + hour * height, f"{hour:02d}:00") for hour in range(0, 24, 4)],
        cell_width=width,
        cell_height=height,
        width=max(round(left + columns * width, 2), 320.0),
        height=top + 24 * height + 4,
        legend=[(shade, f"up to {_bound(shade, most):,}") for shade in range(1, _SHADES + 1)],
        by_weekday=by_weekday,
        days=days,
    )


def _shade(exchanges: int, most: int) -> int:
    """Steps of the square root: a few exchanges are to be seen beside thousands."""
    return next((s for s in range(1, _SHADES + 1) if exchanges <= _bound(s, most)), _SHADES) if exchanges > 0 else 0


def _bound(shade: int, most: int) -> int:
    return math.ceil(most * (shade / _SHADES) ** 2)


def _weekdays() -> list[str]:
    return ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
