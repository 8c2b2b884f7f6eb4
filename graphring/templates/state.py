"""Families from night to night: numbers given in order, never reused; wordings known again by their shingles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from graphring.engine.duck import atomic, writing

__all__ = ["BASE", "FILE", "STATE", "Memory", "Wording", "family_id", "load", "save"]

FILE: Final = "family_state.parquet"
BASE: Final = "family_base.parquet"
"""What the night began with: one that is run again begins there, too, and so says the same again."""
_NIGHT: Final = b"graphring.night"
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


def load(folder: Path | None, night: bytes) -> Memory:
    """What the night in `folder` left, or what it began with if it was the night `night`; nothing where there is none.

    A night that is run again would otherwise know its own families, assign more prompts to them than it did, and find
    other rings in the same logs.
    """
    if folder is None or not (folder / FILE).exists():
        return Memory(0, ())
    before = pq.read_schema(folder / FILE).metadata or {}
    file = BASE if before.get(_NIGHT) == night and (folder / BASE).exists() else FILE
    rows = pq.read_table(folder / file, schema=STATE).to_pylist()
    last = next((row["first_seen"] for row in rows if row["number"] == 0), 0)
    return Memory(last, tuple(Wording(**{**row, "keys": tuple(row["keys"])}) for row in rows if row["number"]))


def save(folder: Path, night: bytes, before: Memory, after: Memory) -> None:
    """Write the state after the night `night`, and beside it the one before."""
    for file, memory in ((BASE, before), (FILE, after)):
        _write(folder / file, memory, night)


def _write(path: Path, memory: Memory, night: bytes) -> None:
    rows = sorted(memory.wordings, key=lambda w: (w.number, w.source, w.keys))
    rows = [Wording(0, "", "", (), "", memory.last), *rows]
    table = pa.table([pa.array([getattr(row, f.name) for row in rows], f.type) for f in STATE], schema=STATE)
    table = table.replace_schema_metadata({_NIGHT: night})
    with writing(path), atomic(path) as part:
        pq.write_table(table, part, compression="zstd")
