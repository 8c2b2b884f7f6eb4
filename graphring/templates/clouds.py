"""Clouds: many rewordings of one wrapper, found among single prompts that share no shingle.

Each wording may come once. What holds its prompts together is a set of words and word pairs of which each prompt has
many: an iterated naive Bayes (Maron 1961), as in Bayesian Sets (Ghahramani and Heller 2005), grows a cloud from the
texts of one pair. Two tests tell a wrapper from a topic:

- the words of the wrapper stand together. They are measured in the two best segments of a text (Karlin and Altschul
  1990), where each word costs `cloud_cost` bits; a topic is spread over a long text. What nearly all texts say verbatim
  is left out: that is a formula ("I want you to act as a"), and shingles judge those;
- a wrapper has a slot: words that the cloud does not explain, however alike its prompts are. Customers who ask the
  same thing, and exercises on the same subject, have next to none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from graphring.templates.lexis import Lexis, Reals
from graphring.templates.parameters import Parameters
from graphring.templates.parting import part
from graphring.templates.sketch import Ints

__all__ = ["Cloud", "find_clouds"]

_SEEN = 3
"""Texts that must have a word for it to be a cloud's."""
_ROUNDS = 10
_LOOK = 40
"""Texts of a pair that are looked at to see whether the others are worth it."""


@dataclass(frozen=True)
class Cloud:
    """Texts that are rewordings of one wrapper."""

    texts: Ints
    """Ascending."""
    core: Ints
    """The columns that the share `cloud_core` of them has, those that tell most first."""
    known: int = -1
    """Which of the known clouds it is; -1: none."""


@dataclass(frozen=True)
class _Core:
    column: Ints
    count: Ints
    """Texts of the cloud that have it."""
    rate: Reals
    """How often it comes elsewhere, for each word and pair of a text."""


def find_clouds(
    table: Lexis, account: Ints, whole: npt.NDArray[np.bool_], known: Sequence[tuple[Ints, int]], chosen: Parameters
) -> list[Cloud]:
    """All clouds, each text in one at most: the known ones first, then those of the tightest seeds.

    Parameters
    ----------
    account: (n,) who sent each text.
    whole: (n,) whether a text is a wording, whose slots are gone, rather than a prompt.
    known: for each known cloud the columns that tell it, and how many words and pairs tell it, those that nobody has
        tonight included; a text that has the share `cloud_known` of them is in it.
    """
    free = np.ones(table.size, np.bool_)
    tried = np.zeros(table.size, np.bool_)
    found: list[tuple[Ints, int]] = []
    for number, (columns, keys) in enumerate(known):
        held = np.bincount(table.columns[:, columns].indices, minlength=table.size) if columns.size else free * 0
        texts = np.flatnonzero(free & (held >= max(_SEEN, chosen.cloud_known * keys)))
        if texts.size >= chosen.join_least:
            texts = _grow(table, texts, free, chosen)
        if texts.size:
            found.append((texts, number))
            free[texts] = False
    for column in _seeds(table, chosen).tolist():
        seed = _having(table, column)
        seed = seed[free[seed]]
        if seed.size < chosen.join_least or tried[seed].mean() > chosen.cloud_tried:
            continue
        texts = _grow(table, seed, free, chosen)
        tried[seed] = True
        if texts.size < chosen.join_least:
            continue
        tried[texts] = True
        if _is_wrapper(table, texts, whole, chosen):
            free[texts] = False
            if np.unique(account[texts]).size >= chosen.cloud_accounts:
                found.append((texts, -1))
    clouds = [(piece, k) for texts, k in _merged(table, found, chosen) for piece in _parts(table, texts, k, chosen)]
    return [Cloud(texts, _telling(table, texts, chosen), k) for texts, k in _settled(table, clouds, chosen)]


def _parts(table: Lexis, texts: Ints, known: int, chosen: Parameters) -> list[Ints]:
    """A new cloud, or the wrappers of which it consists; a known one stays whole."""
    if known >= 0:
        return [texts]
    together = float(np.median(_own_bits(table, texts, chosen.cloud_core, chosen)))
    return part(table, texts, max(chosen.cloud_apart, chosen.cloud_apart_share * together), chosen)


def _settled(table: Lexis, clouds: list[tuple[Ints, int]], chosen: Parameters) -> list[tuple[Ints, int]]:
    """Each text in the cloud that explains it best, whichever grew first and took it; a cloud left with too few goes."""
    if len(clouds) < 2:
        return clouds
    texts = np.sort(np.concatenate([texts for texts, _ in clouds]))
    for _ in range(_ROUNDS):
        home = np.argmax([_scores(table, own, chosen)[texts] for own, _ in clouds], axis=0)
        new = [(texts[home == i], known) for i, (_, known) in enumerate(clouds)]
        new = [(own, known) for own, known in new if own.size >= chosen.join_least or (known >= 0 and own.size)]
        if len(new) == len(clouds) and all(np.array_equal(a, b) for (a, _), (b, _) in zip(new, clouds, strict=True)):
            break
        clouds = new
    return clouds


def _having(table: Lexis, column: int) -> Ints:
    return table.columns.indices[table.columns.indptr[column] : table.columns.indptr[column + 1]].astype(np.int64)


