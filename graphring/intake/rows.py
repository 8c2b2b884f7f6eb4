"""Rows as a file has them, before anything is checked: one shape for every format."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Numbers", "Reject", "Rows", "plain"]

Numbers: TypeAlias = npt.NDArray[np.int64]
Reject: TypeAlias = tuple[int, str]
"""Row number and reason."""

_EARLIEST, _LATEST = -2_208_988_800, 7_258_118_400  # 1900 and 2200 in seconds: absurd, and inside every unit's range
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


@dataclass(frozen=True)
class Rows:
    """A batch of a file."""

    table: pa.Table
    """Our names → values as the file has them; columns that the file lacks are absent."""
    numbers: Numbers
    """Each row's number in the file, from 1."""
    rejects: tuple[Reject, ...] = field(default=())
    """Rows whose structure is broken, so that they are not in `table`."""
    swallowed: int = 0
    """Further lines inside those rows: a quote that is not closed makes one row of many."""
    warning: str = ""
    """What to tell people about the file, at its end."""


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of any Parquet type as one of text, int64, bool or timestamp[us, UTC].

    Whole floats become integers written without a fraction (a column of ids or counts with gaps is often stored as
    floats); nested values become JSON text; a naive timestamp counts as UTC, and one beyond 1900 to 2200 is moved to
    that bound, where the rules refuse it.

    Raises
    ------
    pyarrow.ArrowInvalid: text that is not UTF-8.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        return plain(column.cast(kind.value_type))
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return _moments(column)
    if pa.types.is_floating(kind):
        return _floats(column.cast(pa.float64()))
    if pa.types.is_nested(kind):
        return pa.chunked_array([pa.array([_json(value) for value in column.to_pylist()], pa.string())])
    if pa.types.is_integer(kind) and kind != pa.uint64():
        return column.cast(pa.int64())
    if not (pa.types.is_boolean(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        column = column.cast(pa.string())
    column.validate(full=True)
    return column


def _moments(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_date32(column.type):
        days = pc.max_element_wise(pc.min_element_wise(column.cast(pa.int32()), _LATEST // 86_400), _EARLIEST // 86_400)
        column = days.cast(pa.int32()).cast(pa.date32()).cast(pa.timestamp("s"))
    elif pa.types.is_date64(column.type):
        column = column.cast(pa.timestamp("ms"))
    unit = column.type.unit
    ticks = column.cast(pa.int64())
    low, high = (pa.scalar(bound * _PER_SECOND[unit], pa.int64()) for bound in (_EARLIEST, _LATEST))
    clipped = pc.max_element_wise(pc.min_element_wise(ticks, high, skip_nulls=False), low, skip_nulls=False)
    return clipped.cast(pa.timestamp(unit, "UTC")).cast(pa.timestamp("us", "UTC"), safe=False)


def _floats(column: pa.ChunkedArray) -> pa.ChunkedArray:
    present = pc.if_else(pc.is_nan(column), None, column)
    whole = pc.and_(pc.equal(pc.floor(present), present), pc.less(pc.abs(present), 2.0**53))
    integers = pc.if_else(whole, present, None).cast(pa.int64()).cast(pa.string())
    return pc.if_else(whole, integers, present.cast(pa.string()))


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
