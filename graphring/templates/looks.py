"""What tells a wrapper from a topic: whether the words of a cloud stand together, and whether there are slots."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from graphring.templates.cores import core_of
from graphring.templates.lexis import Lexis, Reals
from graphring.templates.parameters import Parameters
from graphring.templates.sketch import Ints

__all__ = ["looks"]


def looks(
    table: Lexis, texts: Ints, whole: npt.NDArray[np.bool_], chosen: Parameters, formula: float
) -> tuple[float, float]:  # fmt: skip
    """(bits of words that stand together, bits in slots): what tells a wrapper from a topic."""
    filled = texts[~whole[texts]]
    together = np.quantile(_segments(table, texts, chosen, formula), chosen.cloud_quantile)
    slots = np.quantile(_slots(table, texts, filled), chosen.cloud_quantile) if filled.size else np.inf
    return float(together), float(slots)


def _segments(table: Lexis, texts: Ints, chosen: Parameters, formula: float) -> Reals:
    """Bits in the two best segments of each text, without what more than the share `formula` of them say verbatim."""
    core = core_of(table, texts, chosen.cloud_core, chosen)
    share, rate = np.zeros(table.total.size), np.zeros(table.total.size)
    rewordings = ~np.isin(core.column, _formula(table, core.column[core.count > formula * texts.size]))
    column = core.column[rewordings]
    share[column] = (core.count[rewordings] - 0.5) / texts.size
    rate[column] = core.rate[rewordings]
    found: Reals = _best_segments(
        texts, table.start, table.word, table.after, table.length, share, rate, chosen.cloud_cost
    )
    return found


def _formula(table: Lexis, usual: Ints) -> Ints:
    """The pairs among columns that nearly all texts have, and their words.

    A word that nearly all have in different company is no formula: a task cannot be worded without naming its object.
    """
    said = np.zeros(table.total.size, np.bool_)
    said[usual[table.pair[usual]]] = True
    here = (table.after >= 0) & said[table.after]
    twice = here[1:] & here[:-1]
    run = np.zeros(here.size, np.bool_)  # two words that belong together, "rhymes with", are an object
    run[1:] |= twice
    run[:-1] |= twice
    at = np.flatnonzero(run)
    return np.unique(np.concatenate([table.after[at], table.word[at], table.word[at + 1]]))


@numba.njit(nogil=True, cache=True)
def _best_segments(texts, start, word, after, length, share, rate, cost):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917
    out = np.zeros(texts.size)
    met = np.full(share.size, -1, np.int64)
    for i in range(texts.size):
        text = texts[i]
        first, last = start[text], start[text + 1]
        bits = np.full(last - first, -cost)
        for at in range(first, last):
            for column in (word[at], after[at]):
                if column >= 0 and share[column] > 0 and met[column] != text:
                    met[column] = text
                    chance = -np.expm1(-length[text] * rate[column])
                    bits[at - first] += max(0.0, np.log2(share[column]) - np.log2(chance))
        best, left, right = _best_segment(bits, 0, bits.size)
        before, _, _ = _best_segment(bits, 0, left)
        behind, _, _ = _best_segment(bits, right, bits.size)
        out[i] = best + max(before, behind)
    return out


@numba.njit(nogil=True, cache=True)
def _best_segment(bits, first, last):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """(sum, start, end) of the segment with the largest sum."""
    best, left, right = 0.0, first, first
    current, start = 0.0, first
    for i in range(first, last):
        if current <= 0.0:
            current, start = 0.0, i
        current += bits[i]
        if current > best:
            best, left, right = current, start, i + 1
    return best, left, right


def _slots(table: Lexis, texts: Ints, filled: Ints) -> Reals:
    """Bits (log2 of how rare each is) of the words of `filled` that are no commoner among `texts` than elsewhere."""
    everything = table.rows[texts].indices
    count = np.bincount(everything, minlength=table.total.size)
    others = (table.total - count + 1.0) / max(1, table.size - texts.size)
    usual = ~table.pair & (np.maximum(count - 1, 0) / texts.size < 3.0 * others)
    part = table.rows[filled]
    row = np.repeat(np.arange(filled.size), np.diff(part.indptr))
    here = usual[part.indices]
    bits = np.log2(table.size / table.total[part.indices[here]])
    shared = np.bincount(row[here], bits, minlength=filled.size).astype(np.float64)
    return shared + table.own[filled] * float(np.log2(table.size))
