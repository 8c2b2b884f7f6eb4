"""The nouns: frozen dataclasses for single things, Arrow schemas for tables of them.

A table that crosses a package border has its schema here; `conform` casts a table to it and says which column is
wrong. Accounts and IPs carry dense integer codes inside a run (row number in the table sorted by id): the codes
never leave it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pyarrow as pa

__all__ = [
    "ACCOUNTS",
    "ACTIVITY",
    "ADDED",
    "ASSIGNMENTS",
    "EVIDENCE",
    "EXCHANGES",
    "FAMILIES",
    "GRAPH_ACCOUNTS",
    "IPS",
    "LEDGER",
    "LINEAGE",
    "LINKS",
    "MEMBERS",
    "OBJECTS",
    "PAYMENTS",
    "QUARANTINE",
    "RAW_EXCHANGES",
    "RINGS",
    "RING_OBJECTS",
    "RUN_TABLES",
    "SIGHTINGS",
    "TIME",
    "Family",
    "GraphTables",
    "NodeRef",
    "ObjectType",
    "Role",
    "RunInfo",
    "Tier",
    "Traffic",
    "conform",
]

TIME: Final = pa.timestamp("us", tz="UTC")


class ObjectType(StrEnum):
    """What accounts share. `links` brings further types under names of its own."""

    PAYMENT = "payment_method"
    IP = "ip"
    TEMPLATE = "template"


class Family(StrEnum):
    """The family of a piece of evidence; evidence of one family is correlated and capped together."""

    PAYMENT = "payment"
    NETWORK = "network"
    CONTENT = "content"
    TIMING = "timing"
    LIFECYCLE = "lifecycle"
    OTHER = "other"


class Tier(StrEnum):
    """How sure a ring is; `high` and `medium` count as flagged."""

    HIGH = "high"
    MEDIUM = "medium"
    WATCH = "watch"


class Role(StrEnum):
    """What an account is to a ring. Only members count in `rings --members`."""

    MEMBER = "member"
    VICTIM = "victim"
    CUSTOMER = "customer"


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field(name, kind) for name, kind in columns.items()])


_TEXT, _INT, _LONG, _REAL, _FLAG, _HASH = (
    pa.string(), pa.int32(), pa.int64(), pa.float64(), pa.bool_(), pa.uint64(),
)  # fmt: skip

# --- validated input (intake) --------------------------------------------------------------------------------------
ACCOUNTS: Final = _schema(
    account_id=_TEXT, created_at=TIME, email_domain=_TEXT, plan=_TEXT, country=_TEXT, organisation=_TEXT,
    verified=_FLAG, status=_TEXT, closed_at=TIME, known=_FLAG,
)  # fmt: skip
"""Sorted by account_id; the row number is the account's code. `known` is false for an account that traffic names but
the accounts table does not (its profile columns are null, created_at included)."""

PAYMENTS: Final = _schema(account=_INT, payment_method=_TEXT, ts=TIME, kind=_TEXT, issuer=_TEXT)
"""Sorted by all columns; `account` is the code."""

LINKS: Final = _schema(account=_INT, object_type=_TEXT, object_id=_TEXT, ts=TIME, count=_LONG)
"""Sorted by all columns; `ts` may be null; `count` is at least 1."""

RAW_EXCHANGES: Final = _schema(
    exchange_id=_TEXT, account_id=_TEXT, ts=TIME, ip=_TEXT, model=_TEXT, system_prompt=_TEXT, prompt=_TEXT,
    template_id=_TEXT, input_tokens=_LONG, output_tokens=_LONG, conversation_id=_TEXT, user_agent=_TEXT, source=_INT,
)  # fmt: skip
"""One streamed batch of exchanges; the only place where raw prompts pass by. `source` is the file's number in the
sorted list of files. Never stored."""

EXCHANGES: Final = _schema(
    exchange_id=_TEXT, account=_INT, ts=TIME, ip=_INT, model=_TEXT, conversation=_HASH, user_agent=_HASH,
    input_tokens=_LONG, output_tokens=_LONG, template_id=_TEXT, system=_HASH, prompt=_HASH,
    shingles=pa.list_(_HASH), source=_INT,
)  # fmt: skip
"""What is kept of an exchange, sorted by (account, ts, exchange_id), one row for an exchange_id. `account` and `ip`
are codes (ip -1: none); `conversation`, `user_agent`, `system` and `prompt` are 64-bit hashes of the (normalised) text,
0 where there is none; `shingles` are the sorted, winnowed hashes of the prompt's word shingles."""

