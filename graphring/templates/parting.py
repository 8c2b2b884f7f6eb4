"""Whether a cloud is several: tasks that ask for different things in like words.

Two wrappers each have words of their own; two ways to word one wrapper have the words of its subject in common, and
what is left over tells only some of their texts apart. So the bits that tell two sides apart are measured by the bits
that hold the two together: of one wrapper they are a sixth at most, of two about a fifth and more, however
long the wordings.
"""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False
# ruff: noqa: ANN001, ANN202 - numba infers the types
from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from graphring.templates.cores import SEEN, own_bits
from graphring.templates.lexis import Lexis, Reals
from graphring.templates.parameters import Parameters
from graphring.templates.sketch import Ints

__all__ = ["apart", "part", "parting"]

Sides = npt.NDArray[np.bool_]

_ROUNDS = 8
_TRIES = 60
"""Words that are tried as what tells the two apart, those nearest to a half of the texts first."""


@dataclass(frozen=True)
class _Incidence:
    """Which texts of a cloud have each word or pair, the most frequent first."""

    texts: int
    column: Ints
    count: Ints
    start: Ints
    having: Ints
    """Texts, by their place in the cloud; those of column i from `start[i]`."""


def part(table: Lexis, texts: Ints, chosen: Parameters) -> list[Ints]:
    """`texts`, or its parts, each of which has `join_least` wordings, and words of its own.

    `table` is one without the texts of other clouds: what holds texts together does not turn on which other tasks came
    that night. Prompts of one wording count once: however often it is sent, it tells no
    more of what the others are.
    """
    first, wording = _wordings(table, texts, chosen)
    margin, side = parting(table, texts[first], chosen)
    together = float(np.median(own_bits(table, texts, chosen.cloud_core, chosen)))
    if margin <= 0.0 or margin < max(chosen.cloud_apart, chosen.cloud_apart_share * together):
        return [texts]
    here = side[wording]
    return [piece for half in (texts[here], texts[~here]) for piece in part(table, half, chosen)]


def apart(table: Lexis, texts: Ints, side: Sides, chosen: Parameters) -> float:
    """How far this division is from being one wrapper: the bits by which a text of either side is likelier there, added
    up as in the divergence of Jeffreys (1946), as a share of the bits that hold the texts together.

    Medians: two tasks may have a few texts that only say what both say, and one that asks more than the other has
    words of its own where the other has none.
    """
    first, _ = _wordings(table, texts, chosen)
    together = float(np.median(own_bits(table, texts, chosen.cloud_core, chosen)))
    here = side[first]
    if here.all() or not here.any():
        return 0.0  # one wording on both sides
    score = _score(_incidence(table, texts[first]), here, chosen, left_out=True)
    return float(np.median(score[here]) - np.median(score[~here])) / max(together, 1.0)


def _wordings(table: Lexis, texts: Ints, chosen: Parameters) -> tuple[Ints, Ints]:
    """(the place of the first text of each wording, for each text its wording); a wording is a set of usual pairs."""
    rows = table.rows[texts]
    count = np.bincount(rows.indices, minlength=table.total.size)
    usual = table.pair & (count >= max(SEEN, chosen.cloud_usual * texts.size))
    number: dict[bytes, int] = {}
    first: list[int] = []
    wording = np.zeros(texts.size, np.int64)
    for i in range(texts.size):
        own = rows.indices[rows.indptr[i] : rows.indptr[i + 1]]
        pairs = np.sort(own[usual[own]])
        key = pairs.tobytes() if pairs.size >= SEEN else b"%d" % i  # too few tell no wording
        if key not in number:
            first.append(i)
        wording[i] = number.setdefault(key, len(number))
    return np.array(first, np.int64), wording


def parting(table: Lexis, texts: Ints, chosen: Parameters) -> tuple[float, Sides]:
    """(margin in bits, which texts lie on one side) of the best division into two by naive Bayes.

    The margin is what all but the least `cloud_quantile` of each side's texts have: by how many bits a text, left out
    of its own side, is likelier there than on the other. 0: there is no division.
    """
    table_ = _incidence(table, texts)
    best, division = 0.0, np.zeros(texts.size, np.bool_)
    usable = (table_.count >= chosen.join_least) & (texts.size - table_.count >= chosen.join_least)
    tried = np.flatnonzero(usable)
    half = np.abs(2 * table_.count[tried] - texts.size)
    for seed in tried[np.lexsort((table_.column[tried], half))][:_TRIES].tolist():
        side = np.zeros(texts.size, np.bool_)
        side[table_.having[table_.start[seed] : table_.start[seed + 1]]] = True
        for _ in range(_ROUNDS):
            new = _score(table_, side, chosen, left_out=False) > 0
            if np.array_equal(new, side):
                break
            side = new
        if min(side.sum(), (~side).sum()) < chosen.join_least:
            continue
        margin = _margin(table_, side, chosen)
        if margin > best:
            best, division = margin, side
    return best, division


def _incidence(table: Lexis, texts: Ints) -> _Incidence:
    rows = table.rows[texts]
    columns, place = np.unique(rows.indices.astype(np.int64), return_inverse=True)
    count = np.bincount(place, minlength=columns.size)
    frequent = np.lexsort((columns, -count))
    rank = np.empty(columns.size, np.int64)
    rank[frequent] = np.arange(columns.size)
    start = np.concatenate([[0], np.cumsum(count[frequent])])
    of = np.repeat(np.arange(texts.size), np.diff(rows.indptr))
    having = of[np.argsort(rank[place], kind="stable")]
    return _Incidence(texts.size, columns[frequent], count[frequent], start, having)


def _margin(table: _Incidence, side: Sides, chosen: Parameters) -> float:
    score = _score(table, side, chosen, left_out=True)
    return float(min(np.quantile(s, chosen.cloud_quantile) for s in (score[side], -score[~side])))


def _score(table: _Incidence, side: Sides, chosen: Parameters, *, left_out: bool) -> Reals:
    score: Reals = _likelier(table.start, table.having, side, chosen.cloud_core, left_out)
    return score


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
