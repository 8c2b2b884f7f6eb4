"""Files for `neo4j-admin database import`: the fast way for a first load of tens of millions.

The imported graph is the one that `load` would have written, marks included; the next refresh compares and finds
nothing to change.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from graphring.engine.duck import Engine, writing
from graphring.model import GRAPH_ACCOUNTS, OBJECTS, SIGHTINGS, GraphTables
from graphring.store.neo4j.schema import OTHER, Kind
from graphring.store.neo4j.stored import Stored, by_kind, shape

__all__ = ["export_for_import"]

SEPARATOR: Final = "\x1f"
"""Between type and id in the import's own key of `Object` nodes, which is not stored."""
OPTIONS: Final = "--multiline-fields=true --bad-tolerance=0"


def export_for_import(graph: GraphTables, directory: Path, *, database: str = "neo4j") -> list[Path]:
    """Write CSV files and `import.args`, the arguments of `neo4j-admin` with `{DIR}` for their directory.

    Returns the files. Weights of classes (see `stored`) are not part of it: the first refresh writes them.
    """
    with writing(directory), Engine(threads=2) as engine:
        directory.mkdir(parents=True, exist_ok=True)
        listing = directory / "import.args"
        listing.unlink(missing_ok=True)  # written last: without it, an export was cut short
        stored = shape(engine, graph)
        nodes = [("Account", _accounts(stored, directory))]
        nodes += [(kind.label, path) for kind, path in _objects(stored, directory)]
        edges = [(kind.relationship, path) for kind, path in _sightings(stored, directory)]
        arguments = ["database", "import", "full", database, *OPTIONS.split()]
        arguments += [f"--nodes={label}={{DIR}}/{path.name}" for label, path in nodes]
        arguments += [f"--relationships={name}={{DIR}}/{path.name}" for name, path in edges]
        listing.write_text("\n".join(arguments) + "\n", encoding="utf-8")
    return [path for _, path in [*nodes, *edges]] + [listing]


def _accounts(stored: Stored, directory: Path) -> Path:
    table = stored.tables["accounts"]
    columns = {"account_id:ID(Account)": table.column("account_id")}
    columns |= _properties(table, GRAPH_ACCOUNTS, GRAPH_ACCOUNTS.names[1:])
    return _write(columns | _mark(table, "created"), directory / "accounts.csv")


def _objects(stored: Stored, directory: Path) -> Iterator[tuple[Kind, Path]]:
    for kind, table in by_kind(stored.tables["objects"]):
        if kind is OTHER:
            columns = {f":ID({kind.label})": _key(kind, table), "object_id": table.column("object_id")}
        else:
            columns = {f"object_id:ID({kind.label})": table.column("object_id")}
        columns |= {"object_type": table.column("object_type")}
        columns |= _properties(table, OBJECTS, OBJECTS.names[2:])
        yield kind, _write(columns | _mark(table, "created"), directory / f"{kind.label.lower()}.csv")


def _sightings(stored: Stored, directory: Path) -> Iterator[tuple[Kind, Path]]:
    for kind, table in by_kind(stored.tables["sightings"]):
        columns = {":START_ID(Account)": table.column("account_id"), f":END_ID({kind.label})": _key(kind, table)}
        columns |= _properties(table, SIGHTINGS, SIGHTINGS.names[3:])
        columns |= _mark(table, "true", ":boolean")
        yield kind, _write(columns, directory / f"{kind.relationship.lower()}.csv")


def _key(kind: Kind, table: pa.Table) -> pa.ChunkedArray:
    if kind is not OTHER:
        return table.column("object_id")
    return pc.binary_join_element_wise(table.column("object_type"), table.column("object_id"), SEPARATOR)


def _mark(table: pa.Table, value: str, kind: str = "") -> dict[str, pa.Array]:
    return {f"graphring{kind}": pa.array([value] * table.num_rows, pa.string())}


def _properties(table: pa.Table, schema: pa.Schema, names: list[str]) -> dict[str, pa.ChunkedArray]:
    columns = {}
    for name in names:
        kind, column = schema.field(name).type, table.column(name)
        if pa.types.is_timestamp(kind):
            columns[f"{name}:datetime"] = pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
        elif pa.types.is_integer(kind):
            columns[f"{name}:long"] = column
        elif pa.types.is_floating(kind):
            columns[f"{name}:double"] = column
        elif pa.types.is_boolean(kind):
            columns[f"{name}:boolean"] = column
        else:
            columns[name] = column
    return columns


def _write(columns: dict[str, pa.ChunkedArray], path: Path) -> Path:
    options = pa_csv.WriteOptions(include_header=True, quoting_style="needed")
    pa_csv.write_csv(pa.table(columns), path, options)
    return path
