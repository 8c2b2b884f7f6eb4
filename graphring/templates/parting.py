"""Whether a cloud is two: tasks that ask for different things in like words.

Two wrappers each have words of their own; two ways to word one wrapper have the words of its subject in common, and
what is left over tells only some of their texts apart.
"""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False
# ruff: noqa: ANN001, ANN202 - numba infers the types
from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from graphring.templates.lexis import Lexis
from graphring.templates.parameters import Parameters
from graphring.templates.sketch import Ints

__all__ = ["part", "parting"]

_ROUNDS = 8
_TRIES = 60
"""Words that are tried as what tells the two apart, those nearest to a half of the texts first."""


def part(table: Lexis, texts: Ints, least: float, chosen: Parameters) -> list[Ints]:
    """`texts`, or its two parts where both have enough texts and a margin of `least` bits."""
    margin, side = parting(table, texts, chosen)
    return [texts] if margin < least else [texts[side], texts[~side]]


def parting(table: Lexis, texts: Ints, chosen: Parameters) -> tuple[float, npt.NDArray[np.bool_]]:
    """(margin in bits, which texts lie on one side) of the best division into two by naive Bayes.

    The margin is what all but the least `cloud_quantile` of each side's texts have: by how many bits a text, left out
    of its own side, is likelier there than on the other. 0: there is no division.
    """
    rows = table.rows[texts]
    columns, place = np.unique(rows.indices, return_inverse=True)
    count = np.bincount(place, minlength=columns.size)
    frequent = np.lexsort((columns, -count))
    rank = np.empty(columns.size, np.int64)
    rank[frequent] = np.arange(columns.size)
    columns, count = columns[frequent], count[frequent]
    start = np.concatenate([[0], np.cumsum(count)])
    of = np.repeat(np.arange(texts.size), np.diff(rows.indptr))
    having = of[np.argsort(rank[place], kind="stable")]
    best, division = 0.0, np.zeros(texts.size, np.bool_)
    usable = (count >= chosen.join_least) & (texts.size - count >= chosen.join_least)
    tried = np.flatnonzero(usable)
    tried = tried[np.lexsort((columns[tried], np.abs(2 * count[tried] - texts.size)))][:_TRIES]
    for seed in tried.tolist():
        side = np.zeros(texts.size, np.bool_)
        side[having[start[seed] : start[seed + 1]]] = True
        for _ in range(_ROUNDS):
            score = _likelier(start, having, side, chosen.cloud_core, False)
            new = score > 0
            if np.array_equal(new, side):
                break
            side = new
        if min(side.sum(), (~side).sum()) < chosen.join_least:
            continue
        score = _likelier(start, having, side, chosen.cloud_core, True)
        sure = [np.quantile(score[side], chosen.cloud_quantile), np.quantile(-score[~side], chosen.cloud_quantile)]
        if min(sure) > best:
            best, division = float(min(sure)), side
    return best, division


@numba.njit(nogil=True, cache=True)
def _likelier(start, having, side, share, left_out):
    """Bits by which each text is likelier on the side, of words that the share `share` of either has.

    having: the texts that have each word, those of word i from `start[i]`, the most frequent words first.
    """
    n = np.sum(side)
    others = side.size - n
    bits = np.zeros(side.size)
    for word in range(start.size - 1):
        texts = having[start[word] : start[word + 1]]
        if texts.size < share * min(n, others):
            break  # it and all that follow are too rare on either side
        a = 0
        for text in texts:
            a += side[text]
        b = texts.size - a
        if a >= share * n or b >= share * others:
            out = 1 if left_out else 0
            here = _told(a - out, n, b, others)
            there = _told(a, n, b - out, others) if left_out else here
            for text in texts:
                bits[text] += here if side[text] else there
    return bits


@numba.njit(nogil=True, cache=True)
def _told(a, n, b, others):
    """Bits that having a word says for the side, where `a` of its n texts have it, and `b` of the others."""
    a, b = max(a, 0), max(b, 0)  # left out of a side where nobody has it: no text there asks
    return np.log2((a + 0.5) / (n + 1)) - np.log2((b + 0.5) / (others + 1))
