"""The graph as it is kept in Neo4j.

The rarity of every object changes when one account joins, so it is not written on every object every night: objects
of one type, degree and damping share their weight, which stands in a list of the state node. An object whose weight
is its own has it as a property.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graphring.engine.duck import Engine
from graphring.model import GRAPH_ACCOUNTS, OBJECTS, SIGHTINGS, GraphTables, conform
from graphring.store.neo4j.schema import KINDS, OTHER, Kind

__all__ = [
    "KEYS",
    "SCHEMAS",
    "WEIGHTS",
    "Stored",
    "by_kind",
    "in_order",
    "shape",
    "weigh",
    "weight_lists",
    "weights_of",
]

SCHEMAS: Final = {"accounts": GRAPH_ACCOUNTS, "objects": OBJECTS, "sightings": SIGHTINGS}
KEYS: Final = {
    "accounts": ("account_id",),
    "objects": ("object_type", "object_id"),
    "sightings": ("account_id", "object_type", "object_id"),
}
_ROW: Final = "row"
_CLASS: Final = ("object_type", "accounts", "damped")
WEIGHTS: Final = pa.schema([*(OBJECTS.field(name) for name in _CLASS), OBJECTS.field("weight")])


@dataclass(frozen=True)
class Stored:
    """Tables by the names of `SCHEMAS`, weights of classes apart; an object's own weight is in its row."""

    tables: dict[str, pa.Table]
    weights: pa.Table


def shape(engine: Engine, graph: GraphTables) -> Stored:
    """The graph with class weights taken out of its objects, sorted."""
    data = in_order(engine, conform(graph.objects, OBJECTS), KEYS["objects"])
    objects = _numbered(engine, data)
    classes = objects.group_by(*_CLASS).agg(low=objects.weight.min(), high=objects.weight.max())
    shared = classes.filter(classes.low == classes.high).select(*_CLASS, weight="low")
    joined = _with_class(objects, shared.rename(shared_weight="weight"))
    own = (joined.shared_weight == joined.weight).fill_null(False).ifelse(ibis.null("float64"), joined.weight)
    tables = {
        "accounts": in_order(engine, conform(graph.accounts, GRAPH_ACCOUNTS), KEYS["accounts"]),
        "objects": _with_weight(engine, data, joined.mutate(weight=own)),
        "sightings": in_order(engine, conform(graph.sightings, SIGHTINGS), KEYS["sightings"]),
    }
    return Stored(tables, conform(engine.table(shared, order_by=_CLASS), WEIGHTS))


def in_order(engine: Engine, data: pa.Table, key: Sequence[str]) -> pa.Table:
    """`data` sorted by `key`; looking is twenty times faster than sorting, and a graph mostly comes sorted."""
    if _is_sorted(data.select(list(key))):
        return data
    return conform(engine.table(engine.arrow(data), order_by=key), data.schema)


def by_kind(table: pa.Table) -> Iterator[tuple[Kind, pa.Table]]:
    """Rows of objects or sightings by how they are kept, in the order that they have; every kind comes once."""
    types = table.column("object_type")
    for name, kind in KINDS.items():
        yield kind, table.filter(pc.equal(types, name))
    yield OTHER, table.filter(pc.invert(pc.is_in(types, value_set=pa.array(list(KINDS), pa.string()))))


def _is_sorted(data: pa.Table) -> bool:
    last: tuple[Any, ...] | None = None
    for batch in data.to_batches():
        if batch.num_rows == 0:
            continue
        if last is not None and tuple(column[0].as_py() for column in batch.columns) < last:
            return False
        last = tuple(column[-1].as_py() for column in batch.columns)
        ordered = pa.scalar(True)
        for column in reversed(batch.columns):
            before, after = column[:-1], column[1:]
            ordered = pc.or_(pc.less(before, after), pc.and_(pc.equal(before, after), ordered))
        if pc.all(ordered).as_py() is False:
            return False
    return True


def weigh(engine: Engine, objects: pa.Table, weights: pa.Table) -> pa.Table:
    """OBJECTS with the weight of their class where they have none of their own; sorted."""
    if objects.num_rows == 0:
        return OBJECTS.empty_table()
    classes = engine.arrow(weights).rename(shared_weight="weight")
    data = in_order(engine, objects, KEYS["objects"])
    joined = _with_class(_numbered(engine, data), classes)
    return _with_weight(engine, data, joined.mutate(weight=ibis.coalesce(joined.weight, joined.shared_weight)))


def _numbered(engine: Engine, objects: pa.Table) -> ir.Table:
    """What decides on weights, with each row's number: joining this and sorting numbers is cheap."""
    rows = pa.array(np.arange(objects.num_rows))
    return engine.arrow(objects.select([*_CLASS, "weight"]).append_column(_ROW, rows))


def _with_weight(engine: Engine, objects: pa.Table, weighed: ir.Table) -> pa.Table:
    """`objects` with the weights of `weighed`, which has their numbers."""
    weights = engine.table(weighed.select(_ROW, "weight"), order_by=[_ROW]).column("weight")
    return objects.set_column(OBJECTS.get_field_index("weight"), OBJECTS.field("weight"), weights)


def _with_class(objects: ir.Table, classes: ir.Table) -> ir.Table:
    equal = [objects[name].identical_to(classes[name]) for name in _CLASS]
    return objects.left_join(classes, equal).select(objects, classes.shared_weight)


def weight_lists(weights: pa.Table) -> dict[str, Any]:
    """The weights of classes as lists for the state node."""
    return {f"weight_{name}": weights.column(name).to_pylist() for name in WEIGHTS.names}


def weights_of(state: dict[str, Any]) -> pa.Table:
    """The weights of classes from the state node."""
    lists = {name: state.get(f"weight_{name}") or [] for name in WEIGHTS.names}
    return pa.table({field.name: pa.array(lists[field.name], field.type) for field in WEIGHTS}, schema=WEIGHTS)
