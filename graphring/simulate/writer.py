"""Write a world's exchanges as they would arrive: in order of time, in one folder or night by night."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from graphring.simulate.columns import EXCHANGE_COLUMNS, Exchanges, before_correction
from graphring.simulate.draws import mix, salt, unit
from graphring.simulate.events import Events
from graphring.simulate.spill import Spill
from graphring.simulate.world import World

__all__ = ["Night", "nightly", "write_exchanges"]

_BATCH: Final = 16_384
"""Rows that are given their texts together: small enough for a processor's cache."""
_GROUP: Final = 65_536
"""Rows of a Parquet row group."""
_REPEATED: Final = ("account_id", "ip", "model", "system_prompt", "user_agent", "conversation_id")
"""Columns that are worth a dictionary."""
_AHEAD: Final = 4
"""Batches that threads may work ahead."""


@dataclass(frozen=True)
class Night:
    """One delivery: the folder, and the days whose traffic it brings, `first` to `last` inclusive."""

    folder: Path
    first: int
    last: int


def nightly(out: Path, days: int, nights: int | None) -> list[Night]:
    """The deliveries of a world: one, or as many as nights, the first of which brings all that came before."""
    if nights is None:
        return [Night(out, 0, days - 1)]
    lead = days - nights
    folders = [out / f"night-{number:03d}" for number in range(1, nights + 1)]
    return [Night(folder, 0 if k == 0 else lead + k, lead + k) for k, folder in enumerate(folders)]


def write_exchanges(
    world: World,
    spill: Spill,
    nights: list[Night],
    *,
    late: float,
    corrected: float,
    progress: Callable[[int], None] | None,
) -> int:
    """Write exchanges.parquet of each night; returns the number of different exchanges.

    On the last day of every night but the last, a share of exchanges arrives one night `late`, and a share is sent
    again, `corrected`, one night later under the same id.
    """
    delivery = iter(nights)
    night = next(delivery)
    sink, held = _Sink(night.folder), list[pa.Table]()
    salts = (salt(world.seed, "late"), salt(world.seed, "corrected"))
    try:
        for day, number, table in _tables(world, spill):
            while day > night.last:
                sink.close()
                night = next(delivery)
                sink = _Sink(night.folder)
                for rows in held:
                    sink.write(rows)
                held = []
            if day == night.last and night is not nights[-1]:
                tonight, tomorrow = _delayed(table, number, (late, corrected), salts)
                held.append(tomorrow)
            else:
                tonight = table
            sink.write(tonight)
            if progress is not None:
                progress(table.num_rows)
    finally:
        sink.close()
    for night in delivery:
        _Sink(night.folder).close()
    return spill.rows


def _tables(world: World, spill: Spill) -> Iterator[tuple[int, int, pa.Table]]:
    """(day, number of the first row, rows) in order of time; threads make the texts."""
    exchanges = Exchanges(world)
    with ThreadPoolExecutor(max_workers=2) as threads:
        pending: deque[tuple[int, int, Future[pa.Table]]] = deque()
        for day, number, events in _batches(spill):
            pending.append((day, number, threads.submit(exchanges.table, events, number)))
            if len(pending) > _AHEAD:
                ready = pending.popleft()
                yield ready[0], ready[1], ready[2].result()
        for day, number, future in pending:
            yield day, number, future.result()


def _batches(spill: Spill) -> Iterator[tuple[int, int, Events]]:
    number = 0
    for day, events in spill.read():
        for start in range(0, len(events), _BATCH):
            part = events[start : start + _BATCH]
            yield day, number, part
            number += len(part)


def _delayed(
    table: pa.Table, number: int, shares: tuple[float, float], salts: tuple[int, int]
) -> tuple[pa.Table, pa.Table]:
    """What arrives tonight, and what tomorrow: late rows, and corrected ones that are sent today as they first were."""
    rows = np.arange(number, number + table.num_rows)
    late = unit(mix(rows, salts[0])) < shares[0]
    again = (unit(mix(rows, salts[1])) < shares[1]) & ~late
    tonight = pa.concat_tables(
        [table.filter(pa.array(~late & ~again)), before_correction(table.filter(pa.array(again)))]
    )
    return tonight, table.filter(pa.array(late | again))


class _Sink:
    """exchanges.parquet of one folder, in row groups of one size."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._writer = pq.ParquetWriter(
            folder / "exchanges.parquet", EXCHANGE_COLUMNS, compression="zstd", use_dictionary=list(_REPEATED)
        )
        self._rows: list[pa.Table] = []
        self._count = 0

    def write(self, table: pa.Table) -> None:
        """Take rows; they are written when there are enough for a row group."""
        self._rows.append(table)
        self._count += table.num_rows
        if self._count >= _GROUP:
            rows = pa.concat_tables(self._rows)
            whole = self._count - self._count % _GROUP
            self._writer.write_table(rows.slice(0, whole), row_group_size=_GROUP)
            self._rows, self._count = [rows.slice(whole)], self._count - whole

    def close(self) -> None:
        """Write the rest."""
        if self._count:
            self._writer.write_table(pa.concat_tables(self._rows), row_group_size=_GROUP)
        self._rows, self._count = [], 0
        self._writer.close()
