"""Sentence patterns, compiled into arrays so that a hundred thousand texts are drawn with a few NumPy calls.

A slot of a pattern is a lookup table of tokens. Which entry it takes is a hash of a seed and the slot: of the
`wording` seed for ordinary slots, of the `meaning` seed (and the bank's name, not the place) for kept ones, written
`{#bank}`. So a wrapper says the same thing in other words when only its wording changes.
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
from graphring.simulate.text.banks import TABLE, Lexicon, load

__all__ = ["Grammar", "Plans", "grammar", "strings"]

Tokens = npt.NDArray[np.int32]
_SLOT: Final = re.compile(r"\{([#?]?)(\w+)(\.?)\}")
_CHANCE: Final = {"?": 0.5, "*": 0.75}


@dataclass(frozen=True)
class Plans:
    """The plans of one section: for each plan (row) and place (column) the group of sentences and how often it is there."""

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
        self._tables: dict[tuple[str, str, bool, bool], int] = {}
        self._rows: list[Tokens] = [np.zeros(TABLE, dtype=np.int32)]
        patterns: list[list[tuple[int, int, bool]]] = [[]]
        groups: dict[str, tuple[int, int]] = {}
        for group, texts in source["groups"].items():
            groups[group] = (len(patterns), len(texts))
            patterns.extend(self._compile(text) for text in texts)
        self.width = max(len(pattern) for pattern in patterns)
        shape = (len(patterns), self.width)
        self._bank = np.zeros(shape, dtype=np.int32)
        self._salt = np.zeros(shape, dtype=np.uint64)
        self._kept = np.zeros(shape, dtype=np.bool_)
        for row, pattern in enumerate(patterns):
            for column, (bank, value, kept) in enumerate(pattern):
                self._bank[row, column], self._salt[row, column], self._kept[row, column] = bank, value, kept
        self._lengths = np.asarray([len(pattern) for pattern in patterns])
        self.tables = np.stack(self._rows)
        self.plans = {
            section: Plans.of(source[section], groups) for section in ("plans", "wrappers", "quotes", "systems")
        }
        self.words = pa.array(self.lexicon.tokens, pa.large_string())

    def draw(self, section: str, which: npt.NDArray[np.int64], meaning: U64, wording: U64) -> Tokens:
        """The tokens of texts, one row each; 0 where there is none.

        Parameters
        ----------
        section: plans, wrappers, quotes or systems.
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
        columns = slice(0, width)
        seed = np.where(self._kept[pattern, columns], meaning[:, None], wording[:, None])
        with np.errstate(over="ignore"):
            entry = mix(seed + self._salt[pattern, columns]) & np.uint64(TABLE - 1)
        return np.asarray(self.tables[self._bank[pattern, columns], entry.astype(np.int64)])

    def _compile(self, text: str) -> list[tuple[int, int, bool]]:
        slots: list[tuple[int, int, bool]] = []
        prefix, end = "", 0
        text += " " if text.endswith("mark}") else ""
        for number, match in enumerate(_SLOT.finditer(text)):
            prefix = text[end : match.start()]
            flag, bank, capital = match.groups()
            key = (bank, prefix, bool(capital), flag == "?")
            if key not in self._tables:
                self._tables[key] = len(self._rows)
                self._rows.append(self.lexicon.table(bank, prefix=prefix, capital=bool(capital), optional=flag == "?"))
            slots.append((self._tables[key], salt("bank", bank) if flag == "#" else number, flag == "#"))
            end = match.end()
        if text[end:]:
            slots.append((len(self._rows), 0, False))
            self._rows.append(self.lexicon.literal(text[end:]))
        return slots


@cache
def grammar() -> Grammar:
    """The grammar, compiled once in a process."""
    return Grammar()


def strings(words: pa.LargeStringArray, tokens: Tokens) -> pa.LargeStringArray:
    """Rows of tokens as texts: the bytes of all tokens in a row are the bytes of the texts."""
    flat = tokens.ravel()
    present = flat != 0
    ends = np.concatenate([[0], np.cumsum(present)[tokens.shape[1] - 1 :: tokens.shape[1]]])
    taken = words.take(pa.array(flat[present]))
    if isinstance(taken, pa.ChunkedArray):
        taken = taken.combine_chunks()
    _, offsets, data = taken.buffers()
    places = np.frombuffer(offsets, dtype=np.int64)[taken.offset : taken.offset + len(taken) + 1]
    return pa.LargeStringArray.from_buffers(len(tokens), pa.py_buffer(np.ascontiguousarray(places[ends])), data)
