"""Rows of a JSON Lines file: lines, taken apart by DuckDB's JSON reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import ibis
import ibis.expr.datatypes as dt
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graphring.engine import Engine
from graphring.intake.csvfile import line_rows
from graphring.intake.discover import SourceFile
from graphring.intake.mapping import match_columns
from graphring.intake.rows import Rows

__all__ = ["jsonl_rows"]


@ibis.udf.scalar.builtin
def json_valid(line: str) -> bool:  # type: ignore[empty-body]
    """Whether DuckDB can read the text as JSON."""


@ibis.udf.scalar.builtin(signature=((dt.string, dt.Array(dt.string)), dt.Array(dt.string)))
def json_extract_string(line, paths):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """The values at several JSON pointers, as text; nested ones as JSON."""


@ibis.udf.scalar.builtin(signature=((dt.string,), dt.Array(dt.string)))
def json_keys(line):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """The keys of an object."""


_LINES = ibis.table({"number": "int64", "line": "string"}, name="lines")
_SOUND = json_valid(_LINES.line) & _LINES.line.lstrip().startswith("{")


def jsonl_rows(file: SourceFile, mapping: Mapping[str, str], batch_rows: int, engine: Engine) -> Iterator[Rows]:
    """Stream the objects; blank lines are passed over but count in row numbers."""
    matched: dict[str, str] | None = None
    for rows in line_rows(file, batch_rows):
        lines = pa.table({"number": pa.array(rows.numbers), "line": rows.table.column("line")})
        lines = lines.filter(pc.not_equal(pc.utf8_trim_whitespace(lines.column("line")), ""))
        if matched is None:
            if not lines.num_rows:
                continue
            matched = match_columns(file, _keys(engine, lines), mapping)
        inside = {ours: theirs for ours, theirs in matched.items() if theirs not in file.partitions}
        split = _split(engine, lines, tuple(inside.values()))
        sound = split.column("sound")
        broken = split.filter(pc.invert(sound)).column("number").to_pylist()
        good = split.filter(sound)
        values = {ours: pc.list_element(good.column("found"), place) for place, ours in enumerate(inside)}
        yield Rows(
            pa.table(values),
            good.column("number").to_numpy().astype(np.int64, copy=False),
            (*rows.rejects, *((number, "the line is not a JSON object") for number in broken)),
        )


def _keys(engine: Engine, lines: pa.Table) -> list[str]:
    """Keys that occur in the first rows; a key may be absent from any single row."""
    keys = engine.prepare(ibis.ifelse(_SOUND, json_keys(_LINES.line), ibis.null()).name("keys").as_table(), "lines")
    found = keys(lines).column("keys")
    return sorted(set(pc.unique(pc.list_flatten(found)).to_pylist()))


def _split(engine: Engine, lines: pa.Table, names: tuple[str, ...]) -> pa.Table:
    pointers = ibis.array(["/" + name.replace("~", "~0").replace("/", "~1") for name in names])
    found = ibis.ifelse(_SOUND, json_extract_string(_LINES.line, pointers), ibis.null()).name("found")
    run = engine.prepare(_LINES.select(_LINES.number, sound=_SOUND, found=found), "lines")
    split = run(lines)
    return split if _ascending(split) else split.sort_by("number")


def _ascending(table: pa.Table) -> bool:
    numbers = table.column("number").to_numpy()
    return bool(np.all(numbers[1:] > numbers[:-1]))
