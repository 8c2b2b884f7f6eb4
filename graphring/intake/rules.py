"""What makes a row a bad row: one Ibis expression for each table."""

from __future__ import annotations

import functools
from collections.abc import Callable

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graphring.engine import Engine
from graphring.intake.contract import CONTRACT, MAX_KEY, RAW_SCHEMAS, Kind
from graphring.intake.rows import Reject, Rows
from graphring.intake.tools import with_tools

__all__ = ["Rules"]

_FIRST_DAY, _LAST_DAY = "2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"
_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
_RESERVED_TYPES = ("account",)


@ibis.udf.scalar.builtin(name="chr", signature=((dt.int64,), dt.string))
def _character(code):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The character of a code point: SQL text cannot hold a NUL."""


class Rules:
    """Checks the rows of one table, batch by batch; expressions are compiled once for each set of column types."""

    def __init__(self, engine: Engine, table: str) -> None:
        self.table = table
        self._engine = engine
        self._compiled = functools.cache(self._compile)

    def check(self, rows: Rows) -> tuple[pa.Table, tuple[Reject, ...]]:
        """The good rows, typed as the contract says, in their order, and the bad ones.

        Long text does not go through the table engine: it is only cut to the good rows.
        """
        columns = CONTRACT[self.table]
        present = rows.table
        checked = [c.name for c in columns if c.kind is not Kind.BODY and c.name in present.column_names]
        place = pa.array(np.arange(present.num_rows, dtype=np.int64))
        batch = present.select(checked).append_column("place", place)
        result = self._compiled(tuple((f.name, str(f.type)) for f in batch.schema))(batch)
        if not _ascending(result):
            result = result.sort_by("place")
        bodies = [c.name for c in columns if c.kind is Kind.BODY]
        for name in bodies:
            result = result.append_column(name, _text(present, name))
        if "tools" in present.column_names and "tools" in bodies:
            system = with_tools(result.column("system_prompt"), result.column("tools"))
            result = result.set_column(result.column_names.index("system_prompt"), "system_prompt", system)
        reasons = result.column("reason")
        rejects: tuple[Reject, ...] = ()
        if reasons.null_count < len(reasons):
            bad = pc.indices_nonzero(pc.is_valid(reasons))
            rejects = tuple(zip(rows.numbers[bad.to_numpy()].tolist(), reasons.take(bad).to_pylist(), strict=True))
            result = result.filter(pc.is_null(reasons))
        schema = RAW_SCHEMAS[self.table]
        names = [name for name in schema.names if name != "source"]
        return result.select(names).cast(pa.schema([schema.field(name) for name in names])), rejects

    def _compile(self, types: tuple[tuple[str, str], ...]) -> Callable[[pa.Table], pa.Table]:
        kinds = {name: "string" if "string" in kind else _IBIS_TYPES.get(kind, kind) for name, kind in types}
        batch = ibis.table(kinds, name="batch")
        values: dict[str, ir.Value] = {}
        reasons: list[tuple[ir.BooleanValue, str]] = []
        for column in CONTRACT[self.table]:
            if column.kind is Kind.BODY:
                continue
            raw = batch[column.name] if column.name in kinds else ibis.null("string")
            value, faults = _READERS[column.kind](raw, column.name)
            values[column.name] = value
            if column.required:
                reasons.append((_empty(raw), f"{column.name} is empty"))
            reasons.extend(faults)
        if self.table == "links":
            values["count"] = values["count"].fill_null(1)
            reasons.append((values["count"] < 1, "count is below 1"))
            reasons.append((values["object_type"].isin(_RESERVED_TYPES), "object_type is a reserved word"))
        reason = ibis.cases(*reasons, else_=ibis.null("string"))
        return self._engine.prepare(batch.select(batch.place, reason=reason, **values), "batch")


_IBIS_TYPES = {"timestamp[us, tz=UTC]": "timestamp('UTC', 6)", "bool": "boolean"}

_Read = tuple[ir.Value, list[tuple[ir.BooleanValue, str]]]


def _empty(raw: ir.Value) -> ir.BooleanValue:
    if not raw.type().is_string():
        return raw.isnull()
    # trimming is slow: it is only done where the first character is white space or there is none
    return raw.isnull() | ibis.ifelse(raw < "!", raw.strip() == "", False)


def _as_text(raw: ir.Value) -> ir.StringValue:
    return raw if raw.type().is_string() else raw.cast("string")


def _key(raw: ir.Value, name: str) -> _Read:
    text = _as_text(raw)
    return text, [
        (text.contains(_character(0)), f"{name} holds a NUL byte"),
        (text.length() > MAX_KEY, f"{name} is longer than {MAX_KEY} characters"),
    ]


def _short(raw: ir.Value, name: str) -> _Read:
    text = _as_text(raw)
    return text.nullif(""), [(text.contains(_character(0)), f"{name} holds a NUL byte")]


def _domain(raw: ir.Value, name: str) -> _Read:
    text, faults = _short(raw, name)
    return text.re_replace("^.*@", "").strip().lower().nullif(""), faults


def _time(raw: ir.Value, name: str) -> _Read:
    if raw.type().is_timestamp():
        moment, unread = raw, ibis.literal(value=False)
    else:
        text = _as_text(raw)
        moment = ibis.coalesce(text.try_cast("timestamp('UTC')"), text.strip().try_cast("timestamp('UTC')"))
        unread = moment.isnull() & ~_empty(text)
    first, last = (ibis.literal(day).cast("timestamp('UTC')") for day in (_FIRST_DAY, _LAST_DAY))
    absurd = (moment < first) | (moment >= last)
    return moment, [(unread, f"{name} is not an ISO 8601 time"), (absurd, f"{name} is before 2000 or after 2099")]


def _count(raw: ir.Value, name: str) -> _Read:
    if raw.type().is_integer():
        number, unread = raw, ibis.literal(value=False)
    else:
        text = _as_text(raw)
        number = text.try_cast("int64")
        same = text.try_cast("float64") == number.cast("float64")
        unread = ~same.fill_null(False) & ~_empty(text)
    return number, [(unread, f"{name} is not a whole number"), (number < 0, f"{name} is negative")]


def _flag(raw: ir.Value, name: str) -> _Read:
    if raw.type().is_boolean():
        return raw, []
    text = _as_text(raw).strip().lower().nullif("")
    flag = ibis.cases((text.isin(_TRUE), True), (text.isin(_FALSE), False), else_=ibis.null("boolean"))
    return flag, [(text.notnull() & flag.isnull(), f"{name} is neither true nor false")]


_READERS = {
    Kind.KEY: _key, Kind.TEXT: _short, Kind.DOMAIN: _domain, Kind.TIME: _time, Kind.COUNT: _count, Kind.FLAG: _flag,
}  # fmt: skip


def _text(table: pa.Table, name: str) -> pa.ChunkedArray:
    """A column of long text; empty means none."""
    if name not in table.column_names:
        return pa.chunked_array([pa.nulls(table.num_rows, pa.string())])
    column = table.column(name).cast(pa.string())
    if not pc.any(pc.equal(pc.binary_length(column), 0)).as_py():
        return column
    return pc.if_else(pc.equal(pc.binary_length(column), 0), pa.scalar(None, pa.string()), column)


def _ascending(table: pa.Table) -> bool:
    places = table.column("place").to_numpy()
    return bool(np.all(places[1:] > places[:-1]))
