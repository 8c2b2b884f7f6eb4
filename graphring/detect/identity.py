"""Ring ids that survive the night: rings of this run are matched with those of the last one by their members.

An id never changes its meaning and is never derived from members: it comes from a counter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.optimize import linear_sum_assignment

from graphring.model import LEDGER, conform

__all__ = ["Identity", "assign_ids"]

MATCH = 0.3
"""Share of the smaller ring that two rings must have in common to be one."""


@dataclass(frozen=True)
class Identity:
    """ids: ring id of each group; status: its last event; gone: rings of the last run without a group; ledger: LEDGER,
    what was carried over included.
    """

    ids: tuple[str, ...]
    status: tuple[str, ...]
    predecessor: tuple[str | None, ...]
    ledger: pa.Table


def assign_ids(
    groups: Sequence[npt.NDArray[np.object_]], previous: Mapping[str, pa.Table] | None, run_id: str, first_number: int
) -> Identity:
    """Match `groups` (sorted account ids each) with the rings of the last run.

    One-to-one by overlap (Hungarian assignment on shared members); what is left is born, merged into or split from.
    """
    old = _old_members(previous)
    names = sorted(old)
    overlap = np.zeros((len(groups), len(names)))
    owner = {account: j for j, name in enumerate(names) for account in old[name]}
    for i, group in enumerate(groups):
        for account in group:
            j = owner.get(account)
            if j is not None:
                overlap[i, j] += 1
    rows, columns = linear_sum_assignment(-overlap)
    matched = {
        int(i): int(j)
        for i, j in zip(rows.tolist(), columns.tolist(), strict=True)
        if _same(overlap[i, j], groups[i], old[names[j]])
    }
    ids, status, rows_out = [], [], []
    number = first_number
    for i, group in enumerate(groups):
        if i in matched:
            name = names[matched[i]]
            event, note = _growth(len(group), len(old[name]))
            related = [
                names[j]
                for j in np.flatnonzero(overlap[i])
                if j != matched[i] and _same(overlap[i, j], group, old[names[j]])
            ]
            event = "merged" if related else event
        else:
            name, number = f"R-{number:05d}", number + 1
            related = [names[j] for j in np.flatnonzero(overlap[i]) if overlap[i, j] >= MATCH * len(group)]
            event, note = ("split", "part of an earlier ring") if related else ("born", "")
        ids.append(name)
        status.append(event)
        rows_out.append((name, run_id, event, len(group), sorted(related), note))
    alive = set(ids)
    absorbed = {r for row in rows_out if row[2] == "merged" for r in row[4]}
    for name in names:
        if name not in alive:
            event = "merged" if name in absorbed else "dormant"
            rows_out.append((name, run_id, event, 0, [], "no longer found"))
    rows_out.sort(key=lambda r: (r[0], r[2]))
    fresh = pa.Table.from_pylist([dict(zip(LEDGER.names, r, strict=True)) for r in rows_out], schema=LEDGER)
    carried = [conform(previous["ledger"], LEDGER)] if previous and "ledger" in previous else []
    return Identity(tuple(ids), tuple(status), tuple(None for _ in ids), pa.concat_tables([*carried, fresh]))


def _old_members(previous: Mapping[str, pa.Table] | None) -> dict[str, list[str]]:
    if not previous or "members" not in previous:
        return {}
    table = previous["members"]
    found: dict[str, list[str]] = {}
    for ring, account, role in zip(
        table["ring_id"].to_pylist(), table["account_id"].to_pylist(), table["role"].to_pylist(), strict=True
    ):
        if role == "member":
            found.setdefault(ring, []).append(account)
    return found


def _same(common: float, new: npt.NDArray[np.object_], old: list[str]) -> bool:
    return bool(common > 0 and common >= MATCH * min(len(new), len(old)))


def _growth(now: int, before: int) -> tuple[str, str]:
    if now > before * 1.1:
        return "grown", f"from {before} to {now} accounts"
    if now < before * 0.9:
        return "shrunk", f"from {before} to {now} accounts"
    return "continued", ""
