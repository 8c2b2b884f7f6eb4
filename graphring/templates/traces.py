"""What of a wrapper survives translation: its sections' order, its tags, the keys of the answer that it asks for."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["traces"]

_TRACE: Final = re.compile(
    r"<\s*(?P<tag>[^\W\d][\w .-]{0,39}?)\s*>"
    r"|\"\s*(?P<key>[^\W\d][\w .-]{0,39}?)\s*\"\s*:"
    r"|(?m:^[ \t]*(?P<heading>(?:# ?){1,6})(?=\S))"
)
"""Opening tags, keys of JSON, headings of Markdown; marks may stand apart from words, as in redacted wordings."""
_NAMED: Final = 4
"""Different tags and keys that a wrapper needs: popular formats (`answer`, `explanation`) have fewer."""


def traces(text: str) -> tuple[str, ...]:
    """Tag names, keys and headings in order; empty where there are too few names to tell wrappers apart."""
    found: list[str] = []
    named: set[str] = set()
    for match in _TRACE.finditer(text):
        if match["heading"]:
            found.append("#" * match["heading"].count("#"))
            continue
        name = re.sub(r"\s+", "", match["tag"] or match["key"]).lower()
        found.append(f"<{name}>" if match["tag"] else f"{name}:")
        named.add(found[-1])
    return tuple(found) if len(named) >= _NAMED else ()
