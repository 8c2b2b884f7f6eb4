"""The result of detection as the tables that a run publishes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from graphring.detect.frame import Frame
from graphring.detect.identity import Identity
from graphring.detect.score import Scored
from graphring.engine import Engine
from graphring.model import ACTIVITY, EVIDENCE, MEMBERS, RING_OBJECTS, RINGS, Role, Tier, Traffic

__all__ = ["activity_table", "evidence_table", "members_table", "objects_table", "rings_table"]

_MEASURE = {
    Tier.HIGH: "suspend pending review",
    Tier.MEDIUM: "step-up identity check",
    Tier.WATCH: "watch",
}
_OBJECTS_PER_RING = 200


def rings_table(rings: Sequence[Scored], identity: Identity, activity: pa.Table) -> pa.Table:
    """RINGS."""
    hours = activity.group_by("ring_id").aggregate([("hour", "min"), ("hour", "max")]).to_pylist()
    seen = {row["ring_id"]: (row["hour_min"], row["hour_max"]) for row in hours}
    rows = []
    for ring, name, status, before in zip(rings, identity.ids, identity.status, identity.predecessor, strict=True):
        assert ring.tier is not None
        first, last = seen.get(name, (None, None))
        best = max(ring.items, key=lambda i: i.bits)
        against = min((i for i in ring.items if i.bits < 0), key=lambda i: i.bits, default=None)
        rows.append(
            {
                "ring_id": name, "tier": str(ring.tier), "score": ring.score, "probability": _probability(ring.score),
                "accounts": len(ring.accounts), "first_seen": first, "last_seen": last, "status": status,
                "headline": f"{len(ring.accounts)} accounts that pretend to be strangers: {best.statement}",
                "predecessor": before, "benign_explanation": against.name if against else "",
                "benign_bits": against.bits if against else 0.0, "p_value": None, "measure": _MEASURE[ring.tier],
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=RINGS).sort_by("ring_id")


def _probability(bits: float) -> float:
    return float(1.0 / (1.0 + np.exp2(np.clip(8.0 - bits, -60, 60))))


def members_table(frame: Frame, rings: Sequence[Scored], identity: Identity) -> pa.Table:
    """MEMBERS."""
    rows = [
        (name, frame.ids[a], float(c), str(Role.MEMBER), float(b))
        for ring, name in zip(rings, identity.ids, strict=True)
        for a, c, b in zip(ring.accounts, ring.confidence, ring.bits, strict=True)
    ]
    return _table(sorted(rows), MEMBERS)


def evidence_table(rings: Sequence[Scored], identity: Identity) -> pa.Table:
    """EVIDENCE, strongest first."""
    rows = []
    for ring, name in zip(rings, identity.ids, strict=True):
        items = sorted(ring.items, key=lambda i: (-i.bits, i.family, i.name))
        for rank, i in enumerate(items, start=1):
            values = (i.bits, i.raw_bits, i.observed, i.expected, i.unit, i.statement, i.inferred)
            rows.append((name, rank, str(i.family), i.name, *values))
    return _table(sorted(rows, key=lambda r: r[:2]), EVIDENCE)


def objects_table(frame: Frame, rings: Sequence[Scored], identity: Identity) -> pa.Table:
    """RING_OBJECTS."""
    rows: list[tuple[Any, ...]] = []
    for ring, name in zip(rings, identity.ids, strict=True):
        shared = np.flatnonzero(ring.inside >= 2)
        shared = shared[np.lexsort((ring.objects[shared], -ring.inside[shared]))][:_OBJECTS_PER_RING]
        for j in shared:
            o = ring.objects[j]
            what = (frame.object_type[o], frame.object_id[o], frame.label[o])
            rows.append((name, *what, int(ring.inside[j]), int(ring.outside[j]), float(ring.lift[j])))
    order = sorted(rows, key=lambda r: (r[0], -int(r[4]), str(r[1]), str(r[2])))
    return _table(order, RING_OBJECTS)


def activity_table(engine: Engine, traffic: Traffic, rings: Sequence[Scored], identity: Identity) -> pa.Table:
    """ACTIVITY: members' exchanges by hour."""
    if not rings or not pq.read_metadata(traffic.exchanges).num_rows:
        return ACTIVITY.empty_table()
    ring = np.repeat(np.asarray(identity.ids, dtype=object), [len(r.accounts) for r in rings])
    member = pa.table(
        {"ring_id": pa.array(ring, pa.string()), "account": pa.array(np.concatenate([r.accounts for r in rings]))}
    )
    rows = engine.parquet(traffic.exchanges).select("account", "ts").inner_join(engine.arrow(member), "account")
    hourly = rows.group_by("ring_id", hour=rows.ts.truncate("h")).agg(
        exchanges=rows.count(), accounts=rows.account.nunique()
    )
    return engine.table(hourly, order_by=["ring_id", "hour"]).select(ACTIVITY.names).cast(ACTIVITY)


def _table(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns: list[Any] = list(zip(*rows, strict=True)) if rows else [[] for _ in schema]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
