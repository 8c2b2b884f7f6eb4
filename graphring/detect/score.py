"""Evidence of a group in bits: per account and family against frequencies outside the group, capped, then tiers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from graphring.detect.frame import Frame, family_of
from graphring.detect.parameters import Parameters
from graphring.model import Family, Tier

__all__ = ["Item", "Scored", "score_group"]

FAMILIES = tuple(Family)
Reals = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Item:
    """One piece of evidence of a group; fields as in EVIDENCE."""

    family: Family
    name: str
    bits: float
    raw_bits: float
    observed: float
    expected: float
    unit: str
    statement: str
    inferred: bool = False


@dataclass(frozen=True)
class Scored:
    """A group with its evidence. accounts: sorted codes; bits: per account; objects, inside, outside: shared objects,
    members and outsiders that use them, and their lift in bits.
    """

    accounts: npt.NDArray[np.int32]
    bits: npt.NDArray[np.float64]
    confidence: npt.NDArray[np.float64]
    items: tuple[Item, ...]
    score: float
    tier: Tier | None
    objects: npt.NDArray[np.int64]
    inside: npt.NDArray[np.int64]
    outside: npt.NDArray[np.int64]
    lift: npt.NDArray[np.float64]


def score_group(
    frame: Frame, group: npt.NDArray[np.int32], p: Parameters, account_degree: npt.NDArray[np.int64]
) -> Scored:
    """Score one group. Frequencies are those outside the group (leave-group-out).

    An account's bits for an object are log2 of (share of the *other* customers of the group that use it) over (share
    of outsiders that do, add-half smoothed); a family's are their sum, capped.
    """
    inside = np.zeros(frame.n, dtype=bool)
    inside[group] = True
    use = inside[frame.account]
    account, obj = frame.account[use], frame.object[use].astype(np.int64)
    local = np.searchsorted(group, account)
    customer = frame.customers.code[group]
    n = len(np.unique(customer))
    rest = max(frame.customers.count - n, 1)
    objects, inverse = np.unique(obj, return_inverse=True)
    pairs = np.unique(inverse.astype(np.int64) * frame.customers.count + customer[local])
    k = np.bincount(pairs // frame.customers.count, minlength=len(objects))
    out = frame.degree[objects] - k
    lift = np.log2(np.maximum(((k - 1) / max(n - 1, 1)) / ((out + 0.5) / rest), 1e-9))
    lift = np.where((k >= 2) & (lift > 0), lift * (k - 1) / (k + out), 0.0)
    kinds = np.array([FAMILIES.index(family_of(t)) for t in frame.object_type[objects]], dtype=np.int64)
    raw = np.zeros((len(group), len(FAMILIES)))
    np.add.at(raw, (local, kinds[inverse]), lift[inverse])
    for name in p.disabled_families:
        raw[:, FAMILIES.index(Family(name))] = 0.0
    capped = np.minimum(raw, p.family_cap)
    against = _declared_bits(frame, group)
    bits = capped.sum(axis=1) + against
    several = (capped >= 2.0).sum(axis=1)
    strong = (bits >= p.strong_bits) & (several >= 2)
    items = tuple(_items(raw, capped, against, kinds, k, out, n, rest))
    score = float(sum(i.bits for i in items))
    tier = _tier(score, float(strong.mean()), p)
    members = account_degree[objects]
    count_in = np.bincount(inverse, minlength=len(objects))
    confidence = 1.0 / (1.0 + np.exp2(np.clip(p.medium_bits - bits, -50, 50)))
    return Scored(group, bits, confidence, items, score, tier, objects, count_in, members - count_in, lift)


def _declared_bits(frame: Frame, group: npt.NDArray[np.int32]) -> float:
    declared = frame.customers.declared[frame.customers.code[group]]
    domain = frame.customers.own_domain[frame.customers.code[group]]
    verified = np.asarray(pc.fill_null(frame.accounts["verified"], False).to_numpy())[group]
    return -4.0 * float(np.mean(declared | domain)) - 2.0 * float(np.mean(verified))


def _tier(score: float, strong: float, p: Parameters) -> Tier | None:
    if strong < p.strong_share:
        return None
    if score >= p.high_bits:
        return Tier.HIGH
    return Tier.MEDIUM if score >= p.medium_bits else None


_NOUN = {
    Family.PAYMENT: "payment methods",
    Family.NETWORK: "addresses",
    Family.CONTENT: "prompt templates",
    Family.OTHER: "devices and other links",
}


def _items(  # noqa: PLR0917
    raw: Reals, capped: Reals, against: float, kinds: Longs, k: Longs, out: Longs, n: int, rest: int
) -> Iterator[Item]:
    for index, family in enumerate(FAMILIES):
        mean = float(capped[:, index].mean())
        if mean < 0.05:
            continue
        of = (kinds == index) & (k >= 2)
        observed = float((raw[:, index] > 0).sum())
        expected = float(np.minimum((out[of] / rest * n).sum(), n))
        yield Item(
            family, f"shared {_NOUN[family]}", mean, float(raw[:, index].mean()), observed, expected, "accounts",
            f"{observed:.0f} of {len(raw)} accounts share {_NOUN[family]} with strangers in the group; "
            f"about {expected:.1f} would by chance.",
        )  # fmt: skip
    if against < 0:
        yield Item(
            Family.OTHER, "declared organisations", against, against, 0.0, 0.0, "bits",
            "Some accounts belong to declared or verified organisations, which speaks for innocence.",
        )  # fmt: skip
