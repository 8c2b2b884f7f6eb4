"""A ring for people: evidence with observed counts against expected ones, tier, headline, best innocent explanation."""

# ruff: noqa: E501  (sentences for people stand on one line)

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from graphring.detect.counterfactual import remaining
from graphring.detect.judge import FAMILIES, Verdict
from graphring.detect.layers import Ints, Reals
from graphring.detect.linked import AT_ONCE, WAYS
from graphring.detect.parameters import Parameters
from graphring.detect.sharing import logistic
from graphring.detect.signals import Signal
from graphring.detect.tiers import Standing, measure_of, tier_of
from graphring.model import Family, Role, Tier

__all__ = ["SMALL", "Finding", "Item", "explain", "member_confidence", "probability", "score_of"]

SMALL: Final = 0.05
"""Bits below which a piece of evidence is not listed by itself."""


@dataclass(frozen=True)
class Item:
    """One piece of evidence of a ring; fields as in EVIDENCE."""

    family: Family
    name: str
    bits: float
    raw_bits: float
    observed: float | None
    expected: float | None
    unit: str
    statement: str
    inferred: bool
    remain: int | None


@dataclass(frozen=True)
class Finding:
    """A ring in words and numbers; fields as in RINGS, confidence for each account."""

    verdict: Verdict
    items: tuple[Item, ...]
    score: float
    probability: float
    tier: Tier
    measure: str
    headline: str
    benign: str
    benign_bits: float
    confidence: Reals
    p_value: float | None
    q_value: float | None
    roles: tuple[Role, ...]

    @property
    def members(self) -> Ints:
        """The accounts that are members."""
        kept = np.array([role is Role.MEMBER for role in self.roles], dtype=bool)
        return np.asarray(self.verdict.group[kept], dtype=np.int32)


def probability(bits: float | Reals, p: Parameters) -> Reals:
    """The calibrated probability that a score stands for a ring: a logistic curve, see `calibration`."""
    return logistic(p.slope * (np.asarray(bits) - p.even_bits))


def member_confidence(bits: float | Reals, p: Parameters) -> Reals:
    """The same for an account's bits and for its being a member."""
    return logistic(p.member_slope * (np.asarray(bits) - p.even_bits - p.member_shift))


def _weights(v: Verdict) -> Reals:
    """How much each account counts in the ring's score; they add up to 1."""
    return np.asarray(v.weight / max(float(v.weight.sum()), 1e-9), dtype=np.float64)


def score_of(v: Verdict) -> float:
    """A ring's score: the mean of its accounts' bits."""
    return float(np.sum(_weights(v) * v.bits))


def explain(
    v: Verdict,
    p: Parameters,
    p_value: float | None = None,
    q_value: float | None = None,
    roles: tuple[Role, ...] | None = None,
) -> Finding:
    """Sum up a measured group.

    Parameters
    ----------
    p_value, q_value: from `significance`, None: not computed.
    roles: of each account, None: all are members.
    """
    roles = roles if roles is not None else (Role.MEMBER,) * len(v.group)
    items = _items(v, p)
    score = math.fsum(i.bits for i in items)
    speaking = {i.family for i in items if i.bits >= p.speaks}
    benign, weight = _benign(items)
    chance = float(probability(score, p))
    standing = Standing(score, roles.count(Role.MEMBER), len(speaking), chance, q_value, weight)
    return Finding(
        v, items, score, chance, tier_of(standing, p), measure_of(standing, p), _headline(roles.count(Role.MEMBER), items), benign,
        weight, member_confidence(v.bits, p), p_value, q_value, roles,
    )  # fmt: skip


def _items(v: Verdict, p: Parameters) -> tuple[Item, ...]:
    """What counts, strongest first; the rest is one item, so that the bits add up to the score."""
    raw = np.zeros((len(v.group), len(FAMILIES)))
    for s in v.signals:
        raw[:, FAMILIES.index(s.family)] += np.maximum(s.bits, 0.0)
    keep, weight = v.families / np.maximum(raw, 1e-12), _weights(v)
    counted = [
        float(np.sum(weight * (np.maximum(s.bits, 0.0) * keep[:, FAMILIES.index(s.family)] + np.minimum(s.bits, 0.0))))
        for s in v.signals
    ]
    left = remaining(v, p)
    found = []
    for s, bits in zip(v.signals, counted, strict=True):
        if abs(bits) >= SMALL:
            observed, expected = float(np.mean(s.observed)), float(np.mean(s.expected))
            found.append(
                Item(
                    s.family, s.name, bits, float(np.sum(weight * s.bits)), observed, expected, s.unit,
                    _statement(s, v, observed, expected), _kind(s.name) in _INFERRED, left.get(s.family),
                )
            )  # fmt: skip
    found.sort(key=lambda i: (-i.bits, i.name))
    return (*found, *_rest(v, counted), *_associates(v))


def _rest(v: Verdict, counted: Sequence[float]) -> tuple[Item, ...]:
    small = [(s, bits) for s, bits in zip(v.signals, counted, strict=True) if 0.0 < abs(bits) < SMALL]
    bits = math.fsum(b for _, b in small)
    if abs(bits) < _UNSEEN:
        return ()
    family = max(small, key=lambda x: (abs(x[1]), x[0].name))[0].family
    names = ", ".join(sorted(s.name for s, _ in small))
    statement = f"Less than {SMALL:g} bits each, added up: {names}."
    return (Item(family, "other small evidence", bits, bits, None, None, "", statement, False, None),)


