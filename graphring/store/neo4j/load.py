"""Writing the graph: two sessions, one transaction for each chunk, and a note of how far each of them is.

A chunk notes its number in its own transaction, so that it is written once: a session that lost its connection while
committing, or a run that takes up a killed one, looks there first.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from neo4j import ManagedTransaction

from graphring.errors import StoreError
from graphring.store.neo4j import statements
from graphring.store.neo4j.columns import parameters
from graphring.store.neo4j.connection import SESSIONS, Connection, TakenError
from graphring.store.neo4j.plan import Chunk, Stage, Verb
from graphring.store.neo4j.schema import Kind

__all__ = ["MissingNodesError", "apply", "begin", "finish", "rehearse", "sweep"]

_NAMES: Final = [f"lane {lane}" for lane in range(SESSIONS)]
_BEGIN: Final = (
    "MERGE (s:GraphringState {name: 'graph'}) SET s += $values "
    "WITH s UNWIND $lanes AS lane MERGE (l:GraphringState {name: lane}) SET l.done = -1"
)
_FINISH: Final = (
    "MERGE (s:GraphringState {name: 'graph'}) SET s += $values "
    "WITH s MATCH (l:GraphringState) WHERE l.name IN $lanes DELETE l"
)
_DONE: Final = "MATCH (l:GraphringState {name: $lane}) RETURN l.done AS done"
_NOTE: Final = "MATCH (l:GraphringState {name: $lane}) SET l.done = $number"


class MissingNodesError(StoreError):
    """A node that an earlier run wrote is no longer there."""


def begin(connection: Connection, **values: Any) -> None:
    """Note in the database what is about to be written, with no chunk of it done."""
    connection.write(_BEGIN, values=values, lanes=_NAMES)


def finish(connection: Connection, **values: Any) -> None:
    """Note what the database holds now; the lanes' notes go."""
    connection.write(_FINISH, values=values, lanes=_NAMES)


def rehearse(connection: Connection) -> None:
    """Let the server plan every statement of a night, on no rows: it takes up to 0.4 s of processor for each, which
    are free while the night's changes are still looked for.
    """
    nothing: dict[str, Any] = {"rows": 0, "c": {"who": []}}
    with contextlib.suppress(StoreError):  # whatever is wrong, the load itself will say
        for verb in Verb:
            for kind in statements.NODES:
                if kind is not statements.ACCOUNT or "SIGHTINGS" not in verb.name:
                    connection.write(_statement(verb, kind), **nothing)


def apply(connection: Connection, stages: Iterable[Stage]) -> None:
    """Work through the stages after `begin`; chunks that are noted as done are left out.

    Raises
    ------
    MissingNodesError: a node that should be there is not.
    """
    stopped = threading.Event()
    first = [0] * SESSIONS
    with ThreadPoolExecutor(max_workers=SESSIONS) as pool:
        for stage in stages:
            lanes = [
                pool.submit(_work, connection, stopped, lane, first[lane], chunks) for lane, chunks in enumerate(stage)
            ]
            try:
                for running in lanes:
                    running.result()
            except BaseException:  # an interrupt, too: the lanes end after their chunk
                stopped.set()
                raise
            first = [start + len(chunks) for start, chunks in zip(first, stage, strict=True)]


def _work(connection: Connection, stopped: threading.Event, lane: int, first: int, chunks: Sequence[Chunk]) -> None:
    """One lane of a stage; it ends early when another one failed."""
    if not chunks:
        return
    rows = connection.read(_DONE, lane=_NAMES[lane])
    done = int(rows[0]["done"]) if rows else -1
    try:
        for number, chunk in enumerate(chunks, first):
            if stopped.is_set():
                return
            if number > done:
                _write(connection, _NAMES[lane], number, chunk)
    except BaseException:
        stopped.set()
        raise


def _write(connection: Connection, lane: str, number: int, chunk: Chunk) -> None:
    columns = parameters(chunk.rows)
    if chunk.verb in (Verb.NEW_SIGHTINGS, Verb.SIGHTINGS):
        columns["who"] = _accounts(columns.pop("account_id"), chunk.rows.column("account_id"))
    given = {"rows": chunk.rows.num_rows, "c": columns}
    try:
        connection.writing(_transaction(lane, number, chunk, _statement(chunk.verb, chunk.kind), given))
    except TakenError:
        if chunk.verb is not Verb.NEW_NODES:
            raise
        # another system has made one of these nodes, or an expired one is still there
        connection.writing(_transaction(lane, number, chunk, statements.merge_nodes(chunk.kind), given))


def _transaction(
    lane: str, number: int, chunk: Chunk, cypher: str, given: dict[str, Any]
) -> Callable[[ManagedTransaction], None]:
    counted = "who" in given["c"]

    def work(tx: ManagedTransaction) -> None:
        note = tx.run(_DONE, lane=lane).single()
        if note is None:
            raise MissingNodesError("graphring's notes in Neo4j were removed during a load", "Run again")
        if note["done"] >= number:
            return
        found = list(tx.run(cypher, given))
        if counted and (not found or found[0]["written"] != chunk.rows.num_rows):
            raise MissingNodesError(
                "nodes that an earlier run wrote to Neo4j are gone", "Run again: the whole graph is compared then"
            )
        tx.run(_NOTE, lane=lane, number=number).consume()

    return work


def _statement(verb: Verb, kind: Kind) -> str:
    match verb:
        case Verb.NEW_NODES:
            return statements.create_nodes(kind)
        case Verb.NODES:
            return statements.merge_nodes(kind)
        case Verb.NEW_SIGHTINGS:
            return statements.write_sightings(kind, new=True)
        case Verb.SIGHTINGS:
            return statements.write_sightings(kind, new=False)
        case Verb.REMOVE_SIGHTINGS:
            return statements.remove_sightings(kind)
        case Verb.EXPIRE_NODES:
            return statements.expire_nodes(kind)


def _accounts(names: list[str], column: pa.ChunkedArray) -> list[list[Any]]:
    """[account_id, first row, last row] of rows that are sorted by account: each account is sought once."""
    ids = column.combine_chunks()
    changes = pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
    first = np.flatnonzero(np.concatenate(([True], changes))).tolist()
    last = [*(start - 1 for start in first[1:]), len(names) - 1]
    return [[names[start], start, end] for start, end in zip(first, last, strict=True)]


def sweep(connection: Connection, batch_rows: int) -> int:
    """Remove expired nodes, but only what is ours of those that other systems use; returns their number."""
    swept = 0
    for kind in statements.NODES:
        cypher, ours = statements.sweep(kind)
        while True:
            count = int(connection.write(cypher, size=batch_rows, ours=ours)[0]["swept"])
            swept += count
            if count < batch_rows:
                break
    return swept
