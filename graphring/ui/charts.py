"""Altair charts: the evidence waterfall and the heat-map of activity."""

from __future__ import annotations

import altair as alt
import pandas as pd

from graphring.ui.frames import records
from graphring.ui.words import clean, signed_bits

__all__ = ["heat_map", "waterfall"]

_FOR, _AGAINST, _TOTAL = "Speaks for a ring", "Speaks against", "Score"


def waterfall(evidence: pd.DataFrame, score: float) -> alt.LayerChart:
    """Evidence in bits, one bar after the other, ending in the score (after Splink's waterfall chart)."""
    rows, at = [], 0.0
    for piece in records(evidence):
        end = at + piece["bits"]
        name = clean(piece["name"].replace("_", " "), 34).capitalize()
        rows.append(_bar(name, at, end, piece["bits"], piece["statement"]))
        at = end
    rows.append(_bar(_TOTAL, 0.0, score, score, "All evidence added up.") | {"direction": _TOTAL})
    frame = pd.DataFrame(rows).assign(row=range(len(rows)))
    order = alt.EncodingSortField("row")
    y = alt.Y(
        "evidence:N", sort=order, title=None, axis=alt.Axis(labelLimit=220, ticks=False, domain=False, labelPadding=8)
    )
    span = [min(0.0, frame[["start", "end"]].min().min()), frame[["start", "end"]].max().max()]
    base = alt.Chart(frame).encode(y=y)
    bars = base.mark_bar(height={"band": 0.62}, cornerRadius=2).encode(
        x=alt.X(
            "start:Q",
            title="bits of evidence, added up",
            scale=alt.Scale(domain=_room(span)),
            axis=alt.Axis(tickCount=6),
        ),
        x2="end:Q",
        color=alt.Color(
            "direction:N",
            title=None,
            scale=alt.Scale(domain=[_FOR, _AGAINST, _TOTAL], range=["#2f76c2", "#d98214", "#8492a4"]),
            legend=alt.Legend(orient="top", labelLimit=200),
        ),
        tooltip=[
            alt.Tooltip("evidence:N", title="Evidence"),
            alt.Tooltip("shown:N", title="Bits"),
            alt.Tooltip("why:N", title="Why"),
        ],
    )
    ends = base.mark_text(align="left", dx=5, fontSize=12).encode(x="right:Q", text="shown:N")
    chart: alt.LayerChart = (bars + ends).properties(height=34 * len(rows) + 60)
    return chart


def _bar(name: str, start: float, end: float, bits: float, why: str) -> dict[str, object]:
    direction = _FOR if bits >= 0 else _AGAINST
    shown = signed_bits(bits)
    return {
        "evidence": name, "start": start, "end": end, "right": max(start, end), "shown": shown, "why": clean(why, 160),
        "direction": direction,
    }  # fmt: skip


def _room(span: list[float]) -> list[float]:
    """A little room on the right for the figures at the bars' ends."""
    return [span[0], span[1] + 0.09 * max(span[1] - span[0], 1.0)]


def heat_map(activity: pd.DataFrame) -> alt.Chart:
    """Members' exchanges by day and hour of the day, UTC; hours without any stay empty."""
    frame = pd.DataFrame(
        {
            "day": activity["hour"].dt.strftime("%Y-%m-%d"),
            "hour": activity["hour"].dt.hour,
            "exchanges": activity["exchanges"],
            "accounts": activity["accounts"],
        }
    )
    first, last = activity["hour"].min().normalize(), activity["hour"].max().normalize()
    every_day = [f"{d:%Y-%m-%d}" for d in pd.date_range(first, last, freq="D")]
    step = max(1, len(every_day) // 12)
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_rect(cornerRadius=1)
        .encode(
            x=alt.X(
                "day:O", title=None, scale=alt.Scale(domain=every_day, paddingInner=0.08),
                axis=alt.Axis(
                    values=every_day[::step], labelAngle=0, ticks=False, domain=False,
                    labelExpr="timeFormat(toDate(datum.value), '%d %b')",
                ),
            ),
            y=alt.Y(
                "hour:O", title="hour of day (UTC)", scale=alt.Scale(domain=list(range(24)), paddingInner=0.08),
                axis=alt.Axis(values=[0, 6, 12, 18, 23], ticks=False, domain=False),
            ),
            color=alt.Color(
                "exchanges:Q", title="exchanges", scale=alt.Scale(scheme="blues", domainMin=0),
                legend=alt.Legend(orient="right", gradientLength=120),
            ),
            tooltip=[
                alt.Tooltip("day:N", title="Day"), alt.Tooltip("hour:O", title="Hour"),
                alt.Tooltip("exchanges:Q", title="Exchanges", format=","),
                alt.Tooltip("accounts:Q", title="Accounts", format=","),
            ],
        )
        .properties(height=300)
        .configure_view(strokeWidth=0)
    )  # fmt: skip
    return chart
