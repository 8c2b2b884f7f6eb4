"""What turns one stored graph into another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graphring.engine.duck import Engine
from graphring.model import conform
from graphring.store.neo4j.stored import KEYS, SCHEMAS
from graphring.store.neo4j.unchanged import unchanged

__all__ = ["Base", "Changes", "changes"]

Base = Mapping[str, pa.Table | Path]
"""A graph that the database may hold rows of: tables, or Parquet files, by the names of `SCHEMAS`."""

_LEAD: Final = {**KEYS, "sightings": ("account_id",)}
"""What rows are told apart by at first: an account's sightings stand together."""

_MISSED: Final = "missed"
"""In how many bases a row's key is missing."""


@dataclass(frozen=True)
class Changes:
    """What to do, by the names of `SCHEMAS`; each table is sorted by its key."""

    new: dict[str, pa.Table]
    """Rows whose key no base has: the database has nothing of ours there."""
    changed: dict[str, pa.Table]
    """Rows whose key some base has, and that differ from at least one."""
    removed: dict[str, pa.Table]
    """Keys that are no more."""

    def written(self, name: str) -> int:
        """Rows to write."""
        return int(self.new[name].num_rows + self.changed[name].num_rows)


def changes(engine: Engine, bases: Sequence[Base], target: Mapping[str, pa.Table]) -> Changes:
    """What makes `target` of a database that holds any mixture of `bases`; without bases, it is empty.

    A killed load leaves such a mixture: some rows as they were, others as they were to be.
    """
    found = Changes({}, {}, {})
    for name, schema in SCHEMAS.items():
        if not bases:
            found.new[name] = target[name]
            found.changed[name] = schema.empty_table()
            found.removed[name] = schema.empty_table().select(KEYS[name])
            continue
        new, old = target[name], [_table(base[name]) for base in bases]
        if len(old) == 1:
            here, there = unchanged(new, old[0], _LEAD[name], threads=engine.threads)
            new, old = new.filter(pa.array(~here)), [old[0].filter(pa.array(~there))]
        different, found.removed[name] = _difference(
            engine, [engine.arrow(part) for part in old], engine.arrow(new), list(KEYS[name])
        )
        everywhere = pc.equal(different.column(_MISSED), len(bases))
        found.new[name] = conform(different.filter(everywhere), schema)
        found.changed[name] = conform(different.filter(pc.invert(everywhere)), schema)
    return found


def _table(data: pa.Table | Path) -> pa.Table:
    return pq.read_table(data) if isinstance(data, Path) else data


def _difference(engine: Engine, bases: Sequence[ir.Table], new: ir.Table, key: list[str]) -> tuple[pa.Table, pa.Table]:
    """Rows of `new` that differ from a base, with the number of bases that lack their key; and keys that left."""
    columns = new.columns
    different, gone = [], []
    for base in bases:
        old = base.rename({f"old_{name}": name for name in columns})
        joined = new.outer_join(old, [new[name] == old[f"old_{name}"] for name in key])
        differs = ibis.or_(*(~joined[name].identical_to(joined[f"old_{name}"]) for name in columns))
        rows = engine.table(joined.filter(differs))
        here = pc.is_valid(rows.column(key[0]))
        missed = pc.cast(pc.is_null(rows.column(f"old_{key[0]}")), pa.int64())
        different.append(rows.append_column(_MISSED, missed).select([*columns, _MISSED]).filter(here))
        left = rows.select([f"old_{name}" for name in key]).rename_columns(key)
        gone.append(left.filter(pc.invert(here)))
    if len(bases) == 1:
        ordered = [(name, "ascending") for name in key]
        return different[0].sort_by(ordered), gone[0].sort_by(ordered)
    together = engine.arrow(pa.concat_tables(different))
    counted = together.group_by(*columns).agg(**{_MISSED: together[_MISSED].sum()})
    return (
        engine.table(counted, order_by=key),
        engine.table(engine.arrow(pa.concat_tables(gone)).distinct(), order_by=key),
    )