IPS: Final = _schema(ip=_TEXT)
"""Sorted; the row number is the IP's code."""

QUARANTINE: Final = _schema(table=_TEXT, file=_TEXT, row=_LONG, reason=_TEXT)
"""Rows that were left out; `row` counts data rows from 1, null where the format does not tell."""

# --- templates -----------------------------------------------------------------------------------------------------
FAMILIES: Final = _schema(
    family_id=_TEXT, kind=_TEXT, exemplar=_TEXT, variants=pa.list_(_TEXT), accounts=_LONG, exchanges=_LONG,
    first_seen=TIME, last_seen=TIME, rarity=_REAL,
)  # fmt: skip
"""Sorted by family_id. `kind` is wrapper or payload; `exemplar` and `variants` are redacted, slots marked `⟨…⟩`;
`rarity` is log2(N/accounts) in bits."""

ASSIGNMENTS: Final = _schema(exchange_id=_TEXT, family_id=_TEXT)
"""One row for each row of EXCHANGES, in its order; family_id null: none."""

# --- graph ---------------------------------------------------------------------------------------------------------
GRAPH_ACCOUNTS: Final = _schema(
    **{f.name: f.type for f in ACCOUNTS}, requests=_LONG, active_days=_INT, first_seen=TIME, last_seen=TIME
)
"""ACCOUNTS with what traffic says of them."""

OBJECTS: Final = _schema(
    object_type=_TEXT, object_id=_TEXT, label=_TEXT, accounts=_LONG, count=_LONG, weight=_REAL, damped=_FLAG, note=_TEXT
)
"""Sorted by (object_type, object_id). `accounts` is the degree; `weight` is the rarity log2(N/degree) in bits;
`damped` marks a hub whose weight was lowered; `note` says what is known of it (hosting, VPN, carrier…)."""

SIGHTINGS: Final = _schema(
    account_id=_TEXT, object_type=_TEXT, object_id=_TEXT, count=_LONG, first_seen=TIME, last_seen=TIME, active_days=_INT
)
"""Edges of the graph, sorted by (account_id, object_type, object_id). Times are null where links bring none."""

# --- what a run finds ----------------------------------------------------------------------------------------------
RINGS: Final = _schema(
    ring_id=_TEXT, tier=_TEXT, score=_REAL, probability=_REAL, accounts=_LONG, headline=_TEXT, first_seen=TIME,
    last_seen=TIME, status=_TEXT, predecessor=_TEXT, benign_explanation=_TEXT, benign_bits=_REAL, p_value=_REAL,
    measure=_TEXT, q_value=_REAL, connected=_LONG,
)  # fmt: skip
"""Sorted by ring_id. `score` in bits; `accounts` counts members only; `status` is the ledger's last event;
`predecessor` the id of the ring that this one succeeds (several: separated by spaces), or null; `benign_bits` is what
the score loses (0 or less) if `benign_explanation` is true; `measure` is the suggested one; `p_value` and `q_value`
tell how often groups of strangers score as much (this ring; the share of false ones among all with this q-value or a
lower one); `connected` counts the members in the largest part that the ring's own objects connect."""

MEMBERS: Final = _schema(ring_id=_TEXT, account_id=_TEXT, confidence=_REAL, role=_TEXT, bits=_REAL)
"""Sorted by (ring_id, account_id); confidence in 0..1; role as in `Role`."""

EVIDENCE: Final = _schema(
    ring_id=_TEXT, rank=_INT, family=_TEXT, name=_TEXT, bits=_REAL, raw_bits=_REAL, observed=_REAL, expected=_REAL,
    unit=_TEXT, statement=_TEXT, inferred=_FLAG, remain=_LONG,
)  # fmt: skip
"""Sorted by (ring_id, rank). `bits` is what counts after caps (negative: speaks for innocence), `raw_bits` before;
`observed` against `expected` in `unit`; `statement` is a sentence for people; `inferred` keeps inference apart from
observed facts. The `bits` of a ring add up to its score. `remain`: members that the evidence would still convict
without everything of this row's family; null where the question makes no sense."""

