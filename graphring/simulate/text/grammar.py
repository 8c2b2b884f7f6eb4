"""Sentence patterns, compiled into arrays so that a hundred thousand texts are drawn with a few NumPy calls.

A slot of a pattern is a lookup table of tokens. Which entry it takes is a hash of a seed and the slot: of the
`wording` seed for ordinary slots, of the `meaning` seed (and the bank's name, not the place) for kept ones, written
`{#bank}`. A slot `{~bank}` takes the concept from the meaning and the wording of the concept from the wording, so that
a wrapper says the same thing in other words when only its wording changes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphring.simulate.draws import U64, mix, pick, salt, unit
from graphring.simulate.text.banks import TABLE, WORDINGS, Lexicon, load

__all__ = ["Grammar", "Plans", "grammar", "strings"]

Tokens = npt.NDArray[np.int32]
_SLOT: Final = re.compile(r"\{([#~]?)(\w+)(:\d)?(\.?)\}")
_MACRO: Final = re.compile(r"<([A-Z]+)>")
_MEANT: Final = {"": 0, "#": TABLE - 1, "~": TABLE - WORDINGS}
_CHANCE: Final = {"?": 0.5, "*": 0.75}


@dataclass(frozen=True)
class Plans:
    """The plans of one section: for each plan (row) and place (column) the group of sentences and its chance."""

    names: tuple[str, ...]
    first: npt.NDArray[np.int64]
    count: npt.NDArray[np.int64]
    chance: npt.NDArray[np.float64]

    @classmethod
    def of(cls, texts: Mapping[str, str], groups: Mapping[str, tuple[int, int]]) -> Plans:
        """Compile plans; `groups` gives the first pattern and the number of patterns of each group."""
        words = [text.split() for text in texts.values()]
        shape = (len(words), max(len(names) for names in words))
        first, count, chance = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape)
        for row, names in enumerate(words):
            for column, name in enumerate(names):
                first[row, column], count[row, column] = groups[name.rstrip("?*")]
                chance[row, column] = _CHANCE.get(name[-1], 1.0)
        return cls(tuple(texts), first, count, chance)


class Grammar:
    """Everything that patterns.toml says."""

    def __init__(self) -> None:
        source = load("patterns.toml")
        self.lexicon = Lexicon()
        self._macros: dict[str, str] = source["macros"]
        self._tables: dict[tuple[str, str, bool], int] = {}
        self._rows: list[Tokens] = [np.zeros(TABLE, dtype=np.int32)]
        patterns: list[list[tuple[int, int, int]]] = [[]]
        groups: dict[str, tuple[int, int]] = {}
        for group, texts in source["groups"].items():
            groups[group] = (len(patterns), len(texts))
            patterns.extend(self._compile(text) for text in texts)
        self.width = max(len(pattern) for pattern in patterns)
        shape = (len(patterns), self.width)
        self._bank = np.zeros(shape, dtype=np.int32)
        self._salt = np.zeros(shape, dtype=np.uint64)
        self._meant = np.zeros(shape, dtype=np.uint64)
        for row, pattern in enumerate(patterns):
            for column, (bank, value, meant) in enumerate(pattern):
                self._bank[row, column], self._salt[row, column], self._meant[row, column] = bank, value, meant
        self._lengths = np.asarray([len(pattern) for pattern in patterns])
        self.tables = np.stack(self._rows)
        self.plans = {
            section: Plans.of(source[section], groups)
            for section in ("plans", "wrappers", "tails", "quotes", "systems")
        }
        self.words = pa.array(self.lexicon.tokens, pa.large_string())

    def draw(self, section: str, which: npt.NDArray[np.int64], meaning: U64, wording: U64) -> Tokens:
        """The tokens of texts, one row each; 0 where there is none.

        Parameters
        ----------
        section: plans, wrappers, tails, quotes or systems.
        which: the plan of each text, by number in its section.
        """
        plans = self.plans[section]
        parts = []
        for place in range(plans.first.shape[1]):
            first, count, chance = (column[which, place] for column in (plans.first, plans.count, plans.chance))
            choice = mix(wording, place + 1)
            pattern = np.where(unit(mix(choice, 7)) < chance, first + pick(choice, np.maximum(count, 1)), 0)
            parts.append(self._tokens(pattern, meaning, mix(wording, 1000 + place)))
        return np.concatenate(parts, axis=1)

    def _tokens(self, pattern: npt.NDArray[np.int64], meaning: U64, wording: U64) -> Tokens:
        width = int(self._lengths[pattern].max(initial=0))
        place = np.arange(1, width + 1, dtype=np.uint64) * np.uint64(0xD1342543DE82EF95)
        meant = self._meant[pattern, :width]
        with np.errstate(over="ignore"):
            entry = mix(wording[:, None] + place)
            if meant.any():
                concept = mix(meaning[:, None] + self._salt[pattern, :width])
                entry = (concept & meant) | (entry & ~meant)
        entry &= np.uint64(TABLE - 1)
        return np.asarray(self.tables[self._bank[pattern, :width], entry.astype(np.int64)])

    def _compile(self, text: str) -> list[tuple[int, int, int]]:
        """A pattern as (table, salt of the bank, bits of the entry that the meaning decides)."""
        slots: list[tuple[int, int, int]] = []
        prefix, end = "", 0
        text = _MACRO.sub(lambda match: self._macros[match[1]], text)
        text += " " if text.endswith("mark}") else ""
        for match in _SLOT.finditer(text):
            prefix = text[end : match.start()]
            flag, bank, number, capital = match.groups()
            key = (bank, prefix, bool(capital))
            if key not in self._tables:
                self._tables[key] = len(self._rows)
                self._rows.append(self.lexicon.table(bank, prefix=prefix, capital=bool(capital)))
            slots.append((self._tables[key], salt("bank", bank, number), _MEANT[flag]))
            end = match.end()
        if text[end:]:
            slots.append((len(self._rows), 0, 0))
            self._rows.append(np.full(TABLE, self.lexicon.number(text[end:]), dtype=np.int32))
        return slots


@cache
def grammar() -> Grammar:
    """The grammar, compiled once in a process."""
    return Grammar()


def strings(words: pa.LargeStringArray, tokens: Tokens) -> pa.LargeStringArray:
    """Rows of tokens as texts: the bytes of all tokens in a row are the bytes of the texts."""
    flat = tokens.ravel()
    ends = np.concatenate([[0], np.cumsum(np.count_nonzero(tokens, axis=1))])
    taken = words.take(pa.array(flat[flat != 0]))
    if isinstance(taken, pa.ChunkedArray):
        taken = taken.combine_chunks()
    _, offsets, data = taken.buffers()
    places = np.frombuffer(offsets, dtype=np.int64)[taken.offset : taken.offset + len(taken) + 1]
    return pa.LargeStringArray.from_buffers(len(tokens), pa.py_buffer(np.ascontiguousarray(places[ends])), data)
