"""Rows of a JSON Lines file: lines, taken apart by DuckDB's JSON reader."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping

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

__all__ = ["JsonLines"]


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


class JsonLines:
    """Takes JSON Lines apart; expressions are compiled once for each set of columns, not for each batch or file."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._compiled = functools.cache(self._compile)
        keys = ibis.ifelse(_SOUND, _json_keys(_LINES.line), ibis.null()).name("keys").as_table()
        self._keys_of = functools.cache(lambda: engine.prepare(keys, "lines"))

    def rows(self, file: SourceFile, mapping: Mapping[str, str], batch_rows: int) -> Iterator[Rows]:
        """Stream the objects of a file; blank lines are passed over but count in row numbers."""
        inside: tuple[tuple[str, str], ...] = ()
        for rows in line_rows(file, batch_rows):
            lines = _without_blanks(rows)
            if not lines.num_rows:
                yield Rows(pa.table({}), rows.numbers[:0], rows.rejects, rows.swallowed)
                continue
            if not inside:
                keys = self._keys(file, lines)
                matched = match_columns(file, keys, mapping)
                inside = tuple((ours, theirs) for ours, theirs in matched.items() if theirs in keys)
            yield self._split(rows, lines, inside)

    def _keys(self, file: SourceFile, lines: pa.Table) -> list[str]:
        """Keys that occur in the first rows; a key may be absent from any single row."""
        found = self._keys_of()(lines).column("keys")
        if found.null_count == len(found):
            raise SourceError(
                f"{file.path} is not JSON Lines: none of its first {len(found)} lines is an object",
                "Write one JSON object to a line, or name the file after its format",
            )
        return sorted(set(pc.unique(pc.list_flatten(found)).to_pylist()))

    def _split(self, rows: Rows, lines: pa.Table, inside: tuple[tuple[str, str], ...]) -> Rows:
        split = self._compiled(inside)(lines)
        numbers = split.column("number_").to_numpy()
        if not np.all(numbers[1:] > numbers[:-1]):
            split = split.sort_by("number_")
        sound, broken = split.column("sound_"), []
        if not pc.all(sound).as_py():  # a filter copies long text
            broken = split.filter(pc.invert(sound)).column("number_").to_pylist()
            split = split.filter(sound)
        return Rows(
            split.select([ours for ours, _ in inside]),
            split.column("number_").to_numpy().astype(np.int64, copy=False),
            (*rows.rejects, *((number, "the line is not a JSON object") for number in broken)),
        )

    def _compile(self, inside: tuple[tuple[str, str], ...]) -> Callable[[pa.Table], pa.Table]:
        pointers = ibis.array(["/" + theirs.replace("~", "~0").replace("/", "~1") for _, theirs in inside])
        found = ibis.ifelse(_SOUND, _json_extract_string(_LINES.line, pointers), ibis.null())
        parsed = _LINES.select(number_=_LINES.number, found_=found)
        values = {ours: parsed.found_[place] for place, (ours, _) in enumerate(inside)}
        return self._engine.prepare(parsed.select("number_", sound_=parsed.found_.notnull(), **values), "lines")


def _without_blanks(rows: Rows) -> pa.Table:
    line = rows.table.column("line") if rows.table.num_rows else pa.array([], pa.string())
    lines = pa.table({"number": pa.array(rows.numbers), "line": line})
    said = pc.match_substring_regex(lines.column("line"), r"\S")
    return lines if pc.all(said).as_py() else lines.filter(said)
