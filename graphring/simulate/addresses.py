"""Addresses as integers: who holds which one on which day.

A home line belongs to a provider's pool and keeps an address for a lease; strangers get the same one on other days.
Carriers put many phones behind few gateways, VPNs many customers behind few exits.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphring.simulate.draws import U64, fold, mix, pick, unit

__all__ = ["V6", "carrier", "cloud", "home", "office", "texts", "vpn"]

V6: Final = 1 << 48
"""Codes from here are IPv6."""
Codes = npt.NDArray[np.int64]
_HOMES: Final = (
    "24.16.0.0 71.64.0.0 73.32.0.0 79.192.0.0 86.128.0.0 90.0.0.0 88.0.0.0 91.0.0.0 126.0.0.0 121.128.0.0 113.160.0.0 "
    "117.192.0.0 177.32.0.0 189.0.0.0 151.32.0.0 94.208.0.0"
)
_PHONES: Final = "172.56.0.0 174.192.0.0 80.187.0.0 109.40.0.0 49.32.0.0 157.32.0.0 179.96.0.0 106.128.0.0"
_CLOUDS: Final = (
    "3.80.0.0 18.204.0.0 52.0.0.0 34.64.0.0 35.184.0.0 20.33.0.0 40.64.0.0 159.89.0.0 167.99.0.0 95.216.0.0 "
    "116.202.0.0 51.68.0.0"
)
_EXITS: Final = "146.70.0.0 89.187.160.0 143.244.32.0 185.159.156.0 193.138.218.0 37.120.128.0"


def _number(text: str) -> int:
    a, b, c, d = (int(part) for part in text.split("."))
    return ((a * 256 + b) * 256 + c) * 256 + d


_HOME_BASE, _PHONE_BASE, _CLOUD_BASE, _EXIT_BASE = (
    np.asarray([_number(text) for text in block.split()], dtype=np.int64)
    for block in (_HOMES, _PHONES, _CLOUDS, _EXITS)
)


def home(
    line: U64, provider: npt.NDArray[np.int64], pool: int, lease: npt.NDArray[np.int64], day: npt.NDArray[np.int64]
) -> Codes:
    """The address of a home line on a day.

    Parameters
    ----------
    line: a hash for the line.
    provider: number of the provider; its addresses are one range.
    pool: addresses of the pool; the smaller, the more often strangers meet.
    lease: days until the address changes; 0: never. One line in four has IPv6, with another address each day.
    """
    period = np.where(lease > 0, (day + (line % np.uint64(97)).astype(np.int64)) // np.maximum(lease, 1), 0)
    at = pick(fold(line, period, 21), pool)
    four = _HOME_BASE[provider % len(_HOME_BASE)] + (provider // len(_HOME_BASE)) * (1 << 18) + at
    six = V6 + (fold(line, day, 22) & np.uint64((1 << 40) - 1)).astype(np.int64)
    return np.where(unit(mix(line, 23)) < 0.25, six, four)


def carrier(region: npt.NDArray[np.int64], draw: U64, gateways: int) -> Codes:
    """A carrier's gateway: few addresses in a region, the first ones much busier."""
    at = np.floor(gateways * unit(mix(draw, 31)) ** 2.5).astype(np.int64)
    return _PHONE_BASE[region % len(_PHONE_BASE)] + (region // len(_PHONE_BASE)) * 4096 + at * 3


def vpn(service: npt.NDArray[np.int64], draw: U64, exits: int) -> Codes:
    """An exit of a VPN service."""
    at = np.floor(exits * unit(mix(draw, 41)) ** 2.0).astype(np.int64)
    return _EXIT_BASE[service % len(_EXIT_BASE)] + (service // len(_EXIT_BASE)) * 512 + at


def cloud(machine: U64) -> Codes:
    """The address of a rented server."""
    return _CLOUD_BASE[pick(mix(machine, 51), len(_CLOUD_BASE))] + pick(mix(machine, 52), 1 << 16)


def office(site: U64) -> Codes:
    """The one address of a company, school or venue."""
    return _HOME_BASE[pick(mix(site, 61), len(_HOME_BASE))] + (1 << 20) + pick(mix(site, 62), 1 << 19)


def texts(codes: Codes) -> pa.Array:
    """Addresses as text."""
    unique, inverse = np.unique(codes, return_inverse=True)
    names = [_text(int(code)) for code in unique]
    return pa.DictionaryArray.from_arrays(pa.array(inverse.astype(np.int32)), pa.array(names, pa.string())).cast(
        pa.string()
    )


def _text(code: int) -> str:
    if code >= V6:
        host = code - V6
        return f"2a02:{0x800 + (host >> 36):x}:{host >> 20 & 0xFFFF:x}:{host >> 4 & 0xFFFF:x}::{(host & 15) + 1:x}"
    return f"{code >> 24}.{code >> 16 & 255}.{code >> 8 & 255}.{code & 255}"
