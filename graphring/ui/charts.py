"""Altair charts: the evidence waterfall and the heat-map of activity."""

from __future__ import annotations

from typing import Any, Final

import altair as alt
import pandas as pd

from graphring.ui.frames import records
from graphring.ui.words import clean, signed_bits

__all__ = ["heat_map", "waterfall"]

_FOR, _AGAINST, _TOTAL = "Speaks for a ring", "Speaks against", "Score"
_COLOURS: Final = {_FOR: "#2f76c2", _AGAINST: "#d98214", _TOTAL: "#8492a4"}
_TEXT: Final = {False: "#1b2430", True: "#e4e9f0"}
_SCALE: Final = {False: ["#dbe9f6", "#6aa3d8", "#123f73"], True: ["#1d3147", "#3f7fc0", "#cfe4fa"]}
"""Both by whether the theme is dark; one hue, and more is further from the background."""


def waterfall(evidence: pd.DataFrame, score: float, *, dark: bool = False) -> alt.LayerChart:
    """Evidence in bits, one bar after the other, ending in the score (after Splink's waterfall chart)."""
    bars: list[dict[str, Any]] = []
    at = 0.0
    for piece in records(evidence):
        end = at + piece["bits"]
        name = clean(piece["name"].replace("_", " "), 34).capitalize()
        bars.append(_bar(name, at, end, piece["bits"], piece["statement"]))
        at = end
    bars.append(_bar("Score", 0.0, score, score, "All evidence added up") | {"direction": _TOTAL})
    frame = pd.DataFrame(bars).assign(row=range(len(bars)))
    low, high = min(bar["start"] for bar in bars), max(bar["right"] for bar in bars)
    low = min(low, *(bar["end"] for bar in bars))
    room = [low, high + 0.09 * max(high - low, 1.0)]  # for the figures at the bars' ends
    expression = _label_expression([bar["evidence"] for bar in bars])
    names = alt.Axis(labelLimit=220, ticks=False, domain=False, labelPadding=8, labelExpr=expression)
    base = alt.Chart(frame).encode(
        y=alt.Y("row:O", title=None, axis=names),
        tooltip=[
            alt.Tooltip("evidence:N", title="Evidence"),
            alt.Tooltip("shown:N", title="Bits"),
            alt.Tooltip("why:N", title="Why"),
        ],
    )
    drawn = base.mark_bar(height={"band": 0.62}, cornerRadius=2).encode(
        x=alt.X("start:Q", title="bits of evidence", scale=alt.Scale(domain=room), axis=alt.Axis(tickCount=6)),
        x2="end:Q",
        color=alt.Color(
            "direction:N",
            title=None,
            scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())),
            legend=alt.Legend(orient="top", labelLimit=200),
        ),
    )
    figures = base.mark_text(align="left", dx=5, fontSize=12, color=_TEXT[dark]).encode(x="right:Q", text="shown:N")
    chart: alt.LayerChart = (drawn + figures).properties(height=34 * len(bars) + 110)
    return chart


def _label_expression(names: list[str]) -> str:
    """Row number → name: two pieces of evidence may share a name and still need a row each."""
    listed = ", ".join("'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'" for name in names)
    return f"[{listed}][datum.value]"


def _bar(name: str, start: float, end: float, bits: float, why: str) -> dict[str, Any]:
    return {
        "evidence": name,
        "start": start,
        "end": end,
        "right": max(start, end),
        "shown": signed_bits(bits),
        "why": clean(why, 160),
        "direction": _FOR if bits >= 0 else _AGAINST,
    }


def heat_map(activity: pd.DataFrame, *, dark: bool = False) -> alt.Chart:
    """Members' exchanges by day and hour of the day, UTC; hours without any stay empty."""
    hours = activity["hour"]
    frame = pd.DataFrame(
        {
            "day": hours.dt.strftime("%Y-%m-%d"),
            "hour": hours.dt.hour,
            "exchanges": activity["exchanges"],
            "accounts": activity["accounts"],
        }
    )
    days = [f"{d:%Y-%m-%d}" for d in pd.date_range(hours.min().normalize(), hours.max().normalize(), freq="D")]
    day_axis = alt.Axis(
        values=days[:: max(1, len(days) // 12)],
        labelAngle=0,
        labelExpr="timeFormat(toDate(datum.value), '%d %b')",
        ticks=False,
        domain=False,
    )
    all_hours = alt.Scale(domain=list(range(24)), paddingInner=0.08)
    hour_axis = alt.Axis(values=[0, 6, 12, 18, 23], ticks=False, domain=False)
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_rect(cornerRadius=1)
        .encode(
            x=alt.X("day:O", title=None, scale=alt.Scale(domain=days, paddingInner=0.08), axis=day_axis),
            y=alt.Y("hour:O", title="hour of day (UTC)", scale=all_hours, axis=hour_axis),
            color=alt.Color(
                "exchanges:Q",
                title="exchanges",
                scale=alt.Scale(range=_SCALE[dark], domainMin=0),
                legend=alt.Legend(orient="right", gradientLength=120),
            ),
            tooltip=[
                alt.Tooltip("day:N", title="Day"),
                alt.Tooltip("hour:O", title="Hour"),
                alt.Tooltip("exchanges:Q", title="Exchanges", format=","),
                alt.Tooltip("accounts:Q", title="Accounts", format=","),
            ],
        )
        .properties(height=300)
        .configure_view(strokeWidth=0)
    )
    return chart
