"""Texts as sets of words and word pairs: the sparse table on which clouds of rewordings are looked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_array, csr_array

from graphring.templates.sketch import Ints

__all__ = ["Lexis", "lexis"]

Reals = npt.NDArray[np.float64]
_ONCE: Final = 2
"""Texts that must have a word or pair for it to have a column."""


@dataclass(frozen=True)
class Lexis:
    """n texts; a column is a word, or two words that follow one another, which two texts or more have."""

    rows: csr_array
    """(n, columns): 1 where a text has it."""
    columns: csc_array
    """The same, by column."""
    total: Ints
    """(columns,): texts that have it."""
    pair: npt.NDArray[np.bool_]
    """(columns,): whether it is a pair."""
    length: Reals
    """(n,): different words and pairs of each text, those without a column included."""
    own: Ints
    """(n,): different words that no other text has."""
    names: tuple[str, ...]
    """(columns,): the word, or the two words with a space between."""
    start: Ints
    """(n + 1,): where the words of each text begin in `word` and `after`."""
    word: Ints
    """Word by word its column, or -1."""
    after: Ints
    """The column of each word with the next one, or -1."""

    @property
    def size(self) -> int:
        """Texts."""
        return int(self.length.size)


def lexis(texts: Sequence[Sequence[str]]) -> Lexis:
    """Tabulate texts, each given as its folded words in order."""
    start = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(words) for words in texts], out=start[1:])
    vocabulary = sorted({word for words in texts for word in words})
    number = {word: i for i, word in enumerate(vocabulary)}
    word = np.fromiter((number[w] for words in texts for w in words), np.int64, int(start[-1]))
    text = np.repeat(np.arange(len(texts)), np.diff(start))
    follows = np.zeros(word.size, np.bool_)
    follows[:-1] = text[1:] == text[:-1]
    base = len(vocabulary) + 1
    first = np.flatnonzero(follows)
    pair = word[first] * base + word[first + 1]
    word_column, word_total, words = _columns(text, word, len(texts))
    pair_column, pair_total, pairs = _columns(text[first], pair, len(texts))
    pair_column = np.where(pair_column >= 0, pair_column + words.size, -1)
    after = np.full(word.size, -1, np.int64)
    after[first] = pair_column
    columns = words.size + pairs.size
    rows = _table([(text, word_column), (text[first], pair_column)], len(texts), columns)
    named = [vocabulary[w] for w in words.tolist()]
    named += [f"{vocabulary[p // base]} {vocabulary[p % base]}" for p in pairs.tolist()]
    own = _alone(text, word, word_column, len(texts))
    hapax = own + _alone(text[first], pair, pair_column, len(texts))
    return Lexis(
        rows, rows.tocsc(), np.concatenate([word_total, pair_total]), np.arange(columns) >= words.size,
        np.diff(rows.indptr) + hapax.astype(np.float64), own, tuple(named), start, word_column, after,
    )  # fmt: skip


def _columns(text: Ints, item: Ints, texts: int) -> tuple[Ints, Ints, Ints]:
    """(column of each occurrence or -1, texts of each column, item of each column)."""
    values, place = np.unique(item, return_inverse=True)
    found = np.unique(place * max(1, texts) + text)
    total = np.bincount(found // max(1, texts), minlength=values.size)
    kept = total >= _ONCE
    new = np.where(kept, np.cumsum(kept) - 1, -1)
    return new[place], total[kept], values[kept]


def _alone(text: Ints, item: Ints, column: Ints, texts: int) -> Ints:
    """How many different items without a column each text has."""
    here = column < 0
    pairs = np.unique(np.stack([text[here], item[here]]), axis=1)
    return np.bincount(pairs[0], minlength=texts)


def _table(parts: Sequence[tuple[Ints, Ints]], texts: int, columns: int) -> csr_array:
    text = np.concatenate([t[c >= 0] for t, c in parts])
    column = np.concatenate([c[c >= 0] for _, c in parts])
    flat = np.unique(text * max(1, columns) + column)
    row, column = flat // max(1, columns), flat % max(1, columns)
    indptr = np.zeros(texts + 1, np.int64)
    np.cumsum(np.bincount(row, minlength=texts), out=indptr[1:])
    return csr_array((np.ones(flat.size, np.int8), column, indptr), shape=(texts, columns))
