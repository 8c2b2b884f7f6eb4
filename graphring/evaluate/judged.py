"""Findings and truth brought together: codes for accounts and rings, so that every figure is array arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphring.detect.layers import Flags
from graphring.evaluate.truth import Truth
from graphring.model import Role, Tier
from graphring.store import Snapshot

__all__ = ["Findings", "Judged", "Overlap", "bring_together", "findings_of"]

Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]

FLAGGED: Final = (Tier.HIGH.value, Tier.MEDIUM.value)


@dataclass(frozen=True)
class Findings:
    """What a detector reported, cut down to what is judged."""

    rings: pa.Table
    """ring_id, tier, score, probability; sorted by ring_id."""
    members: pa.Table
    """ring_id, account_id, confidence; members only, one row for each pair, sorted."""


def findings_of(found: Snapshot | Mapping[str, pa.Table]) -> Findings:
    """The findings in a snapshot, or in the tables that `detect` or a baseline returns.

    Accounts whose role is victim or customer are no members and do not count as accused.
    """
    rings, members = (
        (found["rings"], found["members"]) if isinstance(found, Mapping) else (found.rings(), found.members())
    )
    members = members.filter(pc.equal(members["role"], Role.MEMBER.value))
    order = [("ring_id", "ascending"), ("account_id", "ascending")]
    return Findings(
        rings=rings.select(["ring_id", "tier", "score", "probability"]).sort_by("ring_id"),
        members=members.select(["ring_id", "account_id", "confidence"]).sort_by(order),
    )


@dataclass(frozen=True)
class Judged:
    """Accounts are coded by row: those of the truth first, then members that the truth does not name."""

    accounts: pa.Array
    """account_id by code."""
    listed: int
    """Accounts of the truth; codes from here on are unlisted."""
    true_ring: Ints
    """By account: code of the true ring, -1 where innocent."""
    true_names: tuple[str, ...]
    kind: npt.NDArray[np.str_]
    """By account: kind of ring or of look-alike."""
    group: npt.NDArray[np.str_]
    """By account: which company, course … an innocent one belongs to; empty: not said."""
    found_names: tuple[str, ...]
    tier: npt.NDArray[np.str_]
    """By found ring."""
    score: Reals
    """By found ring, in bits."""
    probability: Reals
    """By found ring; NaN where it has none."""
    member_ring: Ints
    """By membership: code of the found ring."""
    member_account: Ints
    """By membership: code of the account."""
    confidence: Reals
    """By membership; NaN where it has none."""

    @cached_property
    def guilty(self) -> Flags:
        """By account: in a true ring."""
        return self.true_ring >= 0

    @cached_property
    def flagged_ring(self) -> Flags:
        """By found ring: tier high or medium."""
        return np.isin(self.tier, FLAGGED)

    @cached_property
    def flagged(self) -> Flags:
        """By account: member of a flagged ring."""
        return self._member_of(self.flagged_ring)

    @cached_property
    def watched(self) -> Flags:
        """By account: member of a ring of tier watch, and of no flagged one."""
        return self._member_of(self.tier == Tier.WATCH.value) & ~self.flagged

    def _member_of(self, rings: Flags) -> Flags:
        there = np.zeros(len(self.accounts), dtype=np.bool_)
        there[self.member_account[rings[self.member_ring]]] = True
        return there


@dataclass(frozen=True)
class Overlap:
    """Flagged rings against true rings, pair by pair, where they share a member."""

    found: Ints
    true: Ints
    jaccard: Reals

    @classmethod
    def of(cls, judged: Judged) -> Overlap:
        """Jaccard index |A∩B| / |A∪B| of each flagged ring with each true ring that shares a member with it."""
        rows = judged.flagged_ring[judged.member_ring]
        ring, account = judged.member_ring[rows], judged.member_account[rows]
        found_size = np.bincount(ring, minlength=len(judged.found_names))
        true_size = np.bincount(judged.true_ring[judged.guilty], minlength=len(judged.true_names))
        guilty = judged.guilty[account]
        width = max(len(judged.true_names), 1)
        pair, shared = np.unique(ring[guilty] * width + judged.true_ring[account[guilty]], return_counts=True)
        found, true = pair // width, pair % width
        return cls(found=found, true=true, jaccard=shared / (found_size[found] + true_size[true] - shared))

    def best(self, by: Ints, length: int) -> Reals:
        """The highest Jaccard index for each code of `by` (`found` or `true`); 0 where there is no overlap."""
        best = np.zeros(length)
        np.maximum.at(best, by, self.jaccard)
        return best


def bring_together(findings: Findings, truth: Truth) -> Judged:
    """Codes for both sides. An account that the truth does not name is taken as innocent."""
    known = truth.accounts["account_id"].combine_chunks()
    members = findings.members["account_id"].combine_chunks()
    unlisted = pc.unique(members.filter(pc.invert(pc.is_in(members, value_set=known)))).sort()
    accounts = pa.concat_arrays([known.cast(pa.string()), unlisted.cast(pa.string())])
    rings = truth.accounts["ring"].to_numpy()
    names = sorted(set(rings.tolist()) - {""})
    codes = pc.index_in(truth.accounts["ring"].combine_chunks(), value_set=pa.array(names, pa.string()))
    padding = len(unlisted)
    return Judged(
        accounts=accounts,
        listed=len(known),
        true_ring=np.concatenate([_ints(codes), np.full(padding, -1)]),
        true_names=tuple(names),
        kind=_padded(truth.accounts["kind"], padding),
        group=_padded(truth.accounts["look_alike_group"], padding),
        found_names=tuple(findings.rings["ring_id"].to_pylist()),
        tier=np.array(findings.rings["tier"].to_pylist(), dtype=np.str_),
        score=_reals(findings.rings["score"]),
        probability=_reals(findings.rings["probability"]),
        member_ring=_ints(
            pc.index_in(findings.members["ring_id"], value_set=findings.rings["ring_id"].combine_chunks())
        ),
        member_account=_ints(pc.index_in(members, value_set=accounts)),
        confidence=_reals(findings.members["confidence"]),
    )


def _ints(values: pa.Array | pa.ChunkedArray) -> Ints:
    return np.asarray(pc.fill_null(values, -1).cast(pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)


def _reals(values: pa.ChunkedArray) -> Reals:
    return np.asarray(values.cast(pa.float64()).to_numpy(), dtype=np.float64)


def _padded(values: pa.ChunkedArray, padding: int) -> npt.NDArray[np.str_]:
    return np.concatenate([np.array(values.to_pylist(), dtype=np.str_), np.full(padding, "", dtype=np.str_)])
