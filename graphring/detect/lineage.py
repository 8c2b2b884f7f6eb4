"""What is remembered of earlier rings: their last known accounts, their rarest objects, when they came and went.

The table is carried from run to run, so that a ring that was absent for weeks is known again, and so that a pool whose
accounts are all new can be held against the one that it replaced. It is bounded: rings are forgotten by the longest
absence, and no ring keeps more than a number of objects of each kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from graphring.detect.layers import Ints
from graphring.detect.parameters import Parameters
from graphring.model import LINEAGE, Role, conform

__all__ = ["Past", "age", "known_groups", "lineage_table", "read_past"]


@dataclass(frozen=True)
class Past:
    """One ring as it was when last found."""

    ring_id: str
    absent: int
    """Runs since then; 0: found in the last one."""
    accounts: tuple[str, ...]
    objects: tuple[tuple[str, str], ...] = ()
    """(object type, object id), sorted."""
    first_seen: int | None = None
    """When most of its accounts had come, microseconds since 1970."""
    last_seen: int | None = None
    """When most of them had fallen silent."""


def age(ring_id: str) -> tuple[int, str]:
    """Sorts ring ids from the oldest to the youngest, beyond the padding of their numbers too."""
    return len(ring_id), ring_id


def read_past(previous: Mapping[str, pa.Table] | None) -> dict[str, Past]:
    """Every remembered ring by its id, oldest id first.

    Parameters
    ----------
    previous: the last run's tables, of which members and lineage are used. The members say who is in the rings of the
        last run; the lineage adds what it knows of these, and the rings before.
    """
    known = {past.ring_id: past for past in _rows(previous["lineage"])} if previous and "lineage" in previous else {}
    current = _members(previous["members"]) if previous and "members" in previous else {}
    for ring_id, accounts in current.items():
        known[ring_id] = replace(known.get(ring_id, Past(ring_id, 0, ())), absent=0, accounts=accounts)
    return {ring_id: known[ring_id] for ring_id in sorted(known, key=age)}


def known_groups(previous: Mapping[str, pa.Table] | None, accounts: Sequence[str], least: int = 5) -> list[Ints]:
    """The rings of the last run as candidate groups of this one: a warm start.

    Parameters
    ----------
    accounts: account ids in the order of their codes.
    least: smaller groups are left out.

    Returns
    -------
    Sorted account codes of each ring, the oldest ring first; accounts that are gone are left out.
    """
    code = {account: i for i, account in enumerate(accounts)}
    found = []
    for past in read_past(previous).values():
        here = sorted(code[account] for account in past.accounts if account in code)
        if past.absent == 0 and len(here) >= least:
            found.append(np.array(here, dtype=np.int32))
    return found


def lineage_table(current: Sequence[Past], past: Mapping[str, Past], p: Parameters) -> pa.Table:
    """LINEAGE: the rings of this run, and the absent ones one run older, those absent longest forgotten first."""
    found = {ring.ring_id for ring in current}
    gone = [replace(ring, absent=ring.absent + 1) for ring in past.values() if ring.ring_id not in found]
    gone.sort(key=lambda ring: age(ring.ring_id), reverse=True)
    gone.sort(key=lambda ring: ring.absent)
    rows = sorted([*current, *gone[: p.lineage_rings]], key=lambda ring: ring.ring_id)
    columns: list[list[Any]] = [
        [r.ring_id for r in rows],
        [r.absent for r in rows],
        [r.first_seen for r in rows],
        [r.last_seen for r in rows],
        [list(r.accounts) for r in rows],
        [[kind for kind, _ in r.objects] for r in rows],
        [[name for _, name in r.objects] for r in rows],
    ]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, LINEAGE, strict=True)]
    return pa.table(arrays, schema=LINEAGE)


def _rows(table: pa.Table) -> list[Past]:
    table = conform(table, LINEAGE)
    for name in ("first_seen", "last_seen"):
        table = table.set_column(table.column_names.index(name), name, table[name].cast(pa.int64()))
    return [
        Past(
            row["ring_id"], row["absent"] or 0, tuple(sorted(row["accounts"] or ())),
            tuple(sorted(zip(row["object_types"] or (), row["object_ids"] or (), strict=False))),
            row["first_seen"], row["last_seen"],
        )
        for row in table.to_pylist()
    ]  # fmt: skip


def _members(table: pa.Table) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    columns = [table[name].to_pylist() for name in ("ring_id", "account_id", "role")]
    for ring, account, role in zip(*columns, strict=True):
        if role == Role.MEMBER:
            found.setdefault(ring, []).append(account)
    return {ring: tuple(sorted(accounts)) for ring, accounts in found.items()}
