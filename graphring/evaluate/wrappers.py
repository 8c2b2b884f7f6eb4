"""What a template family's exchanges have in common, so that wrapper and payload can be shuffled apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphring.model import EXCHANGES

__all__ = ["Lists", "Wrappers", "read_wrappers"]

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

SAMPLES: Final = 32
"""Exchanges of a family that are looked at, spread over its accounts."""
COMMON: Final = 0.3
"""A shingle belongs to the wrapper when this share of the sampled exchanges has it."""
LIST: Final = EXCHANGES.field("shingles").type


@dataclass(frozen=True)
class Lists:
    """A column of hash lists: row r is values[bounds[r] : bounds[r + 1]]."""

    bounds: Ints
    values: Hashes

    def take(self, rows: Ints) -> Lists:
        """The lists of these rows; -1 gives an empty one."""
        return Lists(*_gather(self.bounds, self.values, rows))

    def union(self, other: Lists) -> pa.Array:
        """Row by row the sorted union, as EXCHANGES has it."""
        bounds, values = _union(self.bounds, self.values, other.bounds, other.values)
        return _lists(bounds, values)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _gather(bounds: Ints, values: Hashes, rows: Ints) -> tuple[Ints, Hashes]:
    taken = np.zeros(len(rows) + 1, dtype=np.int64)
    for i in range(len(rows)):
        taken[i + 1] = taken[i] + (bounds[rows[i] + 1] - bounds[rows[i]] if rows[i] >= 0 else 0)
    out = np.empty(taken[-1], dtype=np.uint64)
    for i in range(len(rows)):
        if rows[i] >= 0:
            out[taken[i] : taken[i + 1]] = values[bounds[rows[i]] : bounds[rows[i] + 1]]
    return taken, out


@dataclass(frozen=True)
class Wrappers:
    """Sampled exchanges of each family, without their payload."""

    bounds: Ints
    """By family: its samples are rows bounds[f] to bounds[f+1]."""
    system: Hashes
    template_id: pa.Array
    shingles: Lists
    """By sample: the shingles of its wrapper."""
    common: tuple[Ints, Hashes]
    """Sorted pairs (family, shingle) of all wrappers."""

    def donors(self, account: npt.NDArray[np.int32], family: npt.NDArray[np.int32], seed: int) -> Ints:
        """By exchange: the sample whose wrapper it takes, one and the same for an account and family; -1: none."""
        size = np.diff(self.bounds)
        mixed = (account.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) ^ np.uint64(seed)
        mixed ^= family.astype(np.uint64) * np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(31)
        some = (family >= 0) & (size[family] > 0 if len(size) else False)
        chosen = np.full(len(family), -1, dtype=np.int64)
        mine = family[some]
        chosen[some] = self.bounds[mine] + (mixed[some] % size[mine].astype(np.uint64)).astype(np.int64)
        return chosen

    def take(self, donor: Ints) -> tuple[Hashes, pa.Array, Lists]:
        """System hash, template_id and wrapper shingles by exchange."""
        rows = pa.array(donor, mask=donor < 0)
        system = np.where(donor >= 0, self.system[donor] if len(self.system) else 0, 0).astype(np.uint64)
        return system, self.template_id.take(rows), self.shingles.take(donor)

    def without(self, lists: pa.Array, family: Ints) -> Lists:
        """Lists of shingles without what belongs to the wrapper of the family beside each."""
        offsets, values = _flat(lists)
        owner = np.repeat(family, np.diff(offsets))
        keep = ~_within(owner, values, self.common)
        kept = np.concatenate([[0], np.cumsum(keep)])[offsets]
        return Lists(kept, values[keep])


def read_wrappers(batches: Iterable[tuple[pa.RecordBatch, Ints]], family: Ints, families: int) -> Wrappers:
    """Sample up to `SAMPLES` exchanges of each family.

    Parameters
    ----------
    batches: system, template_id and shingles of all exchanges in order, with their families' codes (-1: none).
    family: the same codes of all exchanges.
    families: how many there are.
    """
    rows = _sample(family, families)
    parts, done = [], 0
    for batch, codes in batches:
        mine = rows[np.searchsorted(rows, done) : np.searchsorted(rows, done + len(codes))]
        parts.append(batch.take(pa.array(mine - done)))
        done += len(codes)
    schema = pa.schema([EXCHANGES.field(name) for name in ("system", "template_id", "shingles")])
    table = pa.Table.from_batches(parts, schema=schema)
    order = np.argsort(family[rows], kind="stable")
    table = table.take(pa.array(order))
    owner = family[rows][order]
    offsets, values = _flat(table["shingles"].combine_chunks())
    common = _common(np.repeat(owner, np.diff(offsets)), values, np.bincount(owner, minlength=families))
    keep = _within(np.repeat(owner, np.diff(offsets)), values, common)
    kept = np.concatenate([[0], np.cumsum(keep)])[offsets]
    return Wrappers(
        bounds=np.searchsorted(owner, np.arange(families + 1)),
        system=np.asarray(table["system"].to_numpy(), dtype=np.uint64),
        template_id=table["template_id"].combine_chunks(),
        shingles=Lists(kept, values[keep]),
        common=common,
    )


def _sample(family: Ints, families: int) -> Ints:
    """Rows of up to SAMPLES exchanges of each family, evenly spread over its rows; sorted."""
    order = np.argsort(family, kind="stable")
    order = order[family[order] >= 0]
    bounds = np.searchsorted(family[order], np.arange(families + 1))
    size = np.diff(bounds)
    wanted = np.minimum(size, SAMPLES)
    owner = np.repeat(np.arange(families), wanted)
    nth = np.arange(len(owner)) - np.repeat(np.cumsum(wanted) - wanted, wanted)
    return np.sort(order[bounds[owner] + nth * size[owner] // np.maximum(wanted[owner], 1)])


def _common(owner: Ints, values: Hashes, samples: Ints) -> tuple[Ints, Hashes]:
    """(family, shingle) pairs in at least COMMON of the family's samples, and in two at least; sorted."""
    order = np.lexsort((values, owner))
    owner, values = owner[order], values[order]
    fresh = np.ones(len(owner), dtype=np.bool_)
    fresh[1:] = (owner[1:] != owner[:-1]) | (values[1:] != values[:-1])
    start = np.flatnonzero(fresh)
    count = np.diff(np.append(start, len(owner)))
    often = start[(count >= 2) & (count >= COMMON * samples[owner[start]])]
    return owner[often], values[often]


