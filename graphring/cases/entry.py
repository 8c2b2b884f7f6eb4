"""One line of the casebook, and the hash that chains it to the line before.

The hash of an entry is SHA-256 over the hash of its predecessor (64 hexadecimal digits; zeros before the first) and
the entry's canonical JSON. The entry holds text and whole numbers only, for which the canonical form is that of
RFC 8785: keys sorted, no white space, UTF-8.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from graphring.cases.outcome import Outcome
from graphring.errors import InputError

__all__ = [
    "GENESIS",
    "LIMITS",
    "Entry",
    "Kind",
    "canonical",
    "chain_hash",
    "clean_text",
    "members_hash",
    "members_json",
    "moment",
    "ring_number",
]

GENESIS: Final = "0" * 64
"""What stands for the predecessor of the first entry."""

LIMITS: Final = {"by": 200, "reason": 10_000, "text": 10_000, "action": 100, "detail": 2_000, "run_id": 100}
"""The most characters that a text field may have."""

_RING_ID: Final = re.compile(r"R-(\d{5,12})", re.ASCII)


class Kind(StrEnum):
    """What an entry is."""

    DECISION = "decision"
    NOTE = "note"
    AUDIT = "audit"
    """Something that happened: a view, an export, a sign-in."""


@dataclass(frozen=True)
class Entry:
    """One entry; what does not apply to its kind is empty or None."""

    seq: int
    """1, 2, 3 … without gaps."""
    kind: Kind
    at: datetime
    """UTC."""
    by: str
    action: str
    """What was done: "decide", "note", or the name that an audit entry gives."""
    text: str
    """The reason, the note, or the detail."""
    ring_id: str | None = None
    run_id: str | None = None
    """The run that the person looked at when deciding."""
    outcome: Outcome | None = None
    accounts_count: int | None = None
    """How many accounts the ring had when it was decided."""
    accounts_hash: str | None = None
    """SHA-256 of the sorted list of those accounts; `Casebook.accounts` has the list."""
    previous: str = GENESIS
    hash: str = ""

    def content(self) -> dict[str, str | int | None]:
        """What is hashed: everything but the two hashes of the chain."""
        return {
            "accounts_count": self.accounts_count,
            "accounts_hash": self.accounts_hash,
            "action": self.action,
            "at": moment(self.at),
            "by": self.by,
            "kind": self.kind.value,
            "outcome": self.outcome.value if self.outcome else None,
            "ring_id": self.ring_id,
            "run_id": self.run_id,
            "seq": self.seq,
            "text": self.text,
        }


def chain_hash(entry: Entry) -> str:
    """The hash that `entry` must have, 64 hexadecimal digits."""
    return hashlib.sha256(entry.previous.encode("ascii") + canonical(entry.content())).hexdigest()


def canonical(value: object) -> bytes:
    """JSON in one form only; exact for text, whole numbers, None and containers of them."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def moment(at: datetime) -> str:
    """A UTC time as text of one width, so that it sorts.

    Raises
    ------
    ValueError: `at` has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time without a time zone")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def members_json(accounts: Iterable[str]) -> str:
    """A set of accounts as canonical JSON: sorted, each once.

    Raises
    ------
    InputError: an id is not text that can be stored.
    """
    try:
        return canonical(sorted(set(accounts))).decode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError("an account id is not valid Unicode", "Take the ids from the run's members") from error


def members_hash(stored: str) -> str:
    """SHA-256 of what `members_json` made."""
    return hashlib.sha256(stored.encode("utf-8")).hexdigest()


def clean_text(name: str, text: str, *, required: bool = False) -> str:
    """`text` without control characters (line ends and tabs stay in prose), otherwise as given.

    Parameters
    ----------
    name: a key of `LIMITS`.

    Raises
    ------
    InputError: it is longer than the limit, or empty although required.
    """
    if len(text) > LIMITS[name]:
        raise InputError(
            f"'{name}' has {len(text):,} characters, more than {LIMITS[name]:,}",
            "Shorten it and keep the long form where the case refers to",
        )
    kept = "\n\t" if name in {"reason", "text", "detail"} else ""
    cleaned = "".join(c for c in text if c in kept or unicodedata.category(c) not in {"Cc", "Cs"})
    if required and not cleaned.strip():
        raise InputError(f"'{name}' is empty", "Say who decides, and why: the casebook keeps both")
    return cleaned


def ring_number(ring_id: str) -> int:
    """The number in a ring id such as R-00001.

    Raises
    ------
    InputError: it is no ring id.
    """
    match = _RING_ID.fullmatch(ring_id)
    if match is None:
        raise InputError(f"'{ring_id[:40]}' is no ring id", "Ring ids look like R-00001; `graphring rings` lists them")
    return int(match[1])