def _seeds(table: Lexis, chosen: Parameters) -> Ints:
    """Pairs whose texts share enough else, those that share most first."""
    able = table.pair & (table.total >= chosen.join_least) & (table.total <= chosen.cloud_seed * table.size)
    columns = np.flatnonzero(able)
    bits = np.zeros(columns.size)
    for i, column in enumerate(columns.tolist()):
        texts = _having(table, column)
        texts = texts[:: max(1, texts.size // _LOOK)]
        bits[i] = np.quantile(_own_bits(table, texts, chosen.cloud_seed_core, chosen), chosen.cloud_quantile)
    order = np.lexsort((columns, -bits))
    return columns[order[bits[order] >= chosen.cloud_bits]]


def _core(table: Lexis, texts: Ints, share: float, chosen: Parameters) -> _Core:
    """What the share `share` of some texts have and few others."""
    column, count = np.unique(table.rows[texts].indices, return_counts=True)
    kept = (count >= max(_SEEN, share * texts.size)) & (table.total[column] < chosen.cloud_common * table.size)
    columns: Ints = np.asarray(column[kept], np.int64)
    counts: Ints = np.asarray(count[kept], np.int64)
    elsewhere = table.length.sum() - table.length[texts].sum()
    return _Core(columns, counts, (table.total[columns] - counts + 0.5) / max(1.0, elsewhere))


def _telling(table: Lexis, texts: Ints, chosen: Parameters) -> Ints:
    core = _core(table, texts, chosen.cloud_core, chosen)
    share = core.count / texts.size
    told = share * _bits(share, core.rate, np.full(share.size, float(np.median(table.length[texts]))))
    return core.column[np.lexsort((core.column, -told))]


def _bits(share: Reals, rate: Reals, length: Reals) -> Reals:
    """log2 of how much more likely a text of the cloud has it than another text of its length (0: not more)."""
    bits: Reals = np.maximum(0.0, np.log2(share) - np.log2(-np.expm1(-length * rate)))
    return bits


def _own_bits(table: Lexis, texts: Ints, share: float, chosen: Parameters) -> Reals:
    """The score of each of `texts` by what the others have."""
    core = _core(table, texts, share, chosen)
    part = table.rows[texts]
    row = np.repeat(np.arange(texts.size), np.diff(part.indptr))
    place = np.minimum(np.searchsorted(core.column, part.indices), max(0, core.column.size - 1))
    if not core.column.size:
        return np.zeros(texts.size)
    here = core.column[place] == part.indices
    row, place = row[here], place[here]
    bits = _bits((core.count[place] - 0.5) / texts.size, core.rate[place], table.length[texts][row])
    return np.bincount(row, bits, minlength=texts.size).astype(np.float64)


def _scores(table: Lexis, texts: Ints, chosen: Parameters) -> Reals:
    """(n,): the score of every text by what `texts` have."""
    core = _core(table, texts, chosen.cloud_core, chosen)
    out = np.zeros(table.size)
    for column, count, rate in zip(core.column.tolist(), core.count.tolist(), core.rate.tolist(), strict=True):
        rows = _having(table, column)
        out[rows] += _bits(np.float64(count / texts.size), np.float64(rate), table.length[rows])  # type: ignore[arg-type]
    return out


def _grow(table: Lexis, seed: Ints, free: npt.NDArray[np.bool_], chosen: Parameters) -> Ints:
    """Take in what scores like the texts at hand, until nothing changes."""
    texts = seed
    for _ in range(_ROUNDS):
        scores = _scores(table, texts, chosen)
        least = max(chosen.cloud_least, chosen.attach_share * float(np.median(scores[texts])))
        new = np.flatnonzero(free & (scores >= least))
        if new.size < chosen.join_least or np.array_equal(new, texts):
            return new
        texts = new
    return texts


def _is_wrapper(table: Lexis, texts: Ints, whole: npt.NDArray[np.bool_], chosen: Parameters) -> bool:
    """Whether its words stand together, and whether there are slots."""
    together = np.quantile(_segments(table, texts, chosen), chosen.cloud_quantile)
    filled = texts[~whole[texts]]
    slots = np.quantile(_slots(table, texts, filled), chosen.cloud_quantile) if filled.size else np.inf
    return bool(together >= chosen.cloud_together and slots >= chosen.cloud_slot)


def _segments(table: Lexis, texts: Ints, chosen: Parameters) -> Reals:
    """Bits in the two best segments of each text."""
    core = _core(table, texts, chosen.cloud_core, chosen)
    share, rate = np.zeros(table.total.size), np.zeros(table.total.size)
    rewordings = core.count <= chosen.cloud_formula * texts.size
    column = core.column[rewordings]
    share[column] = (core.count[rewordings] - 0.5) / texts.size
    rate[column] = core.rate[rewordings]
    found: Reals = _best_segments(
        texts, table.start, table.word, table.after, table.length, share, rate, chosen.cloud_cost
    )
    return found


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


def _merged(table: Lexis, found: list[tuple[Ints, int]], chosen: Parameters) -> list[tuple[Ints, int]]:
    """Clouds of one wrapper together: most of one's texts belong to the other by its measure.

    Known clouds stay apart from one another.
    """
    clouds = list(found)
    while True:
        scores = [_scores(table, texts, chosen) for texts, _ in clouds]
        least = [chosen.cloud_merge * float(np.median(s[t])) for s, (t, _) in zip(scores, clouds, strict=True)]
        alike = [
            (float(np.mean(scores[b][clouds[a][0]] >= least[b])), -a, -b)
            for a in range(len(clouds))
            for b in range(len(clouds))
            if a != b and min(clouds[a][1], clouds[b][1]) < 0
        ]
        share, a, b = max(alike, default=(0.0, 0, 0))
        if share < chosen.cloud_share:
            return clouds
        (one, its), (other, others) = clouds[-a], clouds[-b]
        rest = [cloud for i, cloud in enumerate(clouds) if i not in (-a, -b)]
        clouds = [*rest, (np.sort(np.concatenate([one, other])), max(its, others))]
