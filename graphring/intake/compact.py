"""What is kept of a batch of exchanges."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Callable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from graphring.intake.contract import COMPACT

__all__ = ["compact", "text_hash"]

_NONE: Final = pa.scalar(0, pa.uint64())


def text_hash(text: str) -> int:
    """64 bits of BLAKE2b over the UTF-8 bytes, never 0: the same in every version, process and machine."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") or 1


def compact(batch: pa.RecordBatch, prints: pa.RecordBatch) -> pa.RecordBatch:
    """A batch of RAW_EXCHANGES and the fingerprints of its prompts as a batch of COMPACT.

    Parameters
    ----------
    batch: RAW_EXCHANGES; its prompts end here.
    prints: columns system, prompt (uint64, 0: none) and shingles (list<uint64>), row by row beside `batch`.
    """
    made = {
        "ip": _each(batch.column("ip"), _canonical, pa.string()),
        "conversation": _hashes(batch.column("conversation_id")),
        "user_agent": _hashes(batch.column("user_agent")),
        **{name: prints.column(name) for name in ("system", "prompt", "shingles")},
    }
    columns = [made[field.name] if field.name in made else batch.column(field.name) for field in COMPACT]
    return pa.RecordBatch.from_arrays([c.cast(f.type) for c, f in zip(columns, COMPACT, strict=True)], schema=COMPACT)


def _hashes(column: pa.Array) -> pa.Array:
    return pc.fill_null(_each(column, text_hash, pa.uint64()), _NONE)


def _each(column: pa.Array, function: Callable[[str], object], kind: pa.DataType) -> pa.Array:
    """`function` of every value, called once for each different one."""
    encoded = column.dictionary_encode()
    return pa.array([function(value) for value in encoded.dictionary.to_pylist()], kind).take(encoded.indices)


def _canonical(ip: str) -> str:
    """One spelling for one address (RFC 5952; an IPv4 address mapped into IPv6 is that IPv4 address).

    What is no address stays as it is: providers may deliver pseudonyms.
    """
    if ":" not in ip:
        return ip
    try:
        address = ipaddress.IPv6Address(ip)
    except ValueError:
        return ip
    return str(address.ipv4_mapped or address)
