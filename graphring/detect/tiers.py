"""Tiers and suggested measures: what a finding must show for each, and the same rules as sentences.

A tier says how sure a ring is, a measure what a person might do first. The measure is the mildest that fits: one that
costs an innocent customer much is suggested only where the ring stands though its best innocent explanation were true.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphring.detect.parameters import Parameters
from graphring.model import Tier

__all__ = ["MEASURES", "Standing", "measure_of", "medium_bits", "missing", "rules", "standing_of", "tier_of"]

WATCH: Final = "watch"
LIMIT: Final = "rate limit"
CHECK: Final = "step-up identity check"
SUSPEND: Final = "suspend pending review"
_USUAL: Final = 25
"""Accounts of a ring for which `medium_bits` is said."""
MEASURES: Final = (WATCH, LIMIT, CHECK, SUSPEND)
"""From the mildest to the hardest."""


@dataclass(frozen=True)
class Standing:
    """What decides: score in bits, accounts, families that speak for themselves, probability, q-value (None: not
    computed), and what the score loses if the best innocent explanation is true (0 or less).
    """

    score: float
    accounts: int
    families: int
    probability: float
    q_value: float | None
    benign_bits: float


def standing_of(ring: Mapping[str, Any], evidence: Iterable[Mapping[str, Any]], p: Parameters) -> Standing:
    """The standing of a published ring: a row of RINGS and its rows of EVIDENCE."""
    speaking = {row["family"] for row in evidence if (row["bits"] or 0.0) >= p.speaks}
    return Standing(
        ring["score"] or 0.0,
        ring["accounts"],
        len(speaking),
        ring["probability"] or 0.0,
        ring["q_value"],
        ring["benign_bits"] or 0.0,
    )


def tier_of(s: Standing, p: Parameters) -> Tier:
    """high, medium or watch; see `rules`."""
    if not missing(s, Tier.HIGH, p):
        return Tier.HIGH
    return Tier.WATCH if missing(s, Tier.MEDIUM, p) else Tier.MEDIUM


def measure_of(s: Standing, p: Parameters) -> str:
    """One of `MEASURES`; see `rules`."""
    tier = tier_of(s, p)
    if tier is Tier.WATCH:
        return WATCH
    if tier is Tier.HIGH:
        return SUSPEND if s.score + s.benign_bits >= p.medium_bits else CHECK
    return CHECK if s.families >= 2 and s.probability >= p.high_probability else LIMIT


def medium_bits(accounts: int, p: Parameters) -> float:
    """The score that the tier medium needs of a ring of so many accounts: the mean of a few accounts, chosen among many
    candidates, is high by chance more often than that of hundreds (its spread falls with the root of their number).
    """
    return p.medium_bits + p.medium_small * (1.0 / math.sqrt(max(accounts, 1)) - 1.0 / math.sqrt(_USUAL))


def missing(s: Standing, tier: Tier, p: Parameters) -> tuple[str, ...]:
    """What a finding lacks for a tier, in words; empty: it has it all. Nothing lacks for watch."""
    if tier is Tier.WATCH:
        return ()
    high = tier is Tier.HIGH
    bits, share = (p.high_bits, p.high_probability) if high else (medium_bits(s.accounts, p), p.medium_probability)
    lacks = [
        (s.accounts < p.min_ring, f"{p.min_ring} members (it has {s.accounts})"),
        (s.score < bits, f"{bits:.3g} bits (it has {s.score:.1f})"),
        (high and s.families < 2, f"two families of {p.speaks:g} bits each (it has {s.families})"),
        (s.probability < share, f"a probability of {share:.0%} (it has {s.probability:.0%})"),
        (
            s.q_value is not None and s.q_value > p.false_discovery,
            f"a q-value of at most {p.false_discovery:g} (it has {s.q_value or 0.0:.2g})",
        ),
    ]
    return tuple(text for lack, text in lacks if lack)


def rules(p: Parameters) -> tuple[tuple[str, str], ...]:
    """(tier, rule) in words, with the numbers in force."""
    chance = f"a q-value of at most {p.false_discovery:g}"
    high = (
        f"at least {p.high_bits:g} bits, two families of {p.speaks:g} bits each, a probability of "
        f"{p.high_probability:.0%}, {chance}. Suggested: {SUSPEND}, if {p.medium_bits:g} bits would be left with the "
        f"best innocent explanation true; else {CHECK}"
    )
    medium = (
        f"at least {p.medium_bits:g} bits for a ring of {_USUAL} accounts ({medium_bits(5, p):.3g} for 5, "
        f"{medium_bits(400, p):.3g} for 400), a probability of {p.medium_probability:.0%}, {chance}. Suggested: "
        f"{CHECK}, if two families speak and the probability is {p.high_probability:.0%}; else {LIMIT}"
    )
    return ("high", high), ("medium", medium), ("watch", "everything else that was found. Suggested: no measure yet")
