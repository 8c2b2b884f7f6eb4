"""The casebook: what people decided, noted and did. It cannot be rebuilt, so it lives apart from the graph, which can.

Entries are only ever added. Each carries the hash of the one before, so that a change, a removal in the middle or a
second branch is found by `verify`. What a chain alone cannot show is that its last entries were cut off: every
exported case file therefore states the casebook's length and head.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self

import sqlalchemy as sa

from graphring.cases.database import Database
from graphring.cases.entry import (
    GENESIS,
    Entry,
    Kind,
    chain_hash,
    clean_text,
    members_hash,
    members_json,
    ring_number,
)
from graphring.cases.outcome import Outcome, parse_outcome
from graphring.cases.schema import ENTRIES, MEMBER_SETS, VERSIONS
from graphring.errors import InputError, VerificationError

__all__ = ["Casebook", "Head"]

_BATCH: Final = 1_000


@dataclass(frozen=True)
class Head:
    """The end of the chain."""

    entries: int
    hash: str


def _now() -> datetime:
    return datetime.now(UTC)


class Casebook:
    """Open one with `Casebook.open`; use it as a context manager or call `close`.

    Safe to share between threads and processes: each call is a transaction of its own.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    @classmethod
    def open(cls, url: str, *, clock: Callable[[], datetime] = _now, timeout: float = 30.0) -> Self:
        """The casebook at `url`, made where there is none.

        Parameters
        ----------
        url: a SQLAlchemy URL, `sqlite:////path/to/casebook.sqlite`.
        clock: gives the time of an entry, with a time zone.
        timeout: seconds to wait for another writer.

        Raises
        ------
        ConfigError: the URL is not one that can be used.
        StoreError: the database is locked, damaged, read-only, newer than this program, or no casebook.
        """
        database = Database(url, timeout=timeout)
        database.create()
        return cls(database, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Free what is held; the casebook can be opened again."""
        self._database.close()

    # --- adding ----------------------------------------------------------------------------------------------------
    def decide(
        self, ring_id: str, outcome: Outcome | str, *, by: str, reason: str, run_id: str, accounts: Sequence[str]
    ) -> Entry:
        """Add a decision about the accounts that the ring has now; membership may change later, the decision not.

        Parameters
        ----------
        outcome: an `Outcome` or text that `parse_outcome` understands.
        run_id: the run that the person looked at.
        accounts: the ring's accounts in that run, in any order.

        Raises
        ------
        InputError: an empty or overlong text, an unknown outcome, no accounts.
        """
        chosen = outcome if isinstance(outcome, Outcome) else parse_outcome(outcome)
        if not accounts and chosen is not Outcome.REOPEN:
            raise InputError(f"the decision on {ring_id[:40]} names no accounts", "Decide on a ring of the current run")
        stored = members_json(accounts)
        return self._add(
            Kind.DECISION,
            by=by,
            action="decide",
            text=clean_text("reason", reason, required=True),
            ring_id=ring_id,
            run_id=clean_text("run_id", run_id, required=True),
            outcome=chosen,
            accounts=stored,
        )

    def note(self, ring_id: str, *, by: str, text: str) -> Entry:
        """Add a note about a ring."""
        return self._add(Kind.NOTE, by=by, action="note", text=clean_text("text", text, required=True), ring_id=ring_id)

    def record(self, by: str, action: str, ring_id: str | None = None, detail: str = "") -> Entry:
        """Add to the audit trail: a view, an export, a sign-in, the highest ring id that a run gave out."""
        action = clean_text("action", action, required=True)
        return self._add(Kind.AUDIT, by=by, action=action, text=clean_text("detail", detail), ring_id=ring_id)

    def _add(
        self,
        kind: Kind,
        *,
        by: str,
        action: str,
        text: str,
        ring_id: str | None = None,
        run_id: str | None = None,
        outcome: Outcome | None = None,
        accounts: str | None = None,
    ) -> Entry:
        number = None if ring_id is None else ring_number(ring_id)
        by = clean_text("by", by, required=True)
        with self._database.writing() as connection:
            head = _head(connection)
            digest = None if accounts is None else _keep_members(connection, accounts)
            entry = Entry(
                seq=head.entries + 1,
                kind=kind,
                at=self._clock().astimezone(UTC),
                by=by,
                action=action,
                text=text,
                ring_id=ring_id,
                run_id=run_id,
                outcome=outcome,
                accounts_count=None if accounts is None else len(json.loads(accounts)),
                accounts_hash=digest,
                previous=head.hash,
            )
            entry = replace(entry, hash=chain_hash(entry))
            row = entry.content() | {"previous": entry.previous, "hash": entry.hash, "ring_number": number}
            connection.execute(ENTRIES.insert(), row)
        return entry

    # --- reading ---------------------------------------------------------------------------------------------------
    def entries(self) -> list[Entry]:
        """Everything, oldest first."""
        return self._select(sa.select(ENTRIES))

    def history(self, ring_id: str) -> list[Entry]:
        """Everything about one ring, oldest first, audit included."""
        ring_number(ring_id)
        return self._select(sa.select(ENTRIES).where(ENTRIES.c.ring_id == ring_id))

    def outcomes(self) -> dict[str, Entry]:
        """Ring id → its latest decision, by ring id; a reopened ring is there with `Outcome.REOPEN`."""
        decided = ENTRIES.c.kind == Kind.DECISION.value
        latest = sa.select(sa.func.max(ENTRIES.c.seq)).where(decided).group_by(ENTRIES.c.ring_id)
        found = self._select(sa.select(ENTRIES).where(ENTRIES.c.seq.in_(latest)))
        return {entry.ring_id: entry for entry in sorted(found, key=lambda e: e.ring_id or "") if entry.ring_id}

    def accounts(self, entry: Entry) -> tuple[str, ...]:
        """The accounts that a decision was about, sorted; none for other entries."""
        if entry.accounts_hash is None:
            return ()
        query = sa.select(MEMBER_SETS.c.accounts).where(MEMBER_SETS.c.hash == entry.accounts_hash)
        with self._database.reading() as connection:
            stored = connection.execute(query).scalar_one_or_none()
        if stored is None:
            raise _broken(entry.seq, "its list of accounts is missing")
        return tuple(json.loads(stored))

    def highest_ring_number(self) -> int:
        """The highest number of a ring that is named anywhere in the casebook; 0: none."""
        with self._database.reading() as connection:
            return connection.execute(sa.select(sa.func.max(ENTRIES.c.ring_number))).scalar() or 0

    def head(self) -> Head:
        """Length and last hash of the chain; whoever keeps them can tell later that nothing was cut off."""
        with self._database.reading() as connection:
            return _head(connection)

    def pseudonym_key(self) -> bytes:
        """The secret of this casebook behind the pseudonyms of redacted case files; never export it."""
        with self._database.reading() as connection:
            return bytes(connection.execute(sa.select(VERSIONS.c.pseudonym_key)).scalar_one())

    def verify(self) -> None:
        """Recompute the whole chain.

        Raises
        ------
        VerificationError: names the first entry that is not what it was when it was added.
        """
        previous, expected = GENESIS, 1
        with self._database.reading() as connection:
            sets = sa.select(MEMBER_SETS.c.accounts)
            result = connection.execution_options(yield_per=_BATCH).execute(sa.select(ENTRIES).order_by(ENTRIES.c.seq))
            for row in result.mappings():
                if row["seq"] != expected:
                    raise _broken(expected, "it is missing")
                entry = _entry(row)
                if entry.previous != previous:
                    raise _broken(entry.seq, "it does not follow the entry before it")
                if entry.hash != chain_hash(entry):
                    raise _broken(entry.seq, "its content was changed")
                if row["ring_number"] != (None if entry.ring_id is None else ring_number(entry.ring_id)):
                    raise _broken(entry.seq, "its ring number was changed")
                if entry.accounts_hash is not None:
                    stored = connection.execute(sets.where(MEMBER_SETS.c.hash == entry.accounts_hash)).scalar()
                    if stored is None or members_hash(stored) != entry.accounts_hash:
                        raise _broken(entry.seq, "its list of accounts was changed")
                previous, expected = entry.hash, expected + 1

    def _select(self, query: sa.Select[Any]) -> list[Entry]:
        with self._database.reading() as connection:
            return [_entry(row) for row in connection.execute(query.order_by(ENTRIES.c.seq)).mappings()]


def _head(connection: sa.Connection) -> Head:
    last = sa.select(ENTRIES.c.seq, ENTRIES.c.hash).order_by(ENTRIES.c.seq.desc()).limit(1)
    found = connection.execute(last).one_or_none()
    return Head(0, GENESIS) if found is None else Head(found.seq, found.hash)


def _keep_members(connection: sa.Connection, stored: str) -> str:
    digest = members_hash(stored)
    known = sa.select(MEMBER_SETS.c.hash).where(MEMBER_SETS.c.hash == digest)
    if connection.execute(known).one_or_none() is None:
        connection.execute(MEMBER_SETS.insert(), {"hash": digest, "accounts": stored})
    return digest


def _entry(row: sa.RowMapping) -> Entry:
    try:
        return Entry(
            seq=row["seq"],
            kind=Kind(row["kind"]),
            at=datetime.strptime(row["at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC),
            by=row["by"],
            action=row["action"],
            text=row["text"],
            ring_id=row["ring_id"],
            run_id=row["run_id"],
            outcome=None if row["outcome"] is None else Outcome(row["outcome"]),
            accounts_count=row["accounts_count"],
            accounts_hash=row["accounts_hash"],
            previous=row["previous"],
            hash=row["hash"],
        )
    except (ValueError, TypeError) as error:
        raise _broken(row["seq"], "its content was changed") from error


def _broken(seq: int, why: str) -> VerificationError:
    return VerificationError(
        f"entry {seq} of the casebook does not verify: {why}", "Compare it with a backup, and find out who had access"
    )
