"""Tiers and suggested measures: what a finding must show for each, and the same rules as sentences.

A tier says how sure a ring is, a measure what a person might do first. The measure is the mildest that fits: one that
costs an innocent customer much is suggested only where the ring stands though its best innocent explanation were true.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphring.detect.parameters import Parameters
from graphring.model import Tier

__all__ = ["MEASURES", "Standing", "measure_of", "missing", "rules", "standing_of", "tier_of"]

WATCH: Final = "watch"
LIMIT: Final = "rate limit"
CHECK: Final = "step-up identity check"
SUSPEND: Final = "suspend pending review"
MEASURES: Final = (WATCH, LIMIT, CHECK, SUSPEND)
"""From the mildest to the hardest."""


@dataclass(frozen=True)
class Standing:
    """What decides: score in bits, families that speak for themselves, probability, q-value (None: not computed), and
    what the score loses if the best innocent explanation is true (0 or less).
    """

    score: float
    families: int
    probability: float
    q_value: float | None
    benign_bits: float


def standing_of(ring: Mapping[str, Any], evidence: Iterable[Mapping[str, Any]], p: Parameters) -> Standing:
    """The standing of a published ring: a row of RINGS and its rows of EVIDENCE."""
    speaking = {row["family"] for row in evidence if (row["bits"] or 0.0) >= p.speaks}
    return Standing(
        ring["score"] or 0.0, len(speaking), ring["probability"] or 0.0, ring["q_value"], ring["benign_bits"] or 0.0
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


def missing(s: Standing, tier: Tier, p: Parameters) -> tuple[str, ...]:
    """What a finding lacks for a tier, in words; empty: it has it all. Nothing lacks for watch."""
    if tier is Tier.WATCH:
        return ()
    high = tier is Tier.HIGH
    bits, share = (p.high_bits, p.high_probability) if high else (p.medium_bits, p.medium_probability)
    lacks = [
        (s.score < bits, f"{bits:g} bits (it has {s.score:.1f})"),
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
        f"at least {p.medium_bits:g} bits, a probability of {p.medium_probability:.0%}, {chance}. Suggested: "
        f"{CHECK}, if two families speak and the probability is {p.high_probability:.0%}; else {LIMIT}"
    )
    return ("high", high), ("medium", medium), ("watch", "everything else that was found. Suggested: no measure yet")
