"""Word banks: banks.toml as lookup tables of token numbers."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from graphring.simulate.draws import mix, pick, salt, stream

__all__ = ["TABLE", "WORDINGS", "Lexicon", "load"]

TABLE: Final = 1024
"""Entries of a lookup table: ten bits of a hash choose one."""
WORDINGS: Final = 16
"""Entries of a table that belong to one concept: the lowest four bits."""
_INVENTED: Final = 768
_ONSETS: Final = [
    "b",
    "br",
    "c",
    "ch",
    "d",
    "dr",
    "f",
    "fl",
    "g",
    "gr",
    "h",
    "j",
    "k",
    "kl",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "qu",
    "r",
    "s",
    "sh",
    "st",
    "t",
    "tr",
    "v",
    "w",
    "y",
    "z",
]
_NUCLEI: Final = ["a", "ae", "ai", "e", "ea", "ee", "i", "ia", "o", "oa", "oo", "ou", "u"]
_CODAS: Final = ["b", "ck", "d", "l", "ll", "m", "n", "nd", "ng", "nt", "r", "rd", "rn", "s", "st", "t", "th", "x"]
_ENDINGS: Final = {
    "first": ["a", "o", "e", "in", "ia", "us", "en", "y", "an", "el"],
    "last": ["son", "er", "ez", "ova", "mann", "ini", "ski", "wood", "es", "i"],
    "town": ["ton", "burg", "ville", "ham", "sk", "mouth", "field", "ia", "port", "ow"],
    "firm": [" Ltd", " Labs", "ix", "ware", "soft", " AG", " & Co", "ly", " Systems", "io"],
}


def load(name: str) -> dict[str, Any]:
    """A TOML file of this package."""
    return tomllib.loads(resources.files(__package__).joinpath(name).read_text(encoding="utf-8"))


class Lexicon:
    """Token texts by number; number 0 is empty."""

    def __init__(self) -> None:
        self.tokens: list[str] = [""]
        self._entries: dict[str, npt.NDArray[np.int32]] = {}
        self._concepts = {name: _concepts(str(text)) for name, text in load("banks.toml").items()}

    def words(self, bank: str) -> list[str]:
        """The words of a bank."""
        return [word for concept in self._concepts[bank] for word in concept]

    def number(self, token: str) -> int:
        """The number of a new token."""
        self.tokens.append(token)
        return len(self.tokens) - 1

    def table(self, bank: str, *, prefix: str = "", capital: bool = False) -> npt.NDArray[np.int32]:
        """A table of `prefix` + word; frequent words take more entries, as in a language.

        Entries of one block of WORDINGS are wordings of one concept; where words are no concepts, blocks mean nothing.

        Raises
        ------
        KeyError: there is no such bank.
        """
        first = len(self.tokens)
        self.tokens += [prefix + (word[:1].upper() + word[1:] if capital else word) for word in self.words(bank)]
        if bank not in self._entries:
            self._entries[bank] = _entries(bank, self._concepts[bank])
        return self._entries[bank] + np.int32(first)


def _entries(bank: str, concepts: list[list[str]]) -> npt.NDArray[np.int32]:
    """Which word each entry of a bank's table holds."""
    size = WORDINGS if max(len(words) for words in concepts) > 1 else 1
    places = TABLE // size
    weights = 1.0 / (np.arange(len(concepts)) + 1.0 + len(concepts) / 4) ** 0.7
    ends = np.floor(np.cumsum(weights) / weights.sum() * places).astype(np.int64)
    rank = np.minimum(np.searchsorted(ends, np.arange(places), side="right"), len(concepts) - 1)
    concept = np.repeat(stream(0, "bank", bank).permutation(len(concepts))[rank], size)
    lengths = np.asarray([len(words) for words in concepts])
    turn = np.tile(np.arange(size), places)
    return np.asarray((np.cumsum(lengths) - lengths)[concept] + turn % lengths[concept], dtype=np.int32)


def _concepts(text: str) -> list[list[str]]:
    """The words of a bank, those of one concept together."""
    if text.startswith("range:"):
        low, high = (int(part) for part in text.removeprefix("range:").split(":"))
        return [[str(value)] for value in range(low, high, max(1, (high - low) // TABLE))]
    if text.startswith("names:"):
        return [[word] for word in _names(text.removeprefix("names:"))]
    if text.startswith("compound:"):
        heads, tails = (part.split() for part in text.removeprefix("compound:").split("/"))
        pairs = [(head, tail) for head in heads for tail in tails]
        chosen = [pairs[k] for k in range(0, len(pairs), 5)]
        return [[head + tail if k % 2 else f"{head}_{tail.lower()}"] for k, (head, tail) in enumerate(chosen)]
    if "/" in text:
        return [[word.strip() for word in concept.split("/")] for concept in text.split("|")]
    return [[word.strip()] for word in dict.fromkeys(text.split("|") if "|" in text else text.split())]


def _names(kind: str) -> list[str]:
    """Invented names: syllables with an ending of their kind."""
    endings = _ENDINGS[kind]
    base = salt("names", kind)
    numbers = np.arange(_INVENTED)
    parts = [
        pick(numbers_hash, len(choice))
        for numbers_hash, choice in (
            (mix(numbers, base + 1), _ONSETS), (mix(numbers, base + 2), _NUCLEI), (mix(numbers, base + 3), _CODAS),
            (mix(numbers, base + 4), endings),
        )
    ]  # fmt: skip
    names = [(_ONSETS[a] + _NUCLEI[b] + _CODAS[c]).capitalize() + endings[d] for a, b, c, d in zip(*parts, strict=True)]
    return list(dict.fromkeys(names))
