"""Exchanges before they are written: integers only."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["DAY", "EVENT", "SECOND", "Events", "make"]

SECOND: Final = 1_000_000
DAY: Final = 86_400 * SECOND
EVENT: Final = np.dtype(
    [
        ("ts", "<i8"),  # microseconds since the world's first midnight
        ("account", "<i4"),
        ("ip", "<i8"),  # an address code, see addresses
        ("payload", "<u8"),
        ("quote", "<u8"),
        ("wording", "<u8"),
        ("conversation", "<u8"),
        ("system", "<i4"),
        ("wrapper", "<i4"),
        ("topic", "u1"),
        ("model", "u1"),
        ("agent", "u1"),
    ]
)
Events = npt.NDArray[Any]
"""A structured array of EVENT."""


def make(size: int, **columns: Any) -> Events:
    """Events with the given columns, 0 elsewhere."""
    events = np.zeros(size, dtype=EVENT)
    for name, values in columns.items():
        events[name] = values
    return events
