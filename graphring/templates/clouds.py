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

import numpy as np
import numpy.typing as npt

from graphring.templates.cores import SEEN, having, own_bits, scores_of, telling, without, words_said
from graphring.templates.lexis import Lexis
from graphring.templates.looks import looks
from graphring.templates.parameters import Parameters
from graphring.templates.parting import apart, part
from graphring.templates.sketch import Ints

__all__ = ["Cloud", "find_clouds"]

Clouds = list[tuple[Ints, int]]
"""Texts, ascending, and which of the known clouds they are, or -1."""
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
    found: Clouds = []
    seen: set[bytes] = set()
    for number, (columns, keys) in enumerate(known):
        held = np.bincount(table.columns[:, columns].indices, minlength=table.size) if columns.size else free * 0
        texts = np.flatnonzero(free & (held >= max(SEEN, chosen.cloud_known * keys)))
        if texts.size >= chosen.join_least:
            texts = _grow(table, texts, free, chosen)
        if texts.size:
            found.append((texts, number))
            free[texts] = False
    for column in _seeds(table, chosen).tolist():
        seed = having(table, column)
        seed = seed[free[seed]]
        if seed.size < chosen.join_least or tried[seed].mean() > chosen.cloud_tried:
            continue
        texts = _grow(table, seed, free, chosen)
        tried[seed] = True
        if texts.size < chosen.join_least:
            continue
        tried[texts] = True
        if texts.tobytes() in seen:
            continue
        seen.add(texts.tobytes())
        for piece in _wrappers(table, texts, found, whole, chosen):
            free[piece] = False
            tried[texts] = False  # without this piece the others may show what they are
            if np.unique(account[piece]).size >= chosen.cloud_accounts:
                found.append((piece, -1))
    merged = _merged(table, found, chosen)
    return [
        Cloud(own, telling(table, own, chosen), number)
        for own, number in _trimmed(table, _rejoined(table, _arranged(table, merged, whole, chosen), chosen), chosen)
    ]


def _wrappers(
    table: Lexis, texts: Ints, clouds: Clouds, whole: npt.NDArray[np.bool_], chosen: Parameters
) -> list[Ints]:  # fmt: skip
    """`texts` if they are a wrapper, else those of their parts that are: tasks of like words grow into one another,
    and have no words together that each of them has.
    """
    together, slots = looks(table, texts, whole, chosen, chosen.cloud_formula)
    if slots < chosen.cloud_slot:
        return []
    if together >= chosen.cloud_together:
        return [texts]
    pieces = part(_alone(table, texts, clouds), texts, chosen)
    seen = [(own, *looks(table, own, whole, chosen, chosen.cloud_formula)) for own in pieces]
    return [own for own, bits, slot in seen if bits >= chosen.cloud_together and slot >= chosen.cloud_slot]


def _arranged(table: Lexis, clouds: Clouds, whole: npt.NDArray[np.bool_], chosen: Parameters) -> Clouds:
    """Divide what is several wrappers and settle the texts, until nothing changes."""
    for _ in range(_ROUNDS):
        pieces = [(piece, k) for i, (_, k) in enumerate(clouds) for piece in _parts(table, clouds, i, whole, chosen)]
        new = _settled(table, pieces, chosen)
        if len(new) == len(clouds) and all(np.array_equal(a, b) for (a, _), (b, _) in zip(new, clouds, strict=True)):
            break
        clouds = new
    return clouds


def _parts(
    table: Lexis, clouds: Clouds, number: int, whole: npt.NDArray[np.bool_], chosen: Parameters
) -> list[Ints]:  # fmt: skip
    """A new cloud, or the wrappers of which it consists; a known one stays whole."""
    texts, known = clouds[number]
    if known >= 0:
        return [texts]
    alone = _alone(table, texts, clouds)
    pieces = part(alone, texts, chosen)
    if len(pieces) == 1:
        return pieces
    # the whole has slots and is no formula: so have the parts, and what one of them always says counts
    return [own for own in pieces if looks(alone, own, whole, chosen, 1.0)[0] >= chosen.cloud_together]


def _rejoined(table: Lexis, clouds: Clouds, chosen: Parameters) -> Clouds:
    """Clouds together that words do not tell apart as they tell two tasks apart (`part`), and that explain each other:
    what grew from two turns of phrase of one wrapper. Known clouds stay apart from one another.
    """
    while len(clouds) > 1:
        scores = [scores_of(table, texts, chosen) for texts, _ in clouds]
        own = [max(float(np.median(s[texts])), 1.0) for s, (texts, _) in zip(scores, clouds, strict=True)]
        near = [
            (a, b)
            for b in range(len(clouds))
            for a in range(b)
            if min(clouds[a][1], clouds[b][1]) < 0
            and min(np.median(scores[b][clouds[a][0]]) / own[b], np.median(scores[a][clouds[b][0]]) / own[a])
            >= chosen.cloud_alike
        ]
        told = []
        for a, b in near:
            both = _both(clouds, a, b)[0]
            told.append((apart(_alone(table, both, clouds), both, np.isin(both, clouds[a][0]), chosen), a, b))
        share, a, b = min(told, default=(1.0, 0, 0))
        if share >= chosen.cloud_one:
            break
        clouds = _with_one(clouds, a, b)
    return clouds


