"""What holds the texts of a cloud together: the words and pairs that a good part of them has and few others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from graphring.templates.lexis import Lexis, Reals
from graphring.templates.parameters import Parameters
from graphring.templates.sketch import Ints

__all__ = ["SEEN", "Core", "bits_of", "core_of", "having", "own_bits", "scores_of", "telling", "without", "words_said"]

SEEN: Final = 3
"""Texts that must have a word for it to be a cloud's."""


@dataclass(frozen=True)
class Core:
    """What tells the texts of a cloud, column by column."""

    column: Ints
    count: Ints
    """Texts of the cloud that have it."""
    rate: Reals
    """How often it comes elsewhere, for each word and pair of a text."""


def having(table: Lexis, column: int) -> Ints:
    """The texts that have a column, ascending."""
    return table.columns.indices[table.columns.indptr[column] : table.columns.indptr[column + 1]].astype(np.int64)


def core_of(table: Lexis, texts: Ints, share: float, chosen: Parameters) -> Core:
    """What the share `share` of some texts have and few others."""
    column, count = np.unique(table.rows[texts].indices, return_counts=True)
    kept = (count >= max(SEEN, share * texts.size)) & (table.total[column] < chosen.cloud_common * table.size)
    columns: Ints = np.asarray(column[kept], np.int64)
    counts: Ints = np.asarray(count[kept], np.int64)
    elsewhere = table.length.sum() - table.length[texts].sum()
    return Core(columns, counts, (table.total[columns] - counts + 0.5) / max(1.0, elsewhere))


def telling(table: Lexis, texts: Ints, chosen: Parameters) -> Ints:
    """The columns of the core of `texts`, those that tell most first."""
    core = core_of(table, texts, chosen.cloud_core, chosen)
    share = core.count / texts.size
    told = share * bits_of(share, core.rate, np.full(share.size, float(np.median(table.length[texts]))))
    return core.column[np.lexsort((core.column, -told))]


def words_said(table: Lexis, texts: Ints, chosen: Parameters) -> float:
    """How many words of the core of `texts` one of them has, in the mean."""
    core = core_of(table, texts, chosen.cloud_core, chosen)
    return float(core.count[~table.pair[core.column]].sum() / texts.size)


def bits_of(share: Reals, rate: Reals, length: Reals) -> Reals:
    """log2 of how much more likely a text of the cloud has it than another text of its length (0: not more)."""
    bits: Reals = np.maximum(0.0, np.log2(share) - np.log2(-np.expm1(-length * rate)))
    return bits


def own_bits(table: Lexis, texts: Ints, share: float, chosen: Parameters) -> Reals:
    """The score of each of `texts` by what the others have."""
    core = core_of(table, texts, share, chosen)
    part = table.rows[texts]
    row = np.repeat(np.arange(texts.size), np.diff(part.indptr))
    place = np.minimum(np.searchsorted(core.column, part.indices), max(0, core.column.size - 1))
    if not core.column.size:
        return np.zeros(texts.size)
    here = core.column[place] == part.indices
    row, place = row[here], place[here]
    bits = bits_of((core.count[place] - 0.5) / texts.size, core.rate[place], table.length[texts][row])
    return np.bincount(row, bits, minlength=texts.size).astype(np.float64)


def scores_of(table: Lexis, texts: Ints, chosen: Parameters) -> Reals:
    """(n,): the score of every text by what `texts` have."""
    core = core_of(table, texts, chosen.cloud_core, chosen)
    out = np.zeros(table.size)
    for column, count, rate in zip(core.column.tolist(), core.count.tolist(), core.rate.tolist(), strict=True):
        rows = having(table, column)
        out[rows] += bits_of(np.float64(count / texts.size), np.float64(rate), table.length[rows])  # type: ignore[arg-type]
    return out


def without(table: Lexis, texts: Ints) -> Lexis:
    """The table with the totals that it has without `texts`."""
    return replace(table, total=table.total - np.bincount(table.rows[texts].indices, minlength=table.total.size))
