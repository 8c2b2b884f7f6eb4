"""Families from night to night: numbers given in order, never reused; wordings known again by their shingles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from graphring.engine.duck import atomic, writing

__all__ = ["FILE", "STATE", "Memory", "Wording", "family_id", "load", "save"]

FILE: Final = "family_state.parquet"
STATE: Final = pa.schema(
    [
        ("number", pa.int64()),
        ("kind", pa.string()),
        ("source", pa.string()),
        ("keys", pa.list_(pa.uint64())),
        ("exemplar", pa.string()),
        ("first_seen", pa.int64()),
    ]
)
"""One row for each wording, sorted by (number, source, keys). `source` says what the keys are: prompt (shingles),
system (shingles), exact (hash of a short system prompt), template (hash of a template_id) or
cloud (hashes of words and word pairs). The row of number 0 holds the last number given in `first_seen`."""


@dataclass(frozen=True)
class Wording:
    """One wording of a family; only redacted text."""

    number: int
    kind: str
    source: str
    keys: tuple[int, ...]
    exemplar: str
    first_seen: int


@dataclass(frozen=True)
class Memory:
    """What the earlier nights left."""

    last: int
    """The highest number that was ever given."""
    wordings: tuple[Wording, ...]


def family_id(number: int) -> str:
    """F000001."""
    return f"F{number:06d}"


def load(folder: Path | None) -> Memory:
    """What the night in `folder` left; nothing where there was none."""
    if folder is None or not (folder / FILE).exists():
        return Memory(0, ())
    rows = pq.read_table(folder / FILE, schema=STATE).to_pylist()
    last = next((row["first_seen"] for row in rows if row["number"] == 0), 0)
    return Memory(last, tuple(Wording(**{**row, "keys": tuple(row["keys"])}) for row in rows if row["number"]))


def save(folder: Path, last: int, wordings: Sequence[Wording]) -> None:
    """Write the state."""
    rows = sorted(wordings, key=lambda w: (w.number, w.source, w.keys))
    rows = [Wording(0, "", "", (), "", last), *rows]
    table = pa.table([pa.array([getattr(row, f.name) for row in rows], f.type) for f in STATE], schema=STATE)
    path = folder / FILE
    with writing(path), atomic(path) as part:
        pq.write_table(table, part, compression="zstd")
