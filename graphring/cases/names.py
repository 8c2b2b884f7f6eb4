"""Names of files, made of our own ids only."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["case_name"]

_OTHER: Final = re.compile(r"[^A-Za-z0-9-]+")


def case_name(ring_id: str, run_id: str) -> str:
    """The folder of a case file; anything that is not a letter, digit or hyphen becomes an underscore."""
    return f"{_OTHER.sub('_', ring_id)[:20]}-{_OTHER.sub('_', run_id)[:80]}"