def _within(owner: Ints, values: Hashes, common: tuple[Ints, Hashes]) -> npt.NDArray[np.bool_]:
    return np.asarray(_find(owner, values, *common), dtype=np.bool_)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _find(owner: Ints, values: Hashes, families: Ints, shingles: Hashes) -> npt.NDArray[np.bool_]:
    """Whether each (owner, value) is among the sorted pairs (families, shingles)."""
    found = np.zeros(len(values), dtype=np.bool_)
    for i in range(len(values)):
        low, high = 0, len(families)
        while low < high:
            middle = (low + high) // 2
            before = families[middle] < owner[i]
            before |= families[middle] == owner[i] and shingles[middle] < values[i]
            if before:
                low = middle + 1
            else:
                high = middle
        found[i] = low < len(families) and families[low] == owner[i] and shingles[low] == values[i]
    return found


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _union(a_bounds: Ints, a: Hashes, b_bounds: Ints, b: Hashes) -> tuple[Ints, Hashes]:
    rows = len(a_bounds) - 1
    bounds = np.zeros(rows + 1, dtype=np.int64)
    values = np.empty(len(a) + len(b), dtype=np.uint64)
    n = 0
    for row in range(rows):
        both = np.sort(np.concatenate((a[a_bounds[row] : a_bounds[row + 1]], b[b_bounds[row] : b_bounds[row + 1]])))
        for i in range(len(both)):
            if i == 0 or both[i] != both[i - 1]:
                values[n] = both[i]
                n += 1
        bounds[row + 1] = n
    return bounds, values[:n]


def _flat(lists: pa.Array) -> tuple[Ints, Hashes]:
    """Offsets from 0 and flat values; null lists are empty."""
    length = np.asarray(pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False), dtype=np.int64)
    values = np.asarray(lists.flatten().to_numpy(zero_copy_only=False), dtype=np.uint64)
    return np.concatenate([[0], np.cumsum(length)]).astype(np.int64), values


def _lists(offsets: Ints, values: Hashes) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(values, pa.uint64())).cast(LIST)
