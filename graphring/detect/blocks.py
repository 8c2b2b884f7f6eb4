"""Which addresses are neighbours: one network block, as a site has it."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv6Address

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graphring.detect.layers import Ints

__all__ = ["blocks"]

_SITE = 128 - 48


def blocks(addresses: pa.Array) -> Ints:
    """A number for the block of each address: the /24 of IPv4, the least that is routed by itself, and the /48 of
    IPv6, the most that one site is given (RFC 6177). What is no address is a block of its own.
    """
    narrow = pc.replace_substring_regex(addresses, r"^(\d+\.\d+\.\d+)\.\d+$", r"\1/24")
    six = pc.match_substring(addresses, ":")
    sites = pa.array([_site(text) for text in addresses.filter(six).to_pylist()], pa.string())
    names = pc.replace_with_mask(narrow, six, sites)
    return np.asarray(pc.rank(names, tiebreaker="dense").to_numpy(zero_copy_only=False), dtype=np.int32)


def _site(text: str) -> str:
    try:
        return f"{int(IPv6Address(text)) >> _SITE:x}::"
    except AddressValueError:
        return text
