"""Small graphs and runs for the stores' contract."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa

from graphring import model
from graphring.model import GraphTables, RunInfo

__all__ = ["DAY", "graph", "run", "run_tables", "table"]

DAY = datetime(2026, 1, 31, 12, 30, 15, 123456, tzinfo=UTC)

# (account, object type, object id, count): two accounts on one card, three on one address, one bridge, a device
# of a type that `links` brought, an id with quotes, an id in another script
PEOPLE = ("a1", "a2", "a3", "a4", "b' OR 1=1", "ünï-コ")
EDGES = (
    ("a1", "ip", "203.0.113.7", 40),
    ("a1", "payment_method", "pm-1", 2),
    ("a1", "template", "T000001", 39),
    ("a2", "ip", "203.0.113.7", 41),
    ("a2", "payment_method", "pm-1", 1),
    ("a3", "Device", "d-`}) //1", 1),
    ("a3", "ip", "203.0.113.7", 40),
    ("a4", "Device", "d-`}) //1", 3),
    ("b' OR 1=1", "ip", "2001:db8::1", 7),
    ("b' OR 1=1", "phone hash", "ff00", 1),
    ("ünï-コ", "ip", "2001:db8::1", 8),
    ("ünï-コ", "payment_method", "pm-1", 1),
)


def table(schema: pa.Schema, rows: list[dict[str, object]]) -> pa.Table:
    """Rows as a table; columns that a row leaves out are null."""
    return pa.Table.from_pylist([{**dict.fromkeys(schema.names), **row} for row in rows], schema=schema)


def graph(edges: tuple[tuple[str, str, str, int], ...] = EDGES, people: tuple[str, ...] = PEOPLE) -> GraphTables:
    """A graph of these edges; the last person is known from traffic only, its profile is null."""
    accounts = [
        {
            "account_id": name,
            "created_at": DAY - timedelta(days=n),
            "email_domain": "example.org",
            "plan": "pro",
            "country": "DE",
            "organisation": None,
            "verified": n % 2 == 0,
            "status": "active",
            "closed_at": DAY if n == 1 else None,
            "known": True,
            "requests": 100 + n,
            "active_days": n,
            "first_seen": DAY - timedelta(days=n, microseconds=1),
            "last_seen": DAY,
        }
        for n, name in enumerate(people[:-1])
    ]
    accounts.append({"account_id": people[-1], "known": False, "requests": 8, "active_days": 1, "first_seen": DAY})
    degrees: dict[tuple[str, str], list[int]] = {}
    for _, kind, name, count in edges:
        degrees.setdefault((kind, name), []).append(count)
    objects = [
        {
            "object_type": kind,
            "object_id": name,
            "label": f"{kind} {name}",
            "accounts": len(counts),
            "count": sum(counts),
            "weight": 20.0 / 3.0 / len(counts),
            "damped": len(counts) > 2,
            "note": "hosting" if kind == "ip" else None,
        }
        for (kind, name), counts in sorted(degrees.items())
    ]
    sightings = [
        {
            "account_id": account,
            "object_type": kind,
            "object_id": name,
            "count": count,
            "first_seen": None if kind == "Device" else DAY - timedelta(hours=count),
            "last_seen": None if kind == "Device" else DAY,
            "active_days": 1 + count % 5,
        }
        for account, kind, name, count in sorted(edges)
    ]
    return GraphTables(
        accounts=table(model.GRAPH_ACCOUNTS, accounts).sort_by("account_id"),
        objects=table(model.OBJECTS, objects),
        sightings=table(model.SIGHTINGS, sightings),
    )


def run(number: int = 1, **changes: object) -> RunInfo:
    """The description of the run of this number."""
    values: dict[str, object] = {
        "run_id": f"run-{number:04d}",
        "number": number,
        "started": DAY + timedelta(days=number),
        "finished": DAY + timedelta(days=number, minutes=3),
        "version": "0.1.0",
        "fingerprint": "f" * 64,
        "counts": {"accounts": 6, "rings": 2},
        "stages": {"detect": 1.5, "intake": 2.25},
        "warnings": ("1 row of accounts was quarantined",),
    }
    return RunInfo(**{**values, **changes})  # type: ignore[arg-type]


def _rings(number: int) -> list[dict[str, object]]:
    return [
        {
            "ring_id": name,
            "tier": tier,
            "score": score,
            "probability": 0.99,
            "accounts": 2,
            "headline": f"Two accounts on one card (run {number})",
            "first_seen": DAY - timedelta(days=3),
            "last_seen": DAY,
            "status": "continued" if number > 1 else "born",
            "predecessor": None,
            "benign_explanation": None if tier == "high" else "a household",
            "benign_bits": -1.5,
            "p_value": 0.001,
            "measure": "review",
            "q_value": 0.004 if tier == "high" else None,
            "connected": 2,
        }
        for name, tier, score in (("R-000001", "high", 41.25), ("R-000002", "watch", 3.1))
    ]


def run_tables(number: int = 1) -> dict[str, pa.Table]:
    """What a run publishes beside the graph: two rings, one of which shares an account with the other."""
    rows: dict[str, list[dict[str, object]]] = {
        "rings": _rings(number),
        "members": [
            {"ring_id": ring, "account_id": name, "confidence": confidence, "role": role, "bits": 4.5}
            for ring, name, confidence, role in (
                ("R-000001", "a1", 0.98, "member"),
                ("R-000001", "a2", 0.97, "member"),
                ("R-000001", "a3", 0.3, "victim"),
                ("R-000002", "a3", 0.7, "member"),
                ("R-000002", "a4", 0.6, "member"),
            )
        ],
        "evidence": [
            {
                "ring_id": ring,
                "rank": rank,
                "family": family,
                "name": f"{family}-name",
                "bits": bits,
                "raw_bits": bits * 1.5,
                "observed": 2.0,
                "expected": 0.01,
                "unit": "accounts",
                "statement": "2 accounts share what 0.01 would",
                "inferred": family == "timing",
                "remain": 1 if family == "payment" else None,
            }
            for ring, rank, family, bits in (
                ("R-000001", 1, "payment", 30.0),
                ("R-000001", 2, "timing", 11.25),
                ("R-000002", 1, "network", 4.6),
                ("R-000002", 2, "lifecycle", -1.5),
            )
        ],
        "ring_objects": [
            {"ring_id": "R-000001", "object_type": kind, "object_id": name, "label": name, "members": members,
             "outsiders": 1, "bits": 9.0, "cut": 1 if kind == "payment_method" else None,
             "remain": 1 if kind == "payment_method" else None}
            for kind, name, members in (("payment_method", "pm-1", 2), ("ip", "203.0.113.7", 1))
        ]
        + [{"ring_id": "R-000002", "object_type": "Device", "object_id": "d-`}) //1", "label": "d", "members": 2,
            "outsiders": 0, "bits": 8.0}],
        "activity": [
            {"ring_id": "R-000001", "hour": DAY.replace(minute=0, second=0, microsecond=0) + timedelta(hours=n),
             "exchanges": 10 + n, "accounts": 2}
            for n in range(3)
        ],
        "ledger": [
            {"ring_id": "R-000002", "run_id": "run-0001", "event": "born", "accounts": 2, "related": [], "note": None},
            {"ring_id": "R-000001", "run_id": "run-0001", "event": "born", "accounts": 2, "related": [], "note": "x"},
            {"ring_id": "R-000001", "run_id": f"run-{number:04d}", "event": "merged", "accounts": 2,
             "related": ["R-000002", "R-000007"], "note": None},
        ],
        "lineage": [
            {"ring_id": "R-000001", "absent": 0, "first_seen": DAY - timedelta(days=3), "last_seen": DAY,
             "accounts": ["a1", "a2"], "object_types": ["ip", "payment_method"], "object_ids": ["203.0.113.7", "pm-1"]},
            {"ring_id": "R-000007", "absent": number, "first_seen": None, "last_seen": None, "accounts": ["b' OR 1=1"],
             "object_types": [], "object_ids": []},
        ],
        "families": [
            {"family_id": "T000001", "kind": "wrapper", "exemplar": "Solve ⟨…⟩\nstep by step", "variants": ["a", "b"],
             "accounts": 1, "exchanges": 39, "first_seen": DAY, "last_seen": DAY, "rarity": 2.5},
            {"family_id": "T000002", "kind": "payload", "exemplar": "x", "variants": [], "accounts": 1, "exchanges": 1,
             "first_seen": DAY, "last_seen": DAY, "rarity": 2.5},
        ],
        "quarantine": [
            {"table": "accounts", "file": "accounts.csv", "row": 7, "reason": "no account_id"},
            {"table": "exchanges", "file": "x.parquet", "row": None, "reason": "bad time"},
        ],
    }  # fmt: skip
    return {name: table(schema, rows[name]) for name, schema in model.RUN_TABLES.items()}
