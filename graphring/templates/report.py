"""What a night writes: the families and, row by row beside the exchanges, who belongs to which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from graphring.engine.duck import atomic, writing
from graphring.model import ASSIGNMENTS, FAMILIES, TIME
from graphring.templates.night import Night
from graphring.templates.sketch import Ints
from graphring.templates.state import family_id

__all__ = ["Family", "write_assignments", "write_families"]


@dataclass(frozen=True)
class Family:
    """One row of FAMILIES; times in microseconds since 1970."""

    number: int
    kind: str
    exemplar: str
    variants: tuple[str, ...]
    accounts: int
    exchanges: int
    first_seen: int
    last_seen: int

    def with_more(self, other: Family) -> Family:
        """Both together; accounts at least as many as either has."""
        return replace(
            self,
            variants=tuple(dict.fromkeys([*self.variants, other.exemplar])),
            accounts=max(self.accounts, other.accounts),
            exchanges=self.exchanges + other.exchanges,
            first_seen=min(self.first_seen, other.first_seen),
            last_seen=max(self.last_seen, other.last_seen),
        )


def write_families(out: Path, families: Sequence[Family], population: int) -> None:
    """families.parquet; `population` is the number of accounts with traffic."""
    columns: dict[str, list[object]] = {
        "family_id": [family_id(f.number) for f in families],
        "kind": [f.kind for f in families],
        "exemplar": [f.exemplar for f in families],
        "variants": [list(f.variants) for f in families],
        "accounts": [f.accounts for f in families],
        "exchanges": [f.exchanges for f in families],
        "first_seen": [f.first_seen for f in families],
        "last_seen": [f.last_seen for f in families],
        "rarity": [float(np.log2(population / f.accounts)) for f in families],
    }
    arrays = [pa.array(columns[f.name], pa.int64() if f.type == TIME else f.type).cast(f.type) for f in FAMILIES]
    table = pa.table(arrays, schema=FAMILIES).sort_by("family_id")
    path = out / "families.parquet"
    with writing(path), atomic(path) as part:
        pq.write_table(table, part, compression="zstd")


def write_assignments(out: Path, night: Night, number: Ints) -> None:
    """assignments.parquet; `number` is the family of each row, 0 for none."""
    names = pa.array([None, *(family_id(v) for v in range(1, int(number.max(initial=0)) + 1))], pa.string())
    path = out / "assignments.parquet"
    row = 0
    with writing(path), atomic(path) as part, pq.ParquetWriter(part, ASSIGNMENTS, compression="zstd") as writer:
        for ids in night.texts("exchange_id"):
            here = names.take(pa.array(number[row : row + len(ids)]))
            writer.write_table(pa.table([ids, here], schema=ASSIGNMENTS))
            row += len(ids)
