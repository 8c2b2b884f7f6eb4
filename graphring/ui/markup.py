"""Small pieces of markup. Every value passes `esc` here, so a view cannot forget it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from graphring.errors import GraphringError
from graphring.ui.words import TIERS, esc

__all__ = ["Column", "badge", "facts", "headline", "note", "section", "show_error", "style", "table"]

_CSS = Path(__file__).with_name("page.css")


@dataclass(frozen=True)
class Column:
    """One column of `table`; numbers are right-aligned."""

    title: str
    number: bool = False
    wide: bool = False


def style() -> None:
    """The page's own style sheet."""
    st.html(f"<style>{_CSS.read_text(encoding='utf-8')}</style>")


def badge(text: str, tone: str) -> str:
    """A small label; `tone` is a tier, an outcome or plain."""
    return f'<span class="gr-badge gr-{esc(tone, 20)}">{esc(text, 40)}</span>'


def tier_badge(tier: str) -> str:
    """A tier's label."""
    return badge(TIERS.get(tier, tier), tier if tier in TIERS else "plain")


def headline(badges: Sequence[str], text: str) -> None:
    """The top of a page: labels, then one sentence."""
    st.html(f'<div class="gr-badges">{"".join(badges)}</div><h1 class="gr-headline">{esc(text)}</h1>')


def title(text: str, below: str = "") -> None:
    """The top of a page without labels."""
    line = f'<p class="gr-below">{esc(below)}</p>' if below else ""
    st.html(f'<h1 class="gr-headline">{esc(text)}</h1>{line}')


def section(text: str, below: str = "") -> None:
    """A heading inside a page, with a line that says how to read what follows."""
    line = f'<p class="gr-below">{esc(below)}</p>' if below else ""
    st.html(f'<h2 class="gr-section">{esc(text)}</h2>{line}')


def facts(pairs: Sequence[tuple[str, str]], *, compact: bool = False) -> None:
    """Names and values, side by side; compact: below each other."""
    items = "".join(f"<div><dt>{esc(name)}</dt><dd>{esc(value)}</dd></div>" for name, value in pairs if value)
    st.html(f'<dl class="gr-facts{" gr-compact" if compact else ""}">{items}</dl>')


def note(text: str, tone: str = "plain", remedy: str = "") -> None:
    """One line that matters: `tone` plain, good, warn or bad."""
    more = f"<br><span>{esc(remedy, 600)}</span>" if remedy else ""
    role = ' role="alert"' if tone == "bad" else ""
    st.html(f'<div class="gr-note gr-tone-{tone}"{role}><b>{esc(text, 600)}</b>{more}</div>')


def show_error(error: GraphringError) -> None:
    """What went wrong and what to do about it, without a traceback."""
    what = error.what[:1].upper() + error.what[1:]
    note(f"{what}.", "bad", f"{error.remedy}." if error.remedy else "")


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, label: str) -> None:
    """A short table of text; long ones go into st.dataframe."""
    head = "".join(f'<th scope="col"{_class(c)}>{esc(c.title)}</th>' for c in columns)
    body = "".join(
        "<tr>" + "".join(f"<td{_class(c)}>{esc(v)}</td>" for c, v in zip(columns, row, strict=True)) + "</tr>"
        for row in rows
    )
    st.html(
        f'<div class="gr-scroll"><table class="gr-table" aria-label="{esc(label)}">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _class(column: Column) -> str:
    names = [name for name, on in (("gr-number", column.number), ("gr-wide", column.wide)) if on]
    return f' class="{" ".join(names)}"' if names else ""