def _both(clouds: Clouds, a: int, b: int) -> tuple[Ints, int]:
    """Two clouds as one, of which at most one is known."""
    return np.sort(np.concatenate([clouds[a][0], clouds[b][0]])), max(clouds[a][1], clouds[b][1])


def _with_one(clouds: Clouds, a: int, b: int) -> Clouds:
    """The other clouds, and these two as one."""
    return [*(cloud for i, cloud in enumerate(clouds) if i not in (a, b)), _both(clouds, a, b)]


def _alone(table: Lexis, texts: Ints, clouds: Clouds) -> Lexis:
    """The table of a night without the other clouds: what holds `texts` together does not turn on what else came."""
    return without(table, np.setdiff1d(np.concatenate([texts[:0], *(own for own, _ in clouds)]), texts))


def _settled(table: Lexis, clouds: Clouds, chosen: Parameters) -> Clouds:
    """Each text in the cloud that explains it best, whichever grew first and took it; a cloud with too few goes."""
    if len(clouds) < 2:
        return clouds
    texts = np.sort(np.concatenate([texts for texts, _ in clouds]))
    for _ in range(_ROUNDS):
        home = np.argmax([scores_of(table, own, chosen)[texts] for own, _ in clouds], axis=0)
        new = [(texts[home == i], known) for i, (_, known) in enumerate(clouds)]
        new = [(own, known) for own, known in new if own.size >= chosen.join_least or (known >= 0 and own.size)]
        if len(new) == len(clouds) and all(np.array_equal(a, b) for (a, _), (b, _) in zip(new, clouds, strict=True)):
            break
        clouds = new
        texts = np.sort(np.concatenate([own for own, _ in clouds]))
    return clouds


def _trimmed(table: Lexis, clouds: Clouds, chosen: Parameters) -> Clouds:
    """Without the texts that hold to their cloud only loosely, or hardly more than to another, and without the clouds
    whose texts have too few words in common: "can you tell me why" is how people ask.

    They were of use while the clouds were found; a text that is not surely of one family is better in none.
    """
    if not clouds:
        return []
    scores = np.array([scores_of(table, texts, chosen) for texts, _ in clouds])
    out = []
    for i, (texts, known) in enumerate(clouds):
        own = own_bits(table, texts, chosen.cloud_core, chosen)
        others = np.max(np.delete(scores, i, 0), axis=0, initial=0.0)[texts]
        sure = (own >= chosen.cloud_keep * np.median(own)) & (own - others >= chosen.cloud_clear)
        kept = texts[sure | (known >= 0)]
        wrapper = kept.size >= chosen.join_least and words_said(table, kept, chosen) >= chosen.cloud_words
        if wrapper or known >= 0:
            out.append((kept, known))
    return out


def _seeds(table: Lexis, chosen: Parameters) -> Ints:
    """Pairs whose texts share enough else, those that share most first."""
    able = table.pair & (table.total >= chosen.join_least) & (table.total <= chosen.cloud_seed * table.size)
    columns = np.flatnonzero(able)
    bits = np.zeros(columns.size)
    for i, column in enumerate(columns.tolist()):
        texts = having(table, column)
        texts = texts[:: max(1, texts.size // _LOOK)]
        bits[i] = np.quantile(own_bits(table, texts, chosen.cloud_seed_core, chosen), chosen.cloud_quantile)
    order = np.lexsort((columns, -bits))
    return columns[order[bits[order] >= chosen.cloud_bits]]


def _grow(table: Lexis, seed: Ints, free: npt.NDArray[np.bool_], chosen: Parameters) -> Ints:
    """Take in what scores like the texts at hand, until nothing changes."""
    texts = seed
    for _ in range(_ROUNDS):
        scores = scores_of(table, texts, chosen)
        least = max(chosen.cloud_least, chosen.attach_share * float(np.median(scores[texts])))
        new = np.flatnonzero(free & (scores >= least))
        if new.size < chosen.join_least or np.array_equal(new, texts):
            return new
        texts = new
    return texts


def _merged(table: Lexis, found: Clouds, chosen: Parameters) -> Clouds:
    """Clouds of one wrapper together: most of one's texts belong to the other by its measure.

    Known clouds stay apart from one another.
    """
    clouds = list(found)
    while True:
        scores = [scores_of(table, texts, chosen) for texts, _ in clouds]
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
        clouds = _with_one(clouds, -a, -b)
