"""Plain words and safe text: what a log called something never reaches the page raw.

Everything that comes from logs passes `clean` (control and bidi characters made visible, cut to a length) and, where
it goes into markup, `esc`. Markdown is never fed with it.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

__all__ = [
    "FAMILIES",
    "TIERS",
    "cell",
    "clean",
    "count",
    "day",
    "esc",
    "event_name",
    "kind_name",
    "measure_name",
    "plural",
    "signed_bits",
    "timestamp",
]

TIERS: Final[Mapping[str, str]] = MappingProxyType({"high": "High", "medium": "Medium", "watch": "Watch"})

FAMILIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "payment": "Payment",
        "network": "Network",
        "content": "Content",
        "timing": "Timing",
        "lifecycle": "Lifecycle",
        "other": "Other",
    }
)

_KINDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "account": ("Account", "Accounts"),
        "group": ("Account group", "Account groups"),
        "payment_method": ("Payment method", "Payment methods"),
        "ip": ("IP address", "IP addresses"),
        "template": ("Prompt template", "Prompt templates"),
    }
)

_EVENTS: Final[Mapping[str, str]] = MappingProxyType({"born": "New", "view": "Viewed", "export": "Exported"})

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def clean(text: object, limit: int = 60) -> str:
    """`text` as one line of at most `limit` characters that stays where it is put.

    Control, format (bidi overrides, zero widths) and unassigned characters become U+FFFD; right-to-left text is
    isolated so that it cannot reorder its neighbours.
    """
    raw = _text(text)
    if len(raw) <= limit and raw.isascii() and raw.isprintable():
        return raw  # nearly every text; tables have 20,000 rows
    cut = raw[:limit]
    shown = "".join(_visible(c) for c in cut)
    if len(raw) > limit:
        shown = shown[:-1] + "…"
    if any(unicodedata.bidirectional(c) in {"R", "AL"} for c in shown):
        return f"\N{FIRST STRONG ISOLATE}{shown}\N{POP DIRECTIONAL ISOLATE}"
    return shown


def _text(value: object) -> str:
    """Text of a value; nothing for None and for the NaN that pandas puts in its place."""
    return "" if value is None or value != value else str(value)  # noqa: PLR0124


def _visible(char: str) -> str:
    if char.isspace():
        return " "
    return _REPLACEMENT if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} else char


def esc(text: object, limit: int = 400) -> str:
    """`clean` text for markup."""
    return html.escape(clean(text, limit))


def cell(text: object, limit: int = 200) -> str:
    """`clean` text for a table that people may download as CSV: formula starts get an apostrophe."""
    raw = _text(text)
    shown = clean(raw, limit)
    return f"'{shown}" if raw.startswith(_FORMULA) else shown


def kind_name(kind: str, *, many: bool = False) -> str:
    """The name of a node type for people."""
    if kind in _KINDS:
        return _KINDS[kind][many]
    name = clean(kind.replace("_", " "), 24).capitalize()
    return f"{name}s" if many and not name.endswith("s") else name


def event_name(event: str | None) -> str:
    """What happened to a ring, or what somebody did with it, in a word."""
    name = event or ""
    return _EVENTS.get(name) or clean(name.replace("_", " "), 40).capitalize()


def measure_name(measure: str | None) -> str:
    """A suggested measure, in words."""
    return clean((measure or "").replace("_", " "), 40).capitalize()


def count(number: float) -> str:
    """An integer with separators."""
    return f"{int(number):,}"


def plural(number: float, one: str, many: str = "") -> str:
    """`3 accounts`, `1 account`."""
    return f"{count(number)} {one if int(number) == 1 else many or one + 's'}"


def signed_bits(bits: float) -> str:
    """Bits with a real minus sign."""
    return f"{bits:+.1f}".replace("-", "\N{MINUS SIGN}")


def day(moment: datetime | None) -> str:
    """A date."""
    return "" if moment is None else f"{moment:%d %b %Y}".lstrip("0")


def timestamp(moment: datetime | None) -> str:
    """A date and time in UTC."""
    return "" if moment is None else f"{moment:%d %b %Y, %H:%M} UTC".lstrip("0")
