"""Events on disk, one file for each day: what lies between making exchanges and writing them in order of time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from graphring.simulate.events import DAY, EVENT, Events

__all__ = ["Spill"]


class Spill:
    """One file of EVENT rows for each day of the world, in `folder`."""

    def __init__(self, folder: Path, days: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._paths = [folder / f"day-{number:04d}.events" for number in range(days)]
        self.rows = 0

    def add(self, events: Events) -> None:
        """Append a block; all of it lies within the world's days."""
        day = events["ts"] // DAY
        order = np.argsort(day, kind="stable")
        events, day = events[order], day[order]
        edges = np.searchsorted(day, np.arange(len(self._paths) + 1))
        for path, start, end in zip(self._paths, edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            if end > start:
                with path.open("ab") as file:
                    events[start:end].tofile(file)
        self.rows += len(events)

    def read(self) -> Iterator[tuple[int, Events]]:
        """Each day with its events in order of time; a day's file goes when it was read."""
        for day, path in enumerate(self._paths):
            if path.exists():
                events = np.fromfile(path, dtype=EVENT)
                path.unlink()
                yield day, events[np.lexsort((events["payload"], events["account"], events["ts"]))]
