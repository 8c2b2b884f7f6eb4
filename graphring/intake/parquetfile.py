"""Rows of a Parquet file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graphring.intake.discover import SourceFile
from graphring.intake.faults import empty_file, reading
from graphring.intake.mapping import match_columns
from graphring.intake.rows import Rows, plain

__all__ = ["parquet_row_count", "parquet_rows"]


def parquet_row_count(file: SourceFile) -> int:
    """The number of rows, from the footer."""
    with _opened(file) as handle:
        return int(handle.metadata.num_rows)


def parquet_rows(
    file: SourceFile, mapping: Mapping[str, str], batch_rows: int, only: tuple[str, pa.Array] | None = None
) -> Iterator[Rows]:
    """Stream the rows.

    Parameters
    ----------
    only: our name of a column and values; row groups without any of them are not read beyond that column.
    """
    with reading(file.path, file.label), _opened(file) as handle:
        matched = match_columns(file, handle.schema_arrow.names, mapping)
        inside = {ours: theirs for ours, theirs in matched.items() if theirs in handle.schema_arrow.names}
        first = 1
        for group in range(handle.metadata.num_row_groups):
            rows = handle.metadata.row_group(group).num_rows
            if only is None or only[0] not in inside or _holds(handle, group, inside[only[0]], only[1]):
                yield from _group(handle, group, inside, first, batch_rows)
            first += rows


def _opened(file: SourceFile) -> pq.ParquetFile:
    with reading(file.path, file.label):
        if file.path.stat().st_size == 0:
            raise empty_file(file.path)
        return pq.ParquetFile(file.path, buffer_size=1 << 20)


def _holds(handle: pq.ParquetFile, group: int, column: str, values: pa.Array) -> bool:
    ids = plain(handle.read_row_group(group, columns=[column]).column(0)).cast(pa.string())
    return bool(pc.any(pc.is_in(ids, values)).as_py())


def _group(
    handle: pq.ParquetFile, group: int, inside: Mapping[str, str], first: int, batch_rows: int
) -> Iterator[Rows]:
    columns: Sequence[str] = list(dict.fromkeys(inside.values()))
    for batch in handle.iter_batches(batch_rows, row_groups=[group], columns=columns):
        table = pa.Table.from_batches([batch])
        values = {ours: plain(table.column(theirs)) for ours, theirs in inside.items()}
        yield Rows(pa.table(values), np.arange(first, first + table.num_rows, dtype=np.int64))
        first += table.num_rows
