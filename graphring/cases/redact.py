"""A case that may leave the house: pseudonyms for accounts and payment methods, truncated addresses.

A pseudonym is HMAC-SHA256 over the ring id and the value, keyed with the casebook's secret. Within one ring it stays
the same from export to export, so that a recipient can follow a case over time and the holder of the casebook can say
which account is meant; between rings, and without the secret, pseudonyms cannot be linked.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from graphring.cases.case import Case, Row
from graphring.model import ObjectType

__all__ = ["redact"]

_SHORTEST: Final = 4
"""Ids of fewer characters are not searched for in prose: replacing a "12" would garble its numbers."""

_ADDRESS: Final = re.compile(r"(?<![\w:.])[0-9A-Fa-f:.]{3,45}(?:/\d{1,3})?(?![\w:])")
_WITHHELD: Final = {"accounts_hash": None, "hash": None, "previous": None}
"""Against these a guess of the accounts could be tested: ids that count up are easily guessed."""

_KEPT: Final = frozenset({ObjectType.TEMPLATE.value, ObjectType.IP.value})


def redact(case: Case, key: bytes) -> Case:
    """The redacted form of `case`.

    Replaced: account ids, organisations, payment methods and every other shared object but templates (pseudonyms);
    IPs (cut to /24 or /48). In prose (headline, statements, labels, reasons, notes) the same values are replaced where
    they occur literally. Withheld: the hashes of single entries. Kept: e-mail domains, exemplars (redacted when they
    were made), names of staff.

    Parameters
    ----------
    key: the casebook's secret.
    """
    name = _namer(key, case.ring_id)
    decided = {account for row in case.decisions for account in row["accounts"]}
    accounts = {row["account_id"] for row in case.accounts} | decided
    known = {value: name("account", value) for value in accounts}
    known |= {row["object_id"]: name(row["object_type"], row["object_id"]) for row in case.objects if _secret(row)}
    known |= {v: name("organisation", v) for v in (row.get("organisation") for row in case.accounts) if v}
    prose = _prose(case)
    scrub = _scrubber({k: v for k, v in known.items() if len(k) >= _SHORTEST and k in prose})

    def texts(row: Row, *names: str) -> dict[str, Any]:
        return dict(row) | {field: scrub(row[field]) for field in names if row.get(field) is not None}

    return replace(
        case,
        ring=texts(case.ring, "headline", "benign_explanation"),
        evidence=[texts(row, "statement", "unit") for row in case.evidence],
        accounts=sorted((_account(row, known) for row in case.accounts), key=lambda row: str(row["account_id"])),
        objects=sorted(
            (_object(texts(row, "label", "note"), row, known) for row in case.objects),
            key=lambda row: (-row["members"], row["object_type"], row["object_id"]),
        ),
        ledger=[texts(row, "note") for row in case.ledger],
        families=[_family(row, scrub) for row in case.families],
        decisions=[
            texts(row, "text") | _WITHHELD | {"accounts": sorted(known[account] for account in row["accounts"])}
            for row in case.decisions
        ],
        notes=[texts(row, "text") | _WITHHELD for row in case.notes],
    )


def _namer(key: bytes, ring_id: str) -> Callable[[str, str], str]:
    def name(kind: str, value: str) -> str:
        message = f"{ring_id}\0{kind}\0{value}".encode()
        digest = hmac.new(key, message, hashlib.sha256).digest()
        word = re.sub(r"[^a-z0-9]+", "-", kind.lower())[:20].strip("-") or "object"
        return f"{word}-{base64.b32encode(digest)[:12].decode('ascii').lower()}"

    return name


def _secret(row: Row) -> bool:
    return row.get("object_type", ObjectType.IP.value) not in _KEPT


def _account(row: Row, known: Mapping[str, str]) -> dict[str, Any]:
    organisation = row.get("organisation")
    return dict(row) | {
        "account_id": known[row["account_id"]],
        "organisation": known[organisation] if organisation else organisation,
    }


def _object(scrubbed: dict[str, Any], row: Row, known: Mapping[str, str]) -> dict[str, Any]:
    if _secret(row):
        return scrubbed | {"object_id": known[row["object_id"]], "label": known[row["object_id"]]}
    if row["object_type"] == ObjectType.IP.value:
        return scrubbed | {"object_id": _truncate(row["object_id"])}
    return scrubbed


def _family(row: Row, scrub: Callable[[str], str]) -> dict[str, Any]:
    return dict(row) | {"exemplar": scrub(row["exemplar"]), "variants": [scrub(text) for text in row["variants"] or ()]}


def _prose(case: Case) -> str:
    """All text that ids may occur in, each piece once; labels that a pseudonym replaces whole are left out."""
    rows: Iterable[Row] = (case.ring, *case.evidence, *case.objects, *case.ledger, *case.decisions, *case.notes)
    fields = ("headline", "benign_explanation", "statement", "unit", "label", "note", "text")
    found = {row[f] for row in rows for f in fields if row.get(f) and not (f == "label" and _secret(row))}
    found |= {text for row in case.families for text in (row["exemplar"], *(row["variants"] or ())) if text}
    return "\n".join(sorted(found))


def _scrubber(known: Mapping[str, str]) -> Callable[[str], str]:
    """Longest first, so that an id that contains another is replaced whole."""
    literals = "|".join(re.escape(value) for value in sorted(known, key=lambda v: (-len(v), v)))
    pattern = re.compile(rf"(?<!\w)(?:{literals})(?!\w)") if literals else None

    def scrub(text: str) -> str:
        replaced = pattern.sub(lambda match: known[match[0]], text) if pattern else text
        return _ADDRESS.sub(lambda match: _truncate_in_prose(match[0]), replaced)

    return scrub


def _truncate_in_prose(found: str) -> str:
    """Prose ends sentences with full stops, and not everything with colons in it is an address."""
    body = found.rstrip(".:")
    return _truncate(body, otherwise=body) + found[len(body) :]


def _truncate(text: str, *, otherwise: str = "address-withheld") -> str:
    """The /24 of an IPv4 address or network, the /48 of an IPv6 one; wider networks stay."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return otherwise
    length = min(network.prefixlen, 24 if network.version == 4 else 48)
    return str(network.supernet(new_prefix=length))
