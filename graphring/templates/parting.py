"""Whether a cloud is two: tasks that ask for different things in like words.

Two wrappers each have words of their own; two ways to word one wrapper have the words of its subject in common, and
what is left over tells only some of their texts apart.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphring.templates.lexis import Lexis, Reals
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
    own = table.rows[texts]
    column, place, count = np.unique(own.indices, return_inverse=True, return_counts=True)
    row = np.repeat(np.arange(texts.size), np.diff(own.indptr))
    best, division = 0.0, np.zeros(texts.size, np.bool_)
    usable = (count >= chosen.join_least) & (texts.size - count >= chosen.join_least)
    tried = np.flatnonzero(usable)
    tried = tried[np.lexsort((column[tried], np.abs(2 * count[tried] - texts.size)))][:_TRIES]
    for seed in tried.tolist():
        side = np.zeros(texts.size, np.bool_)
        side[row[place == seed]] = True
        for _ in range(_ROUNDS):
            score = _likelier(row, place, column.size, side, chosen.cloud_core, left_out=False)
            new = score > 0
            if np.array_equal(new, side):
                break
            side = new
        if min(side.sum(), (~side).sum()) < chosen.join_least:
            continue
        score = _likelier(row, place, column.size, side, chosen.cloud_core, left_out=True)
        sure = [np.quantile(score[side], chosen.cloud_quantile), np.quantile(-score[~side], chosen.cloud_quantile)]
        if min(sure) > best:
            best, division = float(min(sure)), side
    return best, division


def _likelier(
    row: Ints, place: Ints, columns: int, side: npt.NDArray[np.bool_], share: float, *, left_out: bool
) -> Reals:
    """Bits by which each text is likelier on the side, of words that the share `share` of either has."""
    here = side[row]
    n, others = int(side.sum()), int((~side).sum())
    a = np.bincount(place[here], minlength=columns).astype(np.float64)
    b = np.bincount(place[~here], minlength=columns).astype(np.float64)
    telling = ((a >= share * n) | (b >= share * others))[place]
    row, place, here = row[telling], place[telling], here[telling]
    mine = a[place] - (here if left_out else 0)
    theirs = b[place] - (~here if left_out else 0)
    bits = np.log2((mine + 0.5) / (n + 1)) - np.log2((theirs + 0.5) / (others + 1))
    return np.bincount(row, bits, minlength=side.size).astype(np.float64)
