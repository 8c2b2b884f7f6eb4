"""Sorted Parquet files, read by key: only the row groups whose range can hold the key are touched."""

from __future__ import annotations

import os
import threading
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graphring.model import ADDED, conform

__all__ = ["SortedParquet", "fsync_directory", "write_table"]

ROW_GROUP: Final = 8_192
"""Rows that are read for one key: small, because a ring's page reads a few accounts out of millions."""


def write_table(table: pa.Table, path: Path, schema: pa.Schema) -> int:
    """Write `table`, already sorted, and force it to the disk; the same rows give the same bytes."""
    pq.write_table(conform(table, schema), path, compression="zstd", row_group_size=ROW_GROUP)
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return int(table.num_rows)


def fsync_directory(path: Path) -> None:
    """Force a directory's entries to the disk, so that a rename in it outlives a power cut."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class SortedParquet:
    """One file, opened once: it stays readable when the file is unlinked, and threads may share it."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = pq.ParquetFile(path)
        self._schema = schema
        self._mutex = threading.Lock()
        self._ranges: dict[str, list[tuple[Any, Any] | None]] = {}

    def all(self) -> pa.Table:
        """Every row."""
        with self._mutex:
            return self._conformed(self._file.read())

    def where_in(self, column: str, values: Sequence[str]) -> pa.Table:
        """Rows whose `column` is one of `values`, in the file's order."""
        wanted = sorted(set(values))
        groups = [n for n, bounds in enumerate(self._bounds(column)) if _any_within(wanted, bounds)]
        table = self._read(groups)
        return table.filter(pc.is_in(table.column(column), value_set=pa.array(wanted, pa.string())))

    def where_equal(self, limit: int | None = None, **key: str) -> pa.Table:
        """Rows whose columns have these values, in the file's order; with a limit, the first ones only."""
        every = range(self._file.num_row_groups)
        groups = [n for n in every if all(_any_within([value], self._bounds(name)[n]) for name, value in key.items())]
        parts, rows = [self._schema.empty_table()], 0
        for part in self._batches(groups, one_by_one=limit is not None):
            mask = pc.equal(part.column(next(iter(key))), next(iter(key.values())))
            for name, value in list(key.items())[1:]:
                mask = pc.and_(mask, pc.equal(part.column(name), value))
            found = part.filter(mask)
            parts.append(found)
            rows += found.num_rows
            if limit is not None and rows >= limit:
                break
        table = pa.concat_tables(parts)
        return table if limit is None else table.slice(0, limit)

    def starting_with(self, column: str, prefix: str, limit: int) -> pa.Table:
        """The first rows, in the file's order, whose `column` begins with `prefix`."""
        parts, rows = [self._schema.empty_table()], 0
        groups = [n for n, bounds in enumerate(self._bounds(column)) if _may_start(prefix, bounds)]
        for part in self._batches(groups, one_by_one=True):
            found = part.filter(pc.starts_with(part.column(column), prefix))
            parts.append(found)
            rows += found.num_rows
            if rows >= limit:
                break
        return pa.concat_tables(parts).slice(0, limit)

    def _batches(self, groups: Sequence[int], *, one_by_one: bool) -> Iterator[pa.Table]:
        if one_by_one:
            yield from (self._read([group]) for group in groups)
        elif groups:
            yield self._read(groups)

    def _read(self, groups: Sequence[int]) -> pa.Table:
        if not groups:
            return self._schema.empty_table()
        with self._mutex:
            return self._conformed(self._file.read_row_groups(list(groups)))

    def _conformed(self, table: pa.Table) -> pa.Table:
        for field in self._schema:
            if field.name in ADDED and field.name not in table.column_names:
                table = table.append_column(field, pa.nulls(table.num_rows, field.type))
        return conform(table, self._schema)

    def _bounds(self, column: str) -> list[tuple[Any, Any] | None]:
        """Least and greatest value of each row group; None where the file does not say."""
        with self._mutex:
            if column not in self._ranges:
                index = self._schema.names.index(column)
                groups = [self._file.metadata.row_group(n) for n in range(self._file.num_row_groups)]
                self._ranges[column] = [_range(group.column(index).statistics) for group in groups]
            return self._ranges[column]


def _range(statistics: Any) -> tuple[Any, Any] | None:
    return (statistics.min, statistics.max) if statistics is not None and statistics.has_min_max else None


def _any_within(wanted: Sequence[str], bounds: tuple[Any, Any] | None) -> bool:
    if bounds is None:
        return True
    at = bisect_left(wanted, bounds[0])
    return at < len(wanted) and wanted[at] <= bounds[1]


def _may_start(prefix: str, bounds: tuple[Any, Any] | None) -> bool:
    return bounds is None or (bounds[1] >= prefix and bounds[0][: len(prefix)] <= prefix)
