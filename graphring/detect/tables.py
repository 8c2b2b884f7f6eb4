"""The result of detection as the tables that a run publishes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from graphring.detect.dissolve import Cut
from graphring.detect.explain import Finding
from graphring.detect.identity import Identity
from graphring.detect.relations import Relations
from graphring.engine import Engine
from graphring.model import ACTIVITY, EVIDENCE, MEMBERS, RINGS, Traffic

__all__ = ["activity_table", "evidence_table", "members_table", "rings_table"]


def rings_table(rings: Sequence[Finding], identity: Identity, activity: pa.Table, cuts: Sequence[Cut]) -> pa.Table:
    """RINGS.

    Parameters
    ----------
    cuts: for each ring, from `shared_objects`.
    """
    hours = activity.group_by("ring_id").aggregate([("hour", "min"), ("hour", "max")]).to_pylist()
    seen = {row["ring_id"]: (row["hour_min"], row["hour_max"]) for row in hours}
    rows = []
    for i, (ring, name) in enumerate(zip(rings, identity.ids, strict=True)):
        first, last = seen.get(name, (None, None))
        rows.append(
            {
                "ring_id": name, "tier": str(ring.tier), "score": ring.score, "probability": ring.probability,
                "accounts": len(ring.members), "headline": ring.headline, "first_seen": first, "last_seen": last,
                "status": identity.status[i], "predecessor": identity.predecessor[i],
                "benign_explanation": ring.benign, "benign_bits": ring.benign_bits, "p_value": ring.p_value,
                "measure": ring.measure, "q_value": ring.q_value, "connected": cuts[i].connected,
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=RINGS).sort_by("ring_id")


def members_table(r: Relations, rings: Sequence[Finding], identity: Identity) -> pa.Table:
    """MEMBERS."""
    ids = r.accounts["account_id"].to_pylist()
    rows = [
        (name, ids[a], float(c), str(role), float(b))
        for ring, name in zip(rings, identity.ids, strict=True)
        for a, c, role, b in zip(ring.verdict.group, ring.confidence, ring.roles, ring.verdict.bits, strict=True)
    ]
    return _table(sorted(rows), MEMBERS)


def evidence_table(rings: Sequence[Finding], identity: Identity) -> pa.Table:
    """EVIDENCE, strongest first."""
    rows = []
    for ring, name in zip(rings, identity.ids, strict=True):
        for rank, i in enumerate(ring.items, start=1):
            values = (i.bits, i.raw_bits, i.observed, i.expected, i.unit, i.statement, i.inferred, i.remain)
            rows.append((name, rank, str(i.family), i.name, *values))
    return _table(sorted(rows, key=lambda r: r[:2]), EVIDENCE)


def activity_table(engine: Engine, traffic: Traffic, rings: Sequence[Finding], identity: Identity) -> pa.Table:
    """ACTIVITY: members' exchanges by hour."""
    if not rings or not pq.read_metadata(traffic.exchanges).num_rows:
        return ACTIVITY.empty_table()
    ring = np.repeat(np.asarray(identity.ids, dtype=object), [len(r.members) for r in rings])
    member = pa.table(
        {"ring_id": pa.array(ring, pa.string()), "account": pa.array(np.concatenate([r.members for r in rings]))}
    )
    rows = engine.parquet(traffic.exchanges).select("account", "ts").inner_join(engine.arrow(member), "account")
    hourly = rows.group_by("ring_id", hour=rows.ts.truncate("h")).agg(
        exchanges=rows.count(), accounts=rows.account.nunique()
    )
    return engine.table(hourly, order_by=["ring_id", "hour"]).select(ACTIVITY.names).cast(ACTIVITY)


def _table(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns: list[Any] = list(zip(*rows, strict=True)) if rows else [[] for _ in schema]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
