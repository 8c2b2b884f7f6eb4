"""A ring for people: evidence with observed counts against expected ones, tier, headline, best innocent explanation."""

# ruff: noqa: E501  (sentences for people stand on one line)

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from graphring.detect.evidence import Signal
from graphring.detect.judge import FAMILIES, Verdict
from graphring.detect.layers import Reals
from graphring.detect.parameters import Parameters
from graphring.model import Family, Tier

__all__ = ["Finding", "Item", "explain", "probability"]


@dataclass(frozen=True)
class Item:
    """One piece of evidence of a ring; fields as in EVIDENCE."""

    family: Family
    name: str
    bits: float
    raw_bits: float
    observed: float
    expected: float
    unit: str
    statement: str
    inferred: bool


@dataclass(frozen=True)
class Finding:
    """A ring in words and numbers."""

    verdict: Verdict
    items: tuple[Item, ...]
    score: float
    tier: Tier
    headline: str
    benign: str
    benign_bits: float
    confidence: Reals


def probability(bits: float | Reals, p: Parameters) -> Reals:
    """The calibrated probability that bits stand for a ring: a logistic curve fitted on simulated worlds."""
    return np.asarray(1.0 / (1.0 + np.exp2(-np.clip(p.slope * (np.asarray(bits) - p.even_bits), -60.0, 60.0))))


def explain(v: Verdict, p: Parameters) -> Finding:
    """Sum up a measured group: a ring's score is the mean of its accounts' bits."""
    items = _items(v)
    score = float(sum(i.bits for i in items))
    speaking = {i.family for i in items if i.bits >= p.speaks}
    tier = _tier(score, len(speaking), p)
    benign, weight = _benign(items)
    return Finding(v, items, score, tier, _headline(v, items), benign, weight, probability(v.bits, p))


def _items(v: Verdict) -> tuple[Item, ...]:
    raw = np.zeros((len(v.group), len(FAMILIES)))
    for s in v.signals:
        raw[:, FAMILIES.index(s.family)] += np.maximum(s.bits, 0.0)
    keep = v.families / np.maximum(raw, 1e-12)
    found = []
    for s in v.signals:
        positive = np.maximum(s.bits, 0.0)
        counted = float(np.mean(positive * keep[:, FAMILIES.index(s.family)] + np.minimum(s.bits, 0.0)))
        if abs(counted) >= 0.05:
            observed, expected = float(np.mean(s.observed)), float(np.mean(s.expected))
            found.append(
                Item(
                    s.family, s.name, counted, float(np.mean(s.bits)), observed, expected, s.unit,
                    _statement(s, v, observed, expected), s.name in _INFERRED,
                )
            )  # fmt: skip
    return tuple(sorted(found, key=lambda i: (-i.bits, i.name)))


def _tier(score: float, families: int, p: Parameters) -> Tier:
    """high: enough bits from at least two independent families; medium: enough bits; watch: the rest."""
    if score >= p.high_bits and families >= 2:
        return Tier.HIGH
    return Tier.MEDIUM if score >= p.medium_bits else Tier.WATCH


_INFERRED: Final = frozenset({"synchrony", "keeps no address", "division of labour"})
_SENTENCES: Final[Mapping[str, str]] = {
    "division of labour": "Of an account's payloads {o:.1f} were also sent by other accounts of the ring, each by a few of them; strangers of their activity would share {e:.2g}.",
    "common wrapper": "{n} of {t} accounts wrap their prompts in text that hardly anybody else uses.",
    "conversations handed over": "{o:.1f} conversations of an account were continued by another customer of the ring; {e:.2g} would be by chance.",
    "rotation over shared addresses": "Beyond its two usual addresses an account meets others of the ring on {o:.1f}; {e:.2g} would be by chance.",
    "payment methods of strangers": "{n} of {t} accounts pay with methods that many unrelated accounts pay with.",
    "synchrony": "Others of the ring act within minutes of an account in {o:.0%} of comparisons with neighbouring hours; on other days in {e:.0%}.",
    "sign-ups in batches": "An account was created within a day of {o:.1f} others of the ring; {e:.2g} would be by chance.",
    "keeps no address": "{n} of {t} accounts change their address more than accounts of like activity.",
    "works at one place": "{n} of {t} accounts work from one or two addresses that most of the group use, as in a class room or an office.",
    "known customer": "{n} of {t} accounts are declared or verified customers, have a mail domain of their own or work from a site of their own.",
}


def _statement(s: Signal, v: Verdict, observed: float, expected: float) -> str:
    speaks = int((np.abs(s.bits) >= 0.5).sum())
    sentence = _SENTENCES.get(
        s.name,
        "{n} of {t} accounts share " + s.unit + " objects with strangers in the ring: {o:.1f} each, {e:.2g} by chance.",
    )
    return sentence.format(o=observed, e=expected, n=speaks, t=len(v.group))


def _headline(v: Verdict, items: tuple[Item, ...]) -> str:
    does = [_DOES.get(i.name, f"share {i.unit}") for i in items if i.bits >= 1.0][:3]
    what = "act as one" if not does else does[0] if len(does) == 1 else ", ".join(does[:-1]) + " and " + does[-1]
    return f"{len(v.group):,} accounts of different customers {what}."


_DOES: Final[Mapping[str, str]] = {
    "division of labour": "split one queue of payloads",
    "common wrapper": "use one rare prompt wrapper",
    "conversations handed over": "hand conversations to each other",
    "rotation over shared addresses": "rotate over the same addresses",
    "payment methods of strangers": "share payment methods",
    "synchrony": "act within minutes of each other",
    "sign-ups in batches": "signed up in batches",
    "keeps no address": "keep no address",
}

_EXPLAINS: Final[Mapping[str, frozenset[str]]] = {
    "users of one tool": frozenset({"common wrapper", "sign-ups in batches"}),
    "a course or a benchmark": frozenset({"common wrapper", "division of labour", "sign-ups in batches"}),
    "customers of one reseller or hosting provider": frozenset(
        {"common wrapper", "rotation over shared addresses", "keeps no address"}
    ),
    "one company's application over several accounts": frozenset(
        {"common wrapper", "division of labour", "payment methods of strangers"}
    ),
    "jobs on one schedule": frozenset({"synchrony", "rotation over shared addresses"}),
}


def _benign(items: tuple[Item, ...]) -> tuple[str, float]:
    """The innocent story that explains most bits, and these bits as a negative number: what the score loses if it is true.

    What already speaks for innocence is in the score and is not counted here again.
    """

    def weight(names: frozenset[str]) -> float:
        return float(sum(i.bits for i in items if i.name in names and i.bits > 0))

    best = max(sorted(_EXPLAINS), key=lambda story: weight(_EXPLAINS[story]))
    return best, -weight(_EXPLAINS[best])
