"""Wordings too rare for shingles of their own, attached to a family that is known in many wordings.

A naive Bayes classifier (Maron 1961) over the words and word pairs of the wordings of each such family, against a
sample of prompts that belong nowhere: the score of a text is its log-likelihood ratio in bits, over what of it the
family's wordings also have. What stands in slots is in neither and counts nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from graphring.templates.parameters import Parameters

__all__ = ["Tokens", "attach", "tokens"]

Tokens = frozenset[str]
_SEEN = 2
"""Wordings that must have a token for it to be a family's."""


@dataclass(frozen=True)
class _Profile:
    bits: Mapping[str, float]


def tokens(words: Sequence[str]) -> Tokens:
    """Words and word pairs."""
    return frozenset(words) | frozenset(f"{a} {b}" for a, b in pairwise(words))


def attach(families: Mapping[int, Sequence[Tokens]], texts: Sequence[Tokens], chosen: Parameters) -> list[int]:
    """The family of each text, or -1.

    Parameters
    ----------
    families: the wordings of each family; those with fewer than `join_least` are left out.
    texts: what belongs to no family; also what the families are told apart from.
    """
    out = [-1] * len(texts)
    background = Counter(token for text in texts for token in text)
    profiles = {
        family: _profile(wordings, background, len(texts))
        for family, wordings in sorted(families.items())
        if len(wordings) >= chosen.join_least
    }
    least = {
        family: max(
            chosen.attach_bits, chosen.attach_share * float(np.median([_score(profile, w) for w in families[family]]))
        )
        for family, profile in profiles.items()
    }
    for i, text in enumerate(texts):
        scores = sorted(((_score(profile, text), -family) for family, profile in profiles.items()), reverse=True)
        if scores and scores[0][0] >= least[-scores[0][1]]:
            second = scores[1][0] if len(scores) > 1 else 0.0
            if scores[0][0] >= second + chosen.attach_margin:
                out[i] = -scores[0][1]
    return out


def _profile(wordings: Sequence[Tokens], background: Counter[str], size: int) -> _Profile:
    count = Counter(token for wording in wordings for token in wording)
    bits = {
        token: float(np.log2((n + 0.5) / (len(wordings) + 1)) - np.log2((background[token] + 0.5) / (size + 1)))
        for token, n in count.items()
        if n >= _SEEN
    }
    return _Profile(bits)


def _score(profile: _Profile, text: Iterable[str]) -> float:
    """Sum over the text's tokens; sorted, because the order of a sum of floats changes its last digits."""
    return float(sum(sorted(profile.bits[token] for token in text if token in profile.bits)))
