"""One table that folds every code point: case, width, accents, look-alikes, invisible characters.

The table is computed once from `unicodedata` (NFKD, UAX #15) and a short list of confusables (the ones of UTS #39
that imitate basic Latin letters). Folding is applied to all text alike, so a Russian prompt folds to odd letters, but
always to the same ones.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = [
    "BREAK",
    "DIGIT",
    "FOLDED",
    "SINGLE",
    "SKIP",
    "SPACE",
    "TAGS",
    "WITHOUT_SPACES",
    "WORD",
    "fold",
    "fold_table",
    "visible",
]

SKIP: Final = 0
"""Invisible: zero-width characters, combining marks, variation selectors, directional and other format controls."""
SPACE: Final = 1
"""Separates words."""
BREAK: Final = 2
"""Separates words and ends a segment: line feeds, full stops, question marks, colons and their kin."""
WORD: Final = 3
"""Part of a word."""
DIGIT: Final = 4
"""Any script's digit; runs of digits are masked."""
SINGLE: Final = 5
"""A word by itself: scripts that are written without spaces."""

FOLDED: Final = 0x20000
"""Code points from here on are not in the table: rare ideographs, words by themselves, up to TAGS."""
TAGS: Final = 0xE0000
"""Tags, variation selectors and private use, from here on, are invisible."""

_BREAKS: Final = frozenset("\n\r\v\f\u2028\u2029\x85.!?:;。！？：；؟۔।…|{}[]<>")
_CONFUSABLES: Final = {
    # Cyrillic, Greek, Armenian, Cherokee and phonetic letters drawn like Latin ones (UTS #39, basic Latin targets)
    "а": "a", "в": "b", "с": "c", "ԁ": "d", "е": "e", "һ": "h", "н": "h", "і": "i", "ј": "j", "к": "k",
    "ӏ": "l", "м": "m", "о": "o", "р": "p", "ԛ": "q", "ѕ": "s", "т": "t", "ѵ": "v", "ԝ": "w", "х": "x",
    "у": "y", "ү": "y", "α": "a", "β": "b", "ε": "e", "η": "n", "ι": "i", "κ": "k", "ν": "v", "ο": "o",
    "ρ": "p", "τ": "t", "υ": "u", "χ": "x", "γ": "y", "ς": "c", "ϳ": "j", "ω": "w", "μ": "u", "ı": "i",
    "ȷ": "j", "ſ": "s", "ɑ": "a", "ɡ": "g", "ɩ": "i", "ʟ": "l", "ɴ": "n", "ʀ": "r", "ᴀ": "a", "ʙ": "b",
    "ᴄ": "c", "ᴅ": "d", "ᴇ": "e", "ɢ": "g", "ʜ": "h", "ɪ": "i", "ᴊ": "j", "ᴋ": "k", "ᴍ": "m", "ᴏ": "o",
    "ᴘ": "p", "ᴛ": "t", "ᴜ": "u", "ᴠ": "v", "ᴡ": "w", "ʏ": "y", "ᴢ": "z", "օ": "o", "ո": "n", "ս": "u",
    "հ": "h", "ց": "g", "ք": "p", "ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ŧ": "t",
}  # fmt: skip
WITHOUT_SPACES: Final = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0x2FFF), (0x3005, 0x3007), (0x3021, 0x3029),
    (0x3040, 0x30FF), (0x3100, 0x312F), (0x31A0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF),
    (0x20000, 0xDFFFF),
)  # fmt: skip
"""Thai to Burmese and Khmer, the Han and Kana blocks and rare ideographs; Hangul is written with spaces."""


@cache
def fold_table() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32], npt.NDArray[np.uint8]]:
    """(kind, folded code point) for each code point below FOLDED; and for each byte the folded ASCII letter, 0 where it
    is none.
    """
    kinds = np.full(FOLDED, SPACE, np.uint8)
    folded = np.arange(FOLDED, dtype=np.uint32)
    for code in range(FOLDED):
        kinds[code], folded[code] = _fold_one(code)
    letters = np.zeros(256, np.uint8)
    letters[:128] = np.where(kinds[:128] == WORD, folded[:128], 0)
    return kinds, folded, letters


def _fold_one(code: int) -> tuple[int, int]:
    char = chr(code)
    if char in _BREAKS:
        return BREAK, code
    category = unicodedata.category(char)
    if category in {"Cf", "Mn", "Me", "Cs"} or (0x115F <= code <= 0x1160) or code in (0x3164, 0xFFA0):
        return SKIP, code
    if char.isdigit() or category == "Nd":
        return DIGIT, ord("0") + unicodedata.digit(char, 0)
    base = unicodedata.normalize("NFKD", char)[0].lower()[0]
    base = unicodedata.normalize("NFKD", base)[0]
    base = _CONFUSABLES.get(base, base)
    if any(low <= ord(base) <= high for low, high in WITHOUT_SPACES):
        return SINGLE, ord(base)
    if base.isalnum() or base == "_" or category == "Mc":
        return WORD, ord(base)
    return SPACE, code


@cache
def _invisible() -> re.Pattern[str]:
    kinds, _, _ = fold_table()
    skipped = "".join(re.escape(chr(code)) for code in np.flatnonzero(kinds == SKIP).tolist())
    return re.compile(f"[{skipped}{chr(TAGS)}-{chr(0x10FFFF)}]+")


def visible(text: str) -> str:
    """`text` without the characters that the hashing pass skips."""
    return text if text.isascii() else _invisible().sub("", text)


def fold(text: str) -> str:
    """`text` as the hashing pass sees it: folded words between single spaces, `0` for numbers."""
    kinds, folded, _ = fold_table()
    out: list[str] = []
    for char in text:
        code = ord(char)
        kind = int(kinds[code]) if code < FOLDED else SINGLE if code < TAGS else SKIP
        if kind == SKIP:
            continue
        if kind in (SPACE, BREAK):
            out.append(" ")
        elif kind == SINGLE:
            out.append(f" {chr(folded[code]) if code < FOLDED else char} ")
        elif kind == DIGIT:
            if not out or out[-1] != "0":
                out.append("0")
        else:
            out.append(chr(folded[code]))
    return " ".join("".join(out).split())
