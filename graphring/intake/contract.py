"""The input contract: which tables there are, which columns they have, and how a column is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

import pyarrow as pa

from graphring.model import ACCOUNTS, EXCHANGES, RAW_EXCHANGES, TIME

__all__ = [
    "COMPACT", "CONTRACT", "IGNORED_TABLES", "MAX_KEY", "RAW_ACCOUNTS", "RAW_LINKS", "RAW_PAYMENTS", "RAW_SCHEMAS",
    "Column", "Kind",
]  # fmt: skip

MAX_KEY: Final = 1024
"""The longest id, in characters; anything longer is a bad row."""


class Kind(Enum):
    """How the values of a column are read and checked."""

    KEY = "key"
    """Opaque text that names something; kept byte for byte."""
    TEXT = "text"
    """Short text; empty means none."""
    DOMAIN = "domain"
    """A mail domain: lower case, and what stands before an @ is dropped."""
    BODY = "body"
    """Long text that only passes by (prompts); never checked, sorted or stored."""
    TIME = "time"
    """A moment, in UTC."""
    COUNT = "count"
    """A whole number, at least 0."""
    FLAG = "flag"
    """True or false."""


@dataclass(frozen=True)
class Column:
    """One column of a table of the contract. A required column must exist, and its values must not be empty."""

    name: str
    kind: Kind
    required: bool = False


def _columns(required: Mapping[str, Kind], optional: Mapping[str, Kind]) -> tuple[Column, ...]:
    return (
        *(Column(name, kind, required=True) for name, kind in required.items()),
        *(Column(name, kind) for name, kind in optional.items()),
    )


CONTRACT: Final[Mapping[str, tuple[Column, ...]]] = MappingProxyType(
    {
        "accounts": _columns(
            {"account_id": Kind.KEY, "created_at": Kind.TIME},
            {
                "email_domain": Kind.DOMAIN, "plan": Kind.TEXT, "country": Kind.TEXT, "organisation": Kind.TEXT,
                "verified": Kind.FLAG, "status": Kind.TEXT, "closed_at": Kind.TIME,
            },
        ),
        "payments": _columns(
            {"account_id": Kind.KEY, "payment_method": Kind.KEY, "ts": Kind.TIME},
            {"kind": Kind.TEXT, "issuer": Kind.TEXT},
        ),
        "exchanges": _columns(
            {"exchange_id": Kind.KEY, "account_id": Kind.KEY, "ts": Kind.TIME, "ip": Kind.KEY},
            {
                "model": Kind.TEXT, "system_prompt": Kind.BODY, "prompt": Kind.BODY, "tools": Kind.BODY,
                "template_id": Kind.TEXT, "input_tokens": Kind.COUNT, "output_tokens": Kind.COUNT,
                "conversation_id": Kind.TEXT, "user_agent": Kind.TEXT,
            },
        ),
        "links": _columns(
            {"account_id": Kind.KEY, "object_type": Kind.KEY, "object_id": Kind.KEY},
            {"ts": Kind.TIME, "count": Kind.COUNT},
        ),
    }
)  # fmt: skip
"""Table → its columns."""

IGNORED_TABLES: Final = ("truth",)
"""Tables that may lie beside the logs and are none of intake's business."""

_SOURCE = pa.field("source", pa.int32())

RAW_ACCOUNTS: Final = pa.schema([*(field for field in ACCOUNTS if field.name != "known"), _SOURCE])
"""Validated accounts as read; one account may have several rows. `source` numbers the files of its table."""

RAW_PAYMENTS: Final = pa.schema(
    [(name, TIME if name == "ts" else pa.string()) for name in ("account_id", "payment_method", "ts", "kind", "issuer")]
    + [_SOURCE]
)
"""Validated payments as read."""

RAW_LINKS: Final = pa.schema(
    [
        ("account_id", pa.string()), ("object_type", pa.string()), ("object_id", pa.string()), ("ts", TIME),
        ("count", pa.int64()), _SOURCE,
    ]
)  # fmt: skip
"""Validated links as read."""

RAW_SCHEMAS: Final[Mapping[str, pa.Schema]] = MappingProxyType(
    {"accounts": RAW_ACCOUNTS, "payments": RAW_PAYMENTS, "links": RAW_LINKS, "exchanges": RAW_EXCHANGES}
)

COMPACT: Final = pa.schema(
    [
        pa.field("account_id", pa.string()) if field.name == "account"
        else pa.field("ip", pa.string()) if field.name == "ip"
        else field
        for field in EXCHANGES
    ]
)  # fmt: skip
"""What is kept of a batch of exchanges before ids become codes: EXCHANGES with `account_id` and `ip` as text."""
