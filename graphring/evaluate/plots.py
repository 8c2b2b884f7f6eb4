"""The report's plots, as SVG made by Altair. Names of kinds and dials come from the truth: they stay text."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt

from graphring.errors import GraphringError
from graphring.evaluate.results import AtK, Calibration, DialStep, KindScores, NullResult
from graphring.evaluate.worldstats import Tail

__all__ = ["at_k", "bars", "degrees", "dials", "hours", "nulls", "reliability", "svg", "tail"]

BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#888888"
COLOURS: Final = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999"]
"""Okabe and Ito's, told apart by colour-blind readers too."""
DAYS: Final = "['Mon','Tue','Wed','Thu','Fri','Sat','Sun'][floor(datum.value / 24)]"


def svg(chart: alt.TopLevelMixin) -> str:
    """The chart as SVG text; the same chart gives the same text.

    Raises
    ------
    GraphringError: the converter is not installed.
    """
    out = io.StringIO()
    styled = chart.configure(font="sans-serif", background="#ffffff").configure_view(stroke="#dddddd")
    try:
        styled.save(out, format="svg")
    except (ImportError, ValueError) as error:
        if "vl_convert" not in str(error) and "vl-convert" not in str(error):
            raise
        raise GraphringError("plots need the package vl-convert-python", "pip install vl-convert-python") from error
    return out.getvalue()


def _chart(rows: Sequence[Mapping[str, Any]], width: int = 340, height: int = 210) -> Any:
    return alt.Chart(alt.InlineData(values=[dict(row) for row in rows])).properties(width=width, height=height)


def reliability(calibration: Calibration) -> str:
    """Observed share against prediction; a calibrated detector lies on the diagonal."""
    rows = [
        {"p": b.predicted, "o": b.observed, "low": b.observed_low, "high": b.observed_high, "n": b.count}
        for b in calibration.bins
    ]
    unit = alt.Scale(domain=[0, 1])
    line = _chart([{"p": 0, "o": 0}, {"p": 1, "o": 1}]).mark_line(color=GREY, strokeDash=[4, 4])
    line = line.encode(alt.X("p:Q", scale=unit), alt.Y("o:Q", scale=unit))
    base = _chart(rows).encode(alt.X("p:Q", scale=unit, title="stated probability"))
    error = base.mark_rule(color=BLUE).encode(alt.Y("low:Q", title="observed share"), alt.Y2("high:Q"))
    dots = base.mark_point(filled=True, color=BLUE, opacity=1).encode(
        alt.Y("o:Q"), alt.Size("n:Q", title="count", scale=alt.Scale(type="sqrt", range=[30, 300]), legend=_legend())
    )
    return svg(line + error + dots)


def at_k(steps: Sequence[AtK], what: str) -> str:
    """Precision and recall among the first k by score."""
    rows = [{"k": s.k, "v": s.precision, "figure": "precision"} for s in steps]
    rows += [{"k": s.k, "v": s.recall, "figure": "recall"} for s in steps if s.recall is not None]
    chart = _chart(rows).mark_line(point=True).encode(
        alt.X("k:Q", scale=alt.Scale(type="log"), title=f"first k {what} by score"),
        alt.Y("v:Q", scale=alt.Scale(domain=[0, 1]), title="share"),
        alt.Color("figure:N", scale=_colours(), legend=_legend()),
    )  # fmt: skip
    return svg(chart)


def bars(kinds: Sequence[KindScores]) -> str:
    """Recall by kind of ring."""
    rows = [{"kind": _short(k.kind), "recall": k.recall or 0.0} for k in kinds]
    chart = _chart(rows, height=22 * max(len(rows), 2)).mark_bar(color=BLUE)
    return svg(chart.encode(alt.X("recall:Q", scale=alt.Scale(domain=[0, 1])), alt.Y("kind:N", title=None, sort=None)))


def dials(steps: Sequence[DialStep]) -> str:
    """Recall against the setting of one dial; the bar's label tells how many rings it stands for."""
    rows = [
        {"at": _short(s.step), "recall": s.recall or 0.0, "n": "1 ring" if s.rings == 1 else f"{s.rings} rings"}
        for s in steps
    ]
    base = _chart(rows, width=240, height=120).encode(
        alt.X("at:N", title=_short(steps[0].dial), sort=None, axis=alt.Axis(labelAngle=0, labelLimit=90)),
        alt.Y("recall:Q", scale=alt.Scale(domain=[0, 1.1]), axis=alt.Axis(values=[0, 0.5, 1])),
    )
    return svg(base.mark_bar(color=BLUE, size=28) + base.mark_text(dy=-6, fontSize=9).encode(alt.Text("n:N")))


def tail(line: Tail, what: str) -> str:
    """The share of all that is at least as large, on log scales; a heavy tail is nearly straight."""
    return degrees({what: line}, what)


def degrees(lines: Mapping[str, Tail], what: str = "accounts sharing one object") -> str:
    """The same for several distributions."""
    rows = [
        {"v": v, "s": s, "type": _short(name)}
        for name, line in lines.items()
        for v, s in zip(line.values, line.at_least, strict=True)
    ]
    log = alt.Scale(type="log")
    legend = _legend() if len(lines) > 1 else None
    chart = _chart(rows).mark_line(point=alt.OverlayMarkDef(size=14)).encode(
        alt.X("v:Q", scale=log, title=f"{what}: at least", axis=alt.Axis(format="~s")),
        alt.Y("s:Q", scale=log, title="share", axis=alt.Axis(format="~g")),
        alt.Color("type:N", scale=_colours(), legend=legend, title=None),
    )  # fmt: skip
    return svg(chart)


def hours(lines: Mapping[str, Sequence[float]]) -> str:
    """Share of exchanges by hour of the week (UTC), against an even spread."""
    rows = [{"h": h, "x": 168 * s, "who": _short(n)} for n, shares in lines.items() for h, s in enumerate(shares)]
    days = alt.Axis(values=list(range(0, 168, 24)), labelExpr=DAYS, labelAlign="left", grid=True)
    chart = _chart(rows, width=740, height=200).mark_line(interpolate="monotone").encode(
        alt.X("h:Q", scale=alt.Scale(domain=[0, 168], nice=False), axis=days, title="hour of the week, UTC"),
        alt.Y("x:Q", title="times an even spread"),
        alt.Color("who:N", scale=_colours(), legend=_legend(), title=None, sort=None),
        alt.StrokeWidth("who:N", scale=alt.Scale(domain=["all"], range=[2.5, 1.2]), legend=None),
    )  # fmt: skip
    return svg(chart)


def nulls(null: NullResult) -> str:
    """Rings in each shuffle."""
    rows = [
        {"shuffle": number, "rings": n, "tier": tier}
        for number, run in enumerate(null.by_shuffle, 1)
        for tier, n in run.items()
    ]
    top = max([1, *(sum(run.values()) for run in null.by_shuffle)])
    chart = _chart(rows, height=110).mark_bar().encode(
        alt.X("shuffle:O", axis=alt.Axis(labelAngle=0)),
        alt.Y("rings:Q", scale=alt.Scale(domain=[0, top]), axis=alt.Axis(tickMinStep=1)),
        alt.Color("tier:N", scale=_colours(), legend=_legend()),
    )  # fmt: skip
    return svg(chart)


def _colours() -> alt.Scale:
    return alt.Scale(range=COLOURS)


def _legend() -> alt.Legend:
    return alt.Legend(orient="top", symbolLimit=12, labelLimit=140)


def _short(text: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in text)[:40] or "–"
