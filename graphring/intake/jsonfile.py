"""Rows of a JSON Lines file: lines, taken apart by DuckDB's JSON reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import ibis
import ibis.expr.datatypes as dt
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graphring.engine import Engine
from graphring.errors import SourceError
from graphring.intake.csvfile import line_rows
from graphring.intake.discover import SourceFile
from graphring.intake.mapping import match_columns
from graphring.intake.rows import Rows

__all__ = ["jsonl_rows"]


@ibis.udf.scalar.builtin(name="json_valid", signature=((dt.string,), dt.boolean))
def _json_valid(line):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Whether DuckDB can read the text as JSON."""


@ibis.udf.scalar.builtin(name="json_extract_string", signature=((dt.string, dt.Array(dt.string)), dt.Array(dt.string)))
def _json_extract_string(line, paths):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The values at several JSON pointers, as text; nested ones as JSON."""


@ibis.udf.scalar.builtin(name="json_keys", signature=((dt.string,), dt.Array(dt.string)))
def _json_keys(line):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The keys of an object."""


_LINES = ibis.table({"number": "int64", "line": "string"}, name="lines")
_SOUND = _json_valid(_LINES.line) & _LINES.line.lstrip().startswith("{")


def jsonl_rows(file: SourceFile, mapping: Mapping[str, str], batch_rows: int, engine: Engine) -> Iterator[Rows]:
    """Stream the objects; blank lines are passed over but count in row numbers."""
    inside: dict[str, str] = {}
    for rows in line_rows(file, batch_rows):
        lines = _without_blanks(rows)
        if not lines.num_rows:
            yield Rows(pa.table({}), rows.numbers[:0], rows.rejects, rows.swallowed)
            continue
        if not inside:
            keys = _keys(engine, file, lines)
            matched = match_columns(file, keys, mapping)
            inside = {ours: theirs for ours, theirs in matched.items() if theirs in keys}
        split = _split(engine, lines, inside)
        broken = split.filter(pc.invert(split.column("sound_"))).column("number_").to_pylist()
        good = split.filter(split.column("sound_"))
        yield Rows(
            good.select(list(inside)),
            good.column("number_").to_numpy().astype(np.int64, copy=False),
            (*rows.rejects, *((number, "the line is not a JSON object") for number in broken)),
        )


def _without_blanks(rows: Rows) -> pa.Table:
    line = rows.table.column("line") if rows.table.num_rows else pa.array([], pa.string())
    lines = pa.table({"number": pa.array(rows.numbers), "line": line})
    return lines.filter(pc.not_equal(pc.utf8_trim_whitespace(lines.column("line")), ""))


def _keys(engine: Engine, file: SourceFile, lines: pa.Table) -> list[str]:
    """Keys that occur in the first rows; a key may be absent from any single row."""
    keys = engine.prepare(ibis.ifelse(_SOUND, _json_keys(_LINES.line), ibis.null()).name("keys").as_table(), "lines")
    found = keys(lines).column("keys")
    if found.null_count == len(found):
        raise SourceError(
            f"{file.path} is not JSON Lines: none of its first {len(found)} lines is an object",
            "Write one JSON object to a line, or name the file after its format",
        )
    return sorted(set(pc.unique(pc.list_flatten(found)).to_pylist()))


def _split(engine: Engine, lines: pa.Table, inside: Mapping[str, str]) -> pa.Table:
    pointers = ibis.array(["/" + name.replace("~", "~0").replace("/", "~1") for name in inside.values()])
    found = ibis.ifelse(_SOUND, _json_extract_string(_LINES.line, pointers), ibis.null())
    parsed = _LINES.select(number_=_LINES.number, sound_=_SOUND, found_=found)
    values = {ours: parsed.found_[place] for place, ours in enumerate(inside)}
    split = engine.prepare(parsed.select("number_", "sound_", **values), "lines")(lines)
    numbers = split.column("number_").to_numpy()
    return split if np.all(numbers[1:] > numbers[:-1]) else split.sort_by("number_")
