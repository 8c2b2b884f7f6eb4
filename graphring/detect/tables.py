"""The result of detection as the tables that a run publishes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graphring.detect.explain import Finding, probability
from graphring.detect.identity import Identity
from graphring.detect.parameters import Parameters
from graphring.detect.relations import Relations
from graphring.engine import Engine
from graphring.model import ACTIVITY, EVIDENCE, MEMBERS, RING_OBJECTS, RINGS, GraphTables, Role, Tier, Traffic

__all__ = ["activity_table", "evidence_table", "members_table", "objects_table", "rings_table"]

_MEASURE = {
    Tier.HIGH: "suspend pending review",
    Tier.MEDIUM: "step-up identity check",
    Tier.WATCH: "watch",
}
_OBJECTS_PER_RING = 200


def rings_table(rings: Sequence[Finding], identity: Identity, activity: pa.Table, p: Parameters) -> pa.Table:
    """RINGS."""
    hours = activity.group_by("ring_id").aggregate([("hour", "min"), ("hour", "max")]).to_pylist()
    seen = {row["ring_id"]: (row["hour_min"], row["hour_max"]) for row in hours}
    rows = []
    for ring, name, status, before in zip(rings, identity.ids, identity.status, identity.predecessor, strict=True):
        first, last = seen.get(name, (None, None))
        rows.append(
            {
                "ring_id": name, "tier": str(ring.tier), "score": ring.score,
                "probability": float(probability(ring.score, p)), "accounts": len(ring.verdict.group),
                "headline": ring.headline, "first_seen": first, "last_seen": last, "status": status,
                "predecessor": before, "benign_explanation": ring.benign, "benign_bits": ring.benign_bits,
                "p_value": None, "measure": _MEASURE[ring.tier],
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=RINGS).sort_by("ring_id")


def members_table(r: Relations, rings: Sequence[Finding], identity: Identity) -> pa.Table:
    """MEMBERS."""
    ids = r.accounts["account_id"].to_pylist()
    rows = [
        (name, ids[a], float(c), str(Role.MEMBER), float(b))
        for ring, name in zip(rings, identity.ids, strict=True)
        for a, c, b in zip(ring.verdict.group, ring.confidence, ring.verdict.bits, strict=True)
    ]
    return _table(sorted(rows), MEMBERS)


def evidence_table(rings: Sequence[Finding], identity: Identity) -> pa.Table:
    """EVIDENCE, strongest first."""
    rows = []
    for ring, name in zip(rings, identity.ids, strict=True):
        for rank, i in enumerate(ring.items, start=1):
            values = (i.bits, i.raw_bits, i.observed, i.expected, i.unit, i.statement, i.inferred)
            rows.append((name, rank, str(i.family), i.name, *values))
    return _table(sorted(rows, key=lambda r: r[:2]), EVIDENCE)


def objects_table(graph: GraphTables, rings: Sequence[Finding], identity: Identity, members: pa.Table) -> pa.Table:
    """RING_OBJECTS: what at least two members share, from the graph; lift in bits against the other accounts."""
    if not rings:
        return RING_OBJECTS.empty_table()
    key = ["object_type", "object_id"]
    seen = graph.sightings.select(["account_id", *key]).join(
        members.select(["account_id", "ring_id"]), "account_id", join_type="inner"
    )
    shared = seen.group_by(["ring_id", *key]).aggregate([("account_id", "count_distinct")])
    shared = shared.filter(pc.greater_equal(shared["account_id_count_distinct"], 2))
    shared = shared.join(graph.objects.select([*key, "label", "accounts"]), key)
    size = {name: len(ring.verdict.group) for ring, name in zip(rings, identity.ids, strict=True)}
    n = graph.accounts.num_rows
    rows: list[tuple[Any, ...]] = []
    for row in shared.to_pylist():
        k, of = row["account_id_count_distinct"], size[row["ring_id"]]
        outside = max(row["accounts"] - k, 0)
        lift = float(np.log2((k / of) / ((outside + 0.5) / max(n - of, 1))))
        rows.append((row["ring_id"], row["object_type"], row["object_id"], row["label"] or "", k, outside, lift))
    rows.sort(key=lambda x: (x[0], -x[4], x[1], x[2]))
    kept: dict[str, int] = {}
    limited = []
    for row in rows:
        kept[row[0]] = kept.get(row[0], 0) + 1
        if kept[row[0]] <= _OBJECTS_PER_RING:
            limited.append(row)
    return _table(limited, RING_OBJECTS)


def activity_table(engine: Engine, traffic: Traffic, rings: Sequence[Finding], identity: Identity) -> pa.Table:
    """ACTIVITY: members' exchanges by hour."""
    if not rings or not pq.read_metadata(traffic.exchanges).num_rows:
        return ACTIVITY.empty_table()
    ring = np.repeat(np.asarray(identity.ids, dtype=object), [len(r.verdict.group) for r in rings])
    member = pa.table(
        {"ring_id": pa.array(ring, pa.string()), "account": pa.array(np.concatenate([r.verdict.group for r in rings]))}
    )
    rows = engine.parquet(traffic.exchanges).select("account", "ts").inner_join(engine.arrow(member), "account")
    hourly = rows.group_by("ring_id", hour=rows.ts.truncate("h")).agg(
        exchanges=rows.count(), accounts=rows.account.nunique()
    )
    return engine.table(hourly, order_by=["ring_id", "hour"]).select(ACTIVITY.names).cast(ACTIVITY)


def _table(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns: list[Any] = list(zip(*rows, strict=True)) if rows else [[] for _ in schema]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
