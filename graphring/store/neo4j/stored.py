"""The graph as it is kept in Neo4j, and the difference between two of them.

The rarity of every object changes when one account joins, so it is not written on every object every night: objects
of one type, degree and damping share their weight, which stands in a list of the state node. An object whose weight
is its own has it as a property.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from graphring.engine.duck import Engine, writing
from graphring.model import GRAPH_ACCOUNTS, OBJECTS, SIGHTINGS, GraphTables, conform

__all__ = [
    "KEYS",
    "SCHEMAS",
    "WEIGHTS",
    "Changes",
    "Mirror",
    "Stored",
    "changes",
    "parameters",
    "shape",
    "weigh",
    "weights_of",
]

SCHEMAS: Final = {"accounts": GRAPH_ACCOUNTS, "objects": OBJECTS, "sightings": SIGHTINGS}
KEYS: Final = {
    "accounts": ("account_id",),
    "objects": ("object_type", "object_id"),
    "sightings": ("account_id", "object_type", "object_id"),
}
_CLASS: Final = ("object_type", "accounts", "damped")
WEIGHTS: Final = pa.schema([*(OBJECTS.field(name) for name in _CLASS), OBJECTS.field("weight")])


@dataclass(frozen=True)
class Stored:
    """Tables by the names of `SCHEMAS`, weights of classes apart; an object's own weight is in its row."""

    tables: dict[str, pa.Table]
    weights: pa.Table


@dataclass(frozen=True)
class Changes:
    """What turns one stored graph into another; each table is sorted by its key."""

    changed: dict[str, pa.Table]
    """Rows that are new or different."""
    removed: dict[str, pa.Table]
    """Keys that are no more."""


def shape(engine: Engine, graph: GraphTables) -> Stored:
    """The graph with class weights taken out of its objects, sorted."""
    objects = engine.arrow(conform(graph.objects, OBJECTS))
    classes = objects.group_by(*_CLASS).agg(low=objects.weight.min(), high=objects.weight.max())
    shared = classes.filter(classes.low == classes.high).select(*_CLASS, weight="low")
    joined = _with_class(objects, shared.rename(shared_weight="weight"))
    own = (joined.shared_weight == joined.weight).fill_null(False).ifelse(ibis.null("float64"), joined.weight)
    shaped = joined.mutate(weight=own).select(*OBJECTS.names)
    tables = {
        "accounts": engine.table(engine.arrow(conform(graph.accounts, GRAPH_ACCOUNTS)), order_by=KEYS["accounts"]),
        "objects": conform(engine.table(shaped, order_by=KEYS["objects"]), OBJECTS),
        "sightings": engine.table(engine.arrow(conform(graph.sightings, SIGHTINGS)), order_by=KEYS["sightings"]),
    }
    weights = conform(engine.table(shared, order_by=_CLASS), WEIGHTS)
    return Stored({name: conform(part, SCHEMAS[name]) for name, part in tables.items()}, weights)


def weigh(engine: Engine, objects: pa.Table, weights: pa.Table) -> pa.Table:
    """OBJECTS with the weight of their class where they have none of their own; sorted."""
    if objects.num_rows == 0:
        return OBJECTS.empty_table()
    classes = engine.arrow(weights).rename(shared_weight="weight")
    joined = _with_class(engine.arrow(objects), classes)
    full = joined.mutate(weight=ibis.coalesce(joined.weight, joined.shared_weight)).select(*OBJECTS.names)
    return conform(engine.table(full, order_by=KEYS["objects"]), OBJECTS)


def _with_class(objects: ir.Table, classes: ir.Table) -> ir.Table:
    equal = [objects[name].identical_to(classes[name]) for name in _CLASS]
    return objects.left_join(classes, equal).select(objects, classes.shared_weight)


def changes(engine: Engine, bases: Sequence[dict[str, pa.Table]], target: dict[str, pa.Table]) -> Changes:
    """What makes `target` of a database that holds any mixture of `bases`.

    A killed load leaves such a mixture: some rows as they were, others as they were to be.
    """
    changed: dict[str, pa.Table] = {}
    removed: dict[str, pa.Table] = {}
    for name, schema in SCHEMAS.items():
        keys = list(KEYS[name])
        new = engine.arrow(target[name])
        old = [engine.arrow(base[name]) for base in bases]
        if not old:
            changed[name], removed[name] = target[name], schema.empty_table().select(keys)
            continue
        different = ibis.union(*(ibis.difference(new, base) for base in old), distinct=True) if old[1:] else (
            ibis.difference(new, old[0])
        )  # fmt: skip
        known = ibis.union(*(base.select(keys) for base in old), distinct=True) if old[1:] else old[0].select(keys)
        changed[name] = conform(engine.table(different, order_by=keys), schema)
        removed[name] = engine.table(known.anti_join(new, keys), order_by=keys).select(keys)
    return Changes(changed, removed)


class Mirror:
    """Copies, beside the state, of what was written to the database, each under a token made of its content.

    The database says which of them it holds, so that a mirror that is missing or of another database is noticed and
    nothing is assumed.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def write(self, stored: Stored) -> str:
        """Keep a copy; returns its token."""
        part = self._directory / ".part"
        digest = hashlib.sha256()
        with writing(self._directory):
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            for name, data in [*stored.tables.items(), ("weights", stored.weights)]:
                pq.write_table(data, part / f"{name}.parquet", compression="zstd")
                with (part / f"{name}.parquet").open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
            token = digest.hexdigest()
            shutil.rmtree(self._directory / token, ignore_errors=True)
            part.rename(self._directory / token)
        return token

    def read(self, token: str) -> dict[str, pa.Table] | None:
        """The tables under a token; None where there is no readable copy."""
        try:
            return {
                name: conform(pq.read_table(self._directory / token / f"{name}.parquet"), schema)
                for name, schema in SCHEMAS.items()
            }
        except (OSError, ValueError, pa.ArrowException):
            return None

    def keep(self, tokens: Sequence[str]) -> None:
        """Remove every other copy; with none, all of them."""
        if self._directory.is_dir():
            for path in sorted(self._directory.iterdir()):
                if path.name not in tokens:
                    shutil.rmtree(path, ignore_errors=True)


def parameters(weights: pa.Table) -> dict[str, Any]:
    """The weights of classes as lists for the state node."""
    return {f"weight_{name}": weights.column(name).to_pylist() for name in WEIGHTS.names}


def weights_of(state: dict[str, Any]) -> pa.Table:
    """The weights of classes from the state node."""
    lists = {name: state.get(f"weight_{name}") or [] for name in WEIGHTS.names}
    return pa.table({field.name: pa.array(lists[field.name], field.type) for field in WEIGHTS}, schema=WEIGHTS)
