"""Word banks: banks.toml as lookup tables of token numbers."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from graphring.simulate.draws import mix, pick, salt, stream

__all__ = ["TABLE", "Lexicon", "load"]

TABLE: Final = 1024
"""Entries of a lookup table: ten bits of a hash choose one."""
_INVENTED: Final = 768
_ONSETS: Final = ["b", "br", "c", "ch", "d", "dr", "f", "fl", "g", "gr", "h", "j", "k", "kl", "l", "m", "n", "p", "pl", "qu", "r", "s", "sh", "st", "t", "tr", "v", "w", "y", "z"]
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
        self._numbers: dict[str, int] = {"": 0}
        self._words = {name: _words(name, str(text)) for name, text in load("banks.toml").items()}

    def words(self, bank: str) -> list[str]:
        """The words of a bank."""
        return self._words[bank]

    def number(self, token: str) -> int:
        """The number of a token, new ones included."""
        if token not in self._numbers:
            self._numbers[token] = len(self.tokens)
            self.tokens.append(token)
        return self._numbers[token]

    def literal(self, text: str) -> npt.NDArray[np.int32]:
        """A table that always gives `text`."""
        return np.full(TABLE, self.number(text), dtype=np.int32)

    def table(
        self, bank: str, *, prefix: str = "", capital: bool = False, optional: bool = False
    ) -> npt.NDArray[np.int32]:
        """A table of `prefix` + word; frequent words take more entries, as in a language.

        Raises
        ------
        KeyError: there is no such bank.
        """
        words = self._words[bank]
        numbers = [self.number(prefix + (word[:1].upper() + word[1:] if capital else word)) for word in words]
        rng = stream(0, "bank", bank)
        order = rng.permutation(len(numbers))
        weights = 1.0 / (np.arange(len(numbers)) + 1.0 + len(numbers) / 4) ** 0.7
        shares = np.floor(np.cumsum(weights) / weights.sum() * TABLE).astype(np.int64)
        table = np.asarray(numbers, dtype=np.int32)[order][
            np.minimum(np.searchsorted(shares, np.arange(TABLE), side="right"), len(numbers) - 1)
        ]
        if optional:
            table = np.where(rng.random(TABLE) < 0.5, np.int32(0), table)
        return table


def _words(name: str, text: str) -> list[str]:
    if text.startswith("range:"):
        low, high = (int(part) for part in text.removeprefix("range:").split(":"))
        step = max(1, (high - low) // TABLE)
        return [str(value) for value in range(low, high, step)]
    if text.startswith("names:"):
        return _names(text.removeprefix("names:"))
    words = [word.strip() for word in text.split("|")] if "|" in text else text.split()
    return list(dict.fromkeys(words))


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