RING_OBJECTS: Final = _schema(
    ring_id=_TEXT, object_type=_TEXT, object_id=_TEXT, label=_TEXT, members=_LONG, outsiders=_LONG, bits=_REAL,
    cut=_INT, remain=_LONG,
)  # fmt: skip
"""Shared objects of a ring, sorted by (ring_id, members descending, object_type, object_id). `cut`: place in the
smallest set found whose removal dissolves the ring, null: not in it; `remain`: members still connected when this object
and those before it in the set are gone."""

ACTIVITY: Final = _schema(ring_id=_TEXT, hour=TIME, exchanges=_LONG, accounts=_LONG)
"""Members' exchanges by hour, sorted by (ring_id, hour)."""

LEDGER: Final = _schema(ring_id=_TEXT, run_id=_TEXT, event=_TEXT, accounts=_LONG, related=pa.list_(_TEXT), note=_TEXT)
"""Every event in a ring's life, carried from run to run, in order of (run number, ring_id, event). `event` is
born, continued, grown, shrunk, merged, split, dormant, revived or succeeded; `related` names the other rings of it,
sorted; `note` says it in words. docs/detection.md has the rules."""

LINEAGE: Final = _schema(
    ring_id=_TEXT, absent=_INT, first_seen=TIME, last_seen=TIME, accounts=pa.list_(_TEXT),
    object_types=pa.list_(_TEXT), object_ids=pa.list_(_TEXT),
)  # fmt: skip
"""What is remembered of every ring that ever was, as it was when last found; sorted by ring_id. `absent` counts the
runs since then (0: found in this run); `first_seen` and `last_seen` are when most of its accounts had come and had
fallen silent; `accounts` are its members, sorted; `object_types` and `object_ids` name its rarest objects, side by
side, sorted."""

ADDED: Final = frozenset({"q_value", "connected", "remain", "cut"})
"""Columns that runs published by earlier versions do not have; they read as null."""

RUN_TABLES: Final[Mapping[str, pa.Schema]] = MappingProxyType(
    {
        "rings": RINGS,
        "members": MEMBERS,
        "evidence": EVIDENCE,
        "ring_objects": RING_OBJECTS,
        "activity": ACTIVITY,
        "ledger": LEDGER,
        "lineage": LINEAGE,
        "families": FAMILIES,
        "quarantine": QUARANTINE,
    }
)
"""The tables that a run publishes beside the graph."""


@dataclass(frozen=True)
class GraphTables:
    """The graph of one run, as a store takes it and gives it back."""

    accounts: pa.Table
    """GRAPH_ACCOUNTS."""
    objects: pa.Table
    """OBJECTS."""
    sightings: pa.Table
    """SIGHTINGS."""


@dataclass(frozen=True)
class Traffic:
    """Where the compact traffic of a run lies; files are streamed, never loaded whole where exchanges are many."""

    accounts: Path
    """ACCOUNTS as Parquet."""
    payments: Path
    """PAYMENTS as Parquet."""
    links: Path
    """LINKS as Parquet."""
    exchanges: Path
    """EXCHANGES as Parquet."""
    ips: Path
    """IPS as Parquet."""
    families: Path
    """FAMILIES as Parquet."""
    assignments: Path
    """ASSIGNMENTS as Parquet, row by row beside `exchanges`."""


@dataclass(frozen=True, order=True)
class NodeRef:
    """One node: `kind` is "account" or an object type."""

    kind: str
    id: str


@dataclass(frozen=True)
class RunInfo:
    """One published refresh."""

    run_id: str
    number: int
    """1, 2, 3 … in this state."""
    started: datetime
    finished: datetime
    version: str
    """graphring's version."""
    fingerprint: str
    """SHA-256 over inputs and settings: two runs with the same one have the same rings."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """accounts, objects, sightings, exchanges, duplicates, quarantined, rings …"""
    stages: Mapping[str, float] = field(default_factory=dict)
    """stage → seconds."""
    warnings: tuple[str, ...] = ()


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """`table` with exactly the columns of `schema`, cast, in its order.

    Raises
    ------
    ValueError: a column is missing or cannot be cast (a defect of the caller, not of the input).
    """
    missing = [name for name in schema.names if name not in table.column_names]
    if missing:
        raise ValueError(f"columns {missing} are missing from a table with {table.column_names}")
    return table.select(schema.names).cast(schema)
