"""Tables as text: for a terminal, as CSV, as JSON. Text from logs is hostile until it passed `plain` or `cell`."""

from __future__ import annotations

import csv
import io
import json
import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

__all__ = ["as_csv", "as_json", "as_lines", "as_table", "cell", "number", "plain"]

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def plain(value: object, limit: int = 0) -> str:
    """One line of printable text: no control, format or bidi characters; cut at `limit` characters where given."""
    text = "" if value is None else str(value)
    kept = "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") else " " for c in text)
    return kept if not limit or len(kept) <= limit else kept[: limit - 1] + "…"


def cell(value: object) -> str:
    """Text for CSV that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    text = "" if value is None else str(value)
    return "'" + text if text.startswith(_FORMULA_STARTS) else text


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """CSV with newline line ends; text cells neutralised, numbers as they are."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([value if isinstance(value, int | float) else cell(value) for value in row])
    return buffer.getvalue()


def as_json(value: object) -> str:
    """JSON with sorted keys; times as ISO 8601, NaN and infinities as null."""
    return json.dumps(_jsonable(value), indent=2, sort_keys=True, ensure_ascii=True)


def as_table(title: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[object]]) -> RenderableType:
    """A title and a table for the terminal; `columns` are (heading, "left" or "right")."""
    table = Table(box=None, pad_edge=False)
    for heading, side in columns:
        table.add_column(heading, justify="right" if side == "right" else "left", overflow="fold")
    for row in rows:
        table.add_row(*[Text(plain(value, 400)) for value in row])
    return Group(Text(title, style="bold"), table) if title else table


def as_lines(title: str, lines: Iterable[str]) -> RenderableType:
    """A title and sentences below it; empty ones are left out."""
    return Group(Text(title, style="bold"), *[Text(plain(line)) for line in lines if line])


def number(value: object) -> str:
    """A value of a table: numbers with separators and two decimals at most, times to the minute, text on one line."""
    if isinstance(value, float):
        return f"{value:.2g}" if 0 < abs(value) < 0.1 else f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return "" if value is None else plain(value, 200)


def _jsonable(value: object) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _jsonable(inner) for key, inner in value.items()}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [_jsonable(inner) for inner in value]
    return value
