"""Everything that a case file says of one ring, gathered once, so that all formats say the same."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from graphring.cases.casebook import Casebook, Head
from graphring.cases.entry import Entry, Kind, moment
from graphring.errors import UnknownRingError
from graphring.model import NodeRef, ObjectType

if TYPE_CHECKING:  # the table engine need not be loaded to verify a case file
    from graphring.store.protocol import Snapshot

__all__ = ["LIMITS_OF_THE_METHOD", "Case", "Export", "Row", "gather"]

Row = Mapping[str, Any]
"""One row of a table: text, numbers, flags, None, lists of these; times as ISO 8601 text."""

LIMITS_OF_THE_METHOD: Final = (
    (
        "A ring is a statistical finding: accounts that act together more than chance and innocent reasons explain. "
        "It names no person, company or state behind them."
    ),
    (
        "Bits of evidence are estimates. Evidence of one family is correlated and is capped; the score is a sum over "
        "families, not a proof."
    ),
    (
        "Single accounts may be there by mistake, as victims of a stolen key or as customers of a reseller. The "
        "confidence is stated for each account; read it before acting on one."
    ),
    "Only the logs of this provider were seen. Activity elsewhere, and what the logs do not record, are unknown.",
    "An address can be shared by many people who do not know each other: carriers, campuses, offices and VPNs do so.",
    "Prompts are not stored. Templates show a redacted exemplar in which the changing parts are masked.",
)


@dataclass(frozen=True)
class Export:
    """The circumstances of one export."""

    by: str
    at: datetime
    version: str
    """graphring's version."""
    redacted: bool


@dataclass(frozen=True)
class Case:
    """One ring in one run, and what people said of it. Every sequence is sorted."""

    ring_id: str
    run: Row
    """run_id, number, started, finished, version, fingerprint, counts, warnings."""
    ring: Row
    """RINGS."""
    evidence: Sequence[Row]
    """EVIDENCE, by rank."""
    accounts: Sequence[Row]
    """MEMBERS joined to GRAPH_ACCOUNTS, by account id; profile columns are null where the run has no profile."""
    objects: Sequence[Row]
    """RING_OBJECTS, most shared first, with the object's note, weight and whether it was damped."""
    activity: Sequence[Row]
    """ACTIVITY, by hour."""
    ledger: Sequence[Row]
    """LEDGER of this ring."""
    families: Sequence[Row]
    """FAMILIES of the templates that the ring shares."""
    decisions: Sequence[Row]
    """Decisions, oldest first, with the accounts that each was about."""
    notes: Sequence[Row]
    """Notes, oldest first."""
    head: Head
    """Length and last hash of the casebook when the case was gathered."""
    export: Export

    @property
    def run_id(self) -> str:
        """The run's id."""
        return str(self.run["run_id"])


def gather(snapshot: Snapshot, casebook: Casebook, ring_id: str, export: Export) -> Case:
    """Read everything about a ring.

    Raises
    ------
    UnknownRingError: the snapshot has no such ring.
    """
    rings = snapshot.rings()
    found = _rows(rings.filter(pc.equal(rings["ring_id"], ring_id)))
    if not found:
        raise UnknownRingError(
            f"run {snapshot.run.run_id} has no ring '{ring_id[:40]}'", "`graphring rings` lists the rings of the run"
        )
    head = casebook.head()
    history = [entry for entry in casebook.history(ring_id) if entry.seq <= head.entries]
    objects = _objects(snapshot, ring_id)
    templates = {row["object_id"] for row in objects if row["object_type"] == ObjectType.TEMPLATE.value}
    return Case(
        ring_id=ring_id,
        run=_run(snapshot),
        ring=found[0],
        evidence=_rows(snapshot.evidence(ring_id)),
        accounts=_accounts(snapshot, ring_id),
        objects=objects,
        activity=_rows(snapshot.activity(ring_id)),
        ledger=_rows(snapshot.ledger(ring_id)),
        families=[row for row in _rows(snapshot.families()) if row["family_id"] in templates],
        decisions=[_entry(e) | {"accounts": list(casebook.accounts(e))} for e in history if e.kind is Kind.DECISION],
        notes=[_entry(entry) for entry in history if entry.kind is Kind.NOTE],
        head=head,
        export=export,
    )


def _run(snapshot: Snapshot) -> Row:
    run = snapshot.run
    return {
        "run_id": run.run_id,
        "number": run.number,
        "started": _plain(run.started),
        "finished": _plain(run.finished),
        "version": run.version,
        "fingerprint": run.fingerprint,
        "counts": dict(sorted(run.counts.items())),
        "warnings": list(run.warnings),
    }


def _accounts(snapshot: Snapshot, ring_id: str) -> list[Row]:
    members = _rows(snapshot.members(ring_id))
    table = snapshot.accounts([row["account_id"] for row in members])
    profiles = {row["account_id"]: row for row in _rows(table)}
    unknown = dict.fromkeys(table.column_names)
    joined = [{**unknown, **profiles.get(row["account_id"], {}), **row} for row in members]
    return sorted(({k: v for k, v in row.items() if k != "ring_id"} for row in joined), key=lambda r: r["account_id"])


def _objects(snapshot: Snapshot, ring_id: str) -> list[Row]:
    shared = _rows(snapshot.ring_objects(ring_id))
    details = {
        (row["object_type"], row["object_id"]): row
        for row in _rows(snapshot.objects([NodeRef(row["object_type"], row["object_id"]) for row in shared]))
    }
    extra = {"accounts": None, "weight": None, "damped": None, "note": None}
    rows: list[Row] = []
    for row in shared:
        known = details.get((row["object_type"], row["object_id"]), {})
        rows.append({k: v for k, v in row.items() if k != "ring_id"} | {name: known.get(name) for name in extra})
    return rows


def _entry(entry: Entry) -> dict[str, Any]:
    return {**entry.content(), "previous": entry.previous, "hash": entry.hash}


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    return [{name: _plain(value) for name, value in row.items()} for row in table.to_pylist()]


def _plain(value: Any) -> Any:
    """What JSON can hold: times as text, no NaN or infinity."""
    if isinstance(value, datetime):
        return moment(value).replace(".000000Z", "Z")
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
