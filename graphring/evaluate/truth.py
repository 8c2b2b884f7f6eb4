"""What really is: the truth that a world or a team of investigators wrote down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.json as pa_json
import pyarrow.parquet as pq

from graphring.errors import SourceError

__all__ = ["Truth", "read_truth"]

SUFFIXES: Final = (".parquet", ".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
COLUMNS: Final = pa.schema(
    [pa.field(name, pa.string()) for name in ("account_id", "ring", "kind", "look_alike_group", "role")]
)


@dataclass(frozen=True)
class Truth:
    """One row for each account that the truth names."""

    accounts: pa.Table
    """account_id, ring, kind, look_alike_group, role; text without nulls, sorted by account_id. `ring` is empty for an
    account that is no ring's member, which includes victims and customers (`role`)."""
    rings: pa.Table | None = None
    """One row for each ring with its camouflage dials in further columns, where the truth brings them."""


def read_truth(source: Path | pa.Table) -> Truth:
    """Read and check a truth.

    Parameters
    ----------
    source: a table or a Parquet, CSV(.gz) or JSON Lines(.gz) file with `account_id` and `ring` (empty: benign), and
        optionally `kind` (of ring, or of innocent look-alike), `group` (which company, course … an innocent account
        belongs to) and `role` (member, victim, customer: only members count as guilty). A folder stands for the file
        `truth.*` in it. `truth_rings.*` beside the file brings one row for each ring with its dials.

    Raises
    ------
    SourceError: the file cannot be read, a column is missing, an account has no id or two different rings.
    """
    if isinstance(source, pa.Table):
        return Truth(accounts=_checked(source, "the truth table"))
    path = _file(source)
    beside = _beside(path)
    rings = _read(beside) if beside else None
    if rings is not None:
        _require(rings, "ring", beside.name if beside else "")
    return Truth(accounts=_checked(_read(path), path.name), rings=rings)


def _file(source: Path) -> Path:
    if source.is_dir():
        found = [source / f"truth{suffix}" for suffix in SUFFIXES if (source / f"truth{suffix}").is_file()]
        if not found:
            raise SourceError(f"{source} holds no truth file", "Name the file: truth.parquet, truth.csv or truth.jsonl")
        return found[0]
    if not source.is_file():
        raise SourceError(f"there is no truth file {source}", "Check the path")
    return source


def _beside(path: Path) -> Path | None:
    names = [path.with_name(f"truth_rings{suffix}") for suffix in SUFFIXES]
    return next((name for name in names if name.is_file() and name != path), None)


def _read(path: Path) -> pa.Table:
    name = path.name.lower()
    try:
        if name.endswith(".parquet"):
            return pq.read_table(path)
        if name.endswith((".csv", ".csv.gz")):
            return _csv(path)
        if name.endswith((".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")):
            with pa.input_stream(str(path), compression="detect") as stream:
                return pa_json.read_json(stream)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise SourceError(f"the truth file {path.name} cannot be read: {error}", "Write it again, in UTF-8") from error
    raise SourceError(f"the truth file {path.name} has an unknown format", f"Use one of {', '.join(SUFFIXES)}")


def _csv(path: Path) -> pa.Table:
    """Identifiers stay text: no number is read out of a column of the truth."""
    text = {name: pa.string() for name in ("account_id", "ring", "kind", "group", "role")}
    options = pa_csv.ConvertOptions(column_types=text, strings_can_be_null=False)
    with pa.input_stream(str(path), compression="detect") as stream:
        return pa_csv.read_csv(
            stream, convert_options=options, parse_options=pa_csv.ParseOptions(newlines_in_values=True)
        )


def _require(table: pa.Table, column: str, name: str) -> None:
    if column in table.column_names:
        return
    near = get_close_matches(column, table.column_names, n=1, cutoff=0.4)
    there = f"the nearest is '{near[0]}'" if near else f"it has {', '.join(table.column_names) or 'none'}"
    raise SourceError(f"{name} has no column '{column}'; {there}", "A truth needs account_id and ring")


def _checked(table: pa.Table, name: str) -> pa.Table:
    for column in ("account_id", "ring"):
        _require(table, column, name)
    columns = {c: _text(table, "group" if c == "look_alike_group" else c, name) for c in COLUMNS.names}
    rows = pa.table(columns, schema=COLUMNS)
    empty = pc.sum(pc.equal(rows["account_id"], "")).as_py() or 0
    if empty:
        raise SourceError(f"{name} has {empty} rows without an account_id", "Remove or complete them")
    guilty = pc.or_(pc.equal(rows["role"], ""), pc.equal(rows["role"], "member"))
    rows = rows.set_column(1, COLUMNS.field(1), pc.if_else(guilty, rows["ring"], ""))
    rows = rows.group_by(COLUMNS.names).aggregate([]).select(COLUMNS.names)
    rows = rows.sort_by([(c, "ascending") for c in COLUMNS.names])
    counts = pc.value_counts(rows["account_id"])
    twice = counts.filter(pc.greater(counts.field("counts"), 1))
    if len(twice):
        first = min(twice.field("values").to_pylist())
        raise SourceError(
            f"{name} says different things of {len(twice)} accounts, such as {first}", "Each account has one row"
        )
    return rows


def _text(table: pa.Table, column: str, name: str) -> pa.ChunkedArray:
    if column not in table.column_names:
        return pa.chunked_array([pa.repeat("", table.num_rows)])
    values = table[column]
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_null(values.type):
        return pa.chunked_array([pa.repeat("", table.num_rows)])
    try:
        return pc.fill_null(values.cast(pa.string()), "")
    except pa.ArrowException as error:
        raise SourceError(f"{name}: column '{column}' cannot be read as text: {error}") from error


def dials(truth: Truth) -> Mapping[str, Mapping[str, object]]:
    """Ring → dial → setting, for the rings that `truth_rings` describes; empty where it is missing.

    Further columns are dials, and so are the entries of a column `dials` that holds a JSON object.
    """
    rows = truth.rings.to_pylist() if truth.rings is not None else []
    named = {str(row.pop("ring")): row for row in rows if row["ring"] not in {None, ""}}
    return {ring: _settings(named[ring]) for ring in sorted(named)}


def _settings(row: dict[str, object]) -> dict[str, object]:
    packed, row = row.get("dials"), {k: v for k, v in row.items() if k not in {"kind", "dials"}}
    try:
        unpacked = json.loads(packed) if isinstance(packed, str) else packed
    except ValueError:
        unpacked = None
    if isinstance(unpacked, dict):
        row |= unpacked
    return {str(k): v for k, v in sorted(row.items()) if isinstance(v, bool | int | float | str)}
