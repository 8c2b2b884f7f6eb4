"""Hostile text, made visible: what logs bring must neither act nor deceive where a person reads it."""

from __future__ import annotations

import unicodedata
from typing import Final

__all__ = ["neutral_cell", "visible"]

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_FORMULA: Final = frozenset("=+-@\t\r\n＝＋－＠")


def visible(text: str, limit: int | None = None) -> str:
    r"""`text` with control, bidirectional and zero-width characters written as escapes such as `\u202e`.

    Parameters
    ----------
    limit: cut after so many characters of the original and say how many there were; None: never.
    """
    cut = text if limit is None or len(text) <= limit else text[:limit]
    shown = "".join(_escape(c) if unicodedata.category(c) in _HIDDEN else c for c in cut)
    return shown if len(cut) == len(text) else f"{shown}… [{len(text):,} characters]"


def neutral_cell(text: str) -> str:
    """`text` as a CSV cell that no spreadsheet takes for a formula: an apostrophe goes before = + - @ tab and CR.

    As OWASP advises (CSV Injection). Control characters are made visible besides.
    """
    return ("'" if text[:1] in _FORMULA and text else "") + visible(text)


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
