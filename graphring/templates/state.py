"""Families from night to night: numbers given in order, never reused; recognised again by their keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from graphring.engine.duck import atomic, writing

__all__ = ["STATE", "Known", "load", "name", "save"]

FILE: Final = "family_state.parquet"
STATE: Final = pa.schema([("number", pa.int64()), ("kind", pa.string()), ("key", pa.uint64())])
"""Sorted by (number, key): the hashes by which a family is known; kind is the family's. Number 0 holds the last number
given as its key."""


@dataclass(frozen=True)
class Known:
    """The families of earlier nights."""

    last: int
    """The highest number that was ever given."""
    owner: Mapping[int, int]
    """key → number of the family."""
    kind: Mapping[int, str]
    """number → wrapper or payload."""

    def number(self, keys: Iterable[int]) -> int | None:
        """The family that owns most of the keys, the older one where two own as many; None: a new one."""
        votes = Counter(self.owner[key] for key in keys if key in self.owner)
        return min(votes, key=lambda number: (-votes[number], number)) if votes else None


def name(number: int) -> str:
    """F000001."""
    return f"F{number:06d}"


def load(folder: Path | None) -> Known:
    """What the night in `folder` left; nothing where there was none."""
    if folder is None or not (folder / FILE).exists():
        return Known(0, {}, {})
    rows = pq.read_table(folder / FILE, schema=STATE).to_pylist()
    last = next((row["key"] for row in rows if row["number"] == 0), 0)
    rows = [row for row in rows if row["number"]]
    return Known(last, {row["key"]: row["number"] for row in rows}, {row["number"]: row["kind"] for row in rows})


def save(folder: Path, last: int, families: Sequence[tuple[int, str, Sequence[int]]]) -> None:
    """Write (number, kind, keys) of all families."""
    rows = [(0, "", last)] + [(n, kind, key) for n, kind, keys in families for key in keys]
    rows.sort()
    table = pa.table(
        [pa.array(column, f.type) for column, f in zip(zip(*rows, strict=True), STATE, strict=True)], STATE
    )
    path = folder / FILE
    with writing(path), atomic(path) as part:
        pq.write_table(table, part, compression="zstd")
