"""Random numbers that depend on nothing but the seed and a name.

Streams (`stream`) drive everything that happens in order; `mix` is a hash for what must be the same wherever it is
asked for: the words of a prompt, the address of a home on a day, an id.
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["U64", "fold", "heavy_tail", "mix", "pick", "ragged", "salt", "stream", "unit"]

U64 = npt.NDArray[np.uint64]
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_A: Final = np.uint64(0xBF58476D1CE4E5B9)
_B: Final = np.uint64(0x94D049BB133111EB)


def salt(*names: object) -> int:
    """A 64-bit number for a name; the same in every process, unlike `hash`."""
    text = "/".join(str(name) for name in names)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def stream(seed: int, *names: object) -> np.random.Generator:
    """A generator of its own for each (seed, name)."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed & (2**64 - 1), salt(*names)])))


def mix(x: npt.ArrayLike, *salts: int) -> U64:
    """SplitMix64's finaliser (Steele et al. 2014) over x and salts: a bijection of x for fixed salts."""
    with np.errstate(over="ignore"):
        z = np.asarray(x).astype(np.uint64)
        for value in salts or (0,):
            z = z ^ np.uint64(_spread(value))
            z = z + _GOLDEN
            z = (z ^ (z >> np.uint64(30))) * _A
            z = (z ^ (z >> np.uint64(27))) * _B
            z = z ^ (z >> np.uint64(31))
    return z


def _spread(value: int) -> int:
    """A salt far from its neighbours: x ^ 1 and x ^ 2 of small numbers would be the same numbers in another order."""
    return (value * 0xD6E8FEB86659FD93 + 0xA0761D6478BD642F) & (2**64 - 1)


def fold(x: npt.ArrayLike, y: npt.ArrayLike, *salts: int) -> U64:
    """A hash of pairs."""
    with np.errstate(over="ignore"):
        return mix(mix(x, *salts) + np.asarray(y).astype(np.uint64) * _GOLDEN)


def unit(x: U64) -> npt.NDArray[np.float64]:
    """Hashes as numbers in [0, 1)."""
    return np.asarray((x >> np.uint64(11)).astype(np.float64) * 2.0**-53)


def pick(x: U64, n: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Hashes as integers in [0, n)."""
    size = np.asarray(n, dtype=np.int64)
    return np.minimum((unit(x) * size).astype(np.int64), size - 1)


def heavy_tail(rng: np.random.Generator, size: int, *, median: float, sigma: float) -> npt.NDArray[np.float64]:
    """A log-normal sample: activity of customers of a service is about so."""
    return np.asarray(median * np.exp(rng.normal(0.0, sigma, size)))


def ragged(counts: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """For groups of these sizes: the group of each element, and its rank within the group."""
    owner = np.repeat(np.arange(len(counts)), counts)
    starts = np.cumsum(counts) - counts
    return owner, np.arange(len(owner)) - starts[owner]