def _associates(v: Verdict) -> tuple[Item, ...]:
    """Who was joined to the ring for what it holds, and weighs nothing in the score (`associates`)."""
    n = int(v.associated.sum())
    if not n:
        return ()
    these = "1 account shows" if n == 1 else f"{n:,} accounts show"
    statement = (
        f"{these} too little to stand alone, and joined for holding what is the ring's own: a card that it pays with, or "
        "its wrapper or conversations together with its addresses, cards or links."
    )
    return (Item(Family.OTHER, "associates", 0.0, 0.0, float(n), None, "accounts", statement, True, None),)


_UNSEEN: Final = 0.005
"""Bits that no number on the page would show."""
_INFERRED: Final = frozenset(
    {"synchrony", "keeps no address", "division of labour", "works at one place", AT_ONCE, WAYS}
)
"""What is concluded by comparison with other hours, other accounts or everybody else; the rest is counted in the logs."""
_SENTENCES: Final[Mapping[str, str]] = {
    "division of labour": "Of an account's payloads {o:.1f} were also sent by other accounts of the ring, each by a few of them; strangers of their activity would share {e:.2g}.",
    "common wrapper": "{n} of {t} accounts wrap their prompts in text that hardly anybody else uses.",
    "conversations handed over": "{o:.1f} conversations of an account were continued by another customer of the ring; {e:.2g} would be by chance.",
    "rotation over shared addresses": "Beyond its two usual addresses an account meets others of the ring on {o:.1f}; {e:.2g} would be by chance.",
    "usual addresses of strangers": "{n} of {t} accounts share an address that they mostly use with a few others of the ring, as flatmates do; {e:.2g} would be by chance.",
    "payment methods of strangers": "{n} of {t} accounts pay with methods that many unrelated accounts pay with.",
    "synchrony": "Others of the ring act within minutes of an account in {o:.0%} of comparisons with neighbouring hours; on other days in {e:.0%}.",
    "sign-ups in batches": "An account was created within a day of {o:.1f} others of the ring; {e:.2g} would be by chance.",
    "keeps no address": "{n} of {t} accounts change their address more than accounts of like activity.",
    "works at one place": "{n} of {t} accounts work from one or two addresses that most of the group use, as in a class room or an office.",
    AT_ONCE: "{n} of {t} accounts came to {unit} objects that are the ring's own within a day of others of the ring: of {o:.1f} each; {e:.2g} would be by chance.",
    WAYS: "{n} of {t} accounts also use the {unit} objects that are common in the ring: {o:.1f} of them each, where others use {e:.2g}.",
    "known customer": "{n} of {t} accounts are declared or verified customers, have a mail domain of their own or work from a site of their own.",
}
_SHARED: Final = "{n} of {t} accounts share {unit} objects with strangers in the ring: {o:.1f} each, {e:.2g} by chance."
_ANY: Final = "{n} of {t} accounts show it ({name}): {o:.2g} {unit} each, {e:.2g} by chance."


def _statement(s: Signal, v: Verdict, observed: float, expected: float) -> str:
    speaks = int((np.abs(s.bits) >= 0.5).sum())
    sentence = _SENTENCES.get(_kind(s.name), _SHARED if s.name.startswith("shared ") else _ANY)
    return sentence.format(o=observed, e=expected, n=speaks, t=len(v.group), name=s.name, unit=s.unit)


def _kind(name: str) -> str:
    """The name of a signal without the type of links that it is about."""
    return name.split(": ", 1)[0]


def _headline(members: int, items: tuple[Item, ...]) -> str:
    does = [_DOES.get(_kind(i.name), f"share {i.unit}") for i in items if i.bits >= 1.0][:3]
    what = "act as one" if not does else does[0] if len(does) == 1 else ", ".join(does[:-1]) + " and " + does[-1]
    return f"{members:,} accounts of different customers {what}."


_DOES: Final[Mapping[str, str]] = {
    "division of labour": "split one queue of payloads",
    "common wrapper": "use one rare prompt wrapper",
    "conversations handed over": "hand conversations to each other",
    "rotation over shared addresses": "rotate over the same addresses",
    "usual addresses of strangers": "share the addresses they mostly use",
    "payment methods of strangers": "share payment methods",
    "synchrony": "act within minutes of each other",
    "sign-ups in batches": "signed up in batches",
    "keeps no address": "keep no address",
    AT_ONCE: "come at the same time",
    WAYS: "go the same ways",
}

_EXPLAINS: Final[Mapping[str, frozenset[str]]] = {
    "users of one tool": frozenset({"common wrapper", "sign-ups in batches"}),
    "a course or a benchmark": frozenset({"common wrapper", "division of labour", "sign-ups in batches"}),
    "customers of one reseller or hosting provider": frozenset(
        {"common wrapper", "rotation over shared addresses", "usual addresses of strangers", "keeps no address"}
    ),
    "one company's application over several accounts": frozenset(
        {"common wrapper", "division of labour", "payment methods of strangers"}
    ),
    "people of one interest who came to one event": frozenset({AT_ONCE, WAYS}),
    "jobs on one schedule": frozenset({"synchrony", "rotation over shared addresses"}),
}


def _benign(items: tuple[Item, ...]) -> tuple[str, float]:
    """The innocent story that explains most bits, and these bits as a negative number: what the score loses if it is true.

    What already speaks for innocence is in the score and is not counted here again.
    """

    def weight(names: frozenset[str]) -> float:
        return float(sum(i.bits for i in items if _kind(i.name) in names and i.bits > 0))

    best = max(sorted(_EXPLAINS), key=lambda story: weight(_EXPLAINS[story]))
    return best, -weight(_EXPLAINS[best])
