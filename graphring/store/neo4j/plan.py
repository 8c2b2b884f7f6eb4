"""What a load will write, cut into chunks: one transaction each, in two lanes that two sessions work through.

The lanes of a stage never touch the same node: a relationship locks both of its ends until its transaction is done, so
one lane takes some relationship types of one half of the accounts while the other takes the other types of the other
half, and then they change halves. Where a hub's chain of relationships runs through both, they may still meet now and
then; the server ends one of the two transactions, and the driver repeats it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import combinations

import pyarrow as pa
import pyarrow.compute as pc

from graphring.store.neo4j.changes import Changes
from graphring.store.neo4j.connection import SESSIONS
from graphring.store.neo4j.schema import KINDS, OTHER, Kind
from graphring.store.neo4j.statements import ACCOUNT
from graphring.store.neo4j.stored import by_kind

__all__ = ["Chunk", "Stage", "Verb", "stages"]


class Verb(Enum):
    """What is done with the rows of a chunk."""

    NEW_NODES = auto()
    NODES = auto()
    NEW_SIGHTINGS = auto()
    SIGHTINGS = auto()
    REMOVE_SIGHTINGS = auto()
    EXPIRE_NODES = auto()


@dataclass(frozen=True)
class Chunk:
    """Rows of one kind for one statement."""

    verb: Verb
    kind: Kind
    rows: pa.Table


Stage = tuple[Sequence[Chunk], ...]
"""The chunks of each lane; a stage begins when the one before it is done."""

_KINDS = (*KINDS.values(), OTHER)


def stages(changes: Changes, size: int) -> Iterator[Stage]:
    """The whole work in chunks of up to `size` rows: nodes, then relationships, then what left."""
    yield _nodes(changes, size)
    yield from _sightings(changes, size)
    gone = changes.removed
    expired = [*_chunks(Verb.EXPIRE_NODES, ACCOUNT, gone["accounts"], size)]
    yield _dealt([*expired, *_by_kind(Verb.EXPIRE_NODES, gone["objects"], size)])


def _nodes(changes: Changes, size: int) -> Stage:
    return _dealt(
        [
            *_by_kind(Verb.NEW_NODES, changes.new["objects"], size),
            *_by_kind(Verb.NODES, changes.changed["objects"], size),
            *_chunks(Verb.NEW_NODES, ACCOUNT, changes.new["accounts"], size),
            *_chunks(Verb.NODES, ACCOUNT, changes.changed["accounts"], size),
        ]
    )


def _sightings(changes: Changes, size: int) -> Iterator[Stage]:
    work = (
        (Verb.REMOVE_SIGHTINGS, changes.removed["sightings"]),
        (Verb.SIGHTINGS, changes.changed["sightings"]),
        (Verb.NEW_SIGHTINGS, changes.new["sightings"]),
    )
    largest = max((table for _, table in work), key=len)
    if largest.num_rows == 0:
        return
    groups = _balanced(largest)
    middle = largest.column("account_id")[largest.num_rows // 2]

    def cell(group: Sequence[Kind], half: int) -> list[Chunk]:
        chunks: list[Chunk] = []
        for verb, table in work:
            below = pc.less(table.column("account_id"), middle)
            part = table.filter(below if half == 0 else pc.invert(below))
            chunks += [chunk for chunk in _by_kind(verb, part, size) if chunk.kind in group]
        return chunks

    for turn in range(SESSIONS):
        yield tuple(cell(group, (turn + lane) % SESSIONS) for lane, group in enumerate(groups))


def _balanced(sightings: pa.Table) -> tuple[list[Kind], list[Kind]]:
    """Two groups of kinds, as even in rows as kinds allow."""
    sizes = {kind: part.num_rows for kind, part in by_kind(sightings)}
    half = sum(sizes.values()) / 2
    choices = [set(chosen) for count in range(len(_KINDS) + 1) for chosen in combinations(_KINDS, count)]
    best = min(choices, key=lambda chosen: abs(sum(sizes.get(kind, 0) for kind in chosen) - half))
    return [kind for kind in _KINDS if kind in best], [kind for kind in _KINDS if kind not in best]


def _by_kind(verb: Verb, table: pa.Table, size: int) -> Iterator[Chunk]:
    for kind, part in by_kind(table):
        yield from _chunks(verb, kind, part, size)


def _chunks(verb: Verb, kind: Kind, table: pa.Table, size: int) -> Iterator[Chunk]:
    for start in range(0, table.num_rows, size):
        yield Chunk(verb, kind, table.slice(start, size))


def _dealt(chunks: Sequence[Chunk]) -> Stage:
    """To each lane in turn: nodes are locked alone."""
    return tuple(chunks[lane::SESSIONS] for lane in range(SESSIONS))
