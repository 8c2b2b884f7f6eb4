"""What is kept of raw prompts: the words that a family's prompts have in common; everything else becomes a slot."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from graphring.templates.normalise import WITHOUT_SPACES, fold, visible

__all__ = ["SLOT", "Wording", "fold_words", "outer_words", "redact", "wording"]

SLOT: Final = "⟨…⟩"
_SINGLE: Final = "".join(f"{chr(low)}-{chr(high)}" for low, high in WITHOUT_SPACES)
_WORD: Final = re.compile(rf"([^\S\n]*)(\n|[{_SINGLE}]|[^\W_{_SINGLE}]+|[^\s])")
"""The blanks before, and a line end, a character of a script without spaces, a word, or a mark."""
_INDENT: Final = 16
"""Most blanks of a row that are shown."""
_SPACED: Final = rf"[^\W{_SINGLE}]"
"""Part of a word in a script with spaces."""
_NUMBER: Final = re.compile(r"[0-9]+")
_RUN: Final = 3
_SECRETS: Final = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]*-----|\Z)", re.DOTALL),
    re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"),
    re.compile(r"(?i)\b[a-z][a-z0-9+.-]{1,15}://[^\s<>\"']+"),
    re.compile(
        r"\b(?:[spr]k|gh[oprsu]|github_pat|glpat|hf|npm|whsec|xapp|xox[abeprs]|GOCSPX)[-_][\w-]{8,}"
        r"|\b(?:AKIA|ASIA|AIza)[\w-]{8,}"
    ),
    re.compile(r"\beyJ[\w-]{5,}(?:\.[\w-]+)*"),
    re.compile(r"(?=[_+/=-]*[A-Za-z0-9])[A-Za-z0-9_+/=-]{40,}"),
    re.compile(rf"(?<!{_SPACED})(?={_SPACED}*\d)(?={_SPACED}*[A-Za-z])(?:{_SPACED}|[+/=-]){{12,}}"),
)
"""Keys, addresses, links and tokens (the prefixes that their issuers document); masked in the raw text, whole."""
_NUMBERS: Final = re.compile(r"\+?\d(?:[\d().:/-]|[^\S\n])*\d|\d")
_MASK: Final = "\ue000"
"""Stands for a secret among the words of a text; of private use, so that no text has it."""


@dataclass(frozen=True)
class Wording:
    """The wrapper of a family, as its sampled prompts show it."""

    text: str
    """Redacted, slots marked."""
    words: tuple[str, ...]
    """The folded words outside slots, in order."""
    firm: int
    """Words that (nearly) all prompts share."""
    clean: int
    """Runs of such words that begin and end at a mark, a line end or the end of the prompt, as wrappers do and turns of
    phrase seldom do."""

    def points(self, shingles: int) -> float:
        """Evidence, in words, that this is a wrapper and no turn of phrase.

        Parameters
        ----------
        shingles: how many shingles of the wording stand in (nearly) the same prompts. In a wrapper all do; of a turn
            of phrase, which branches after every word, few.
        """
        return self.firm + 3.0 * min(2, self.clean) + (-4 if shingles <= 2 else min(3, shingles - 4))


def fold_words(text: str) -> tuple[str, ...]:
    """The folded words of a text, in order, slots and marks left out."""
    return _folded_words(_WORD.findall(text.replace(SLOT, " ")))


def outer_words(text: str, most: int) -> tuple[str, ...]:
    """The folded words of the outer parts of a raw prompt, in order, without secrets."""
    return _folded_words(_cut(text, most))


def _folded_words(pieces: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(word for word in (_folded(word) for _, word in pieces) if _is_word(word))


def redact(text: str) -> str:
    """`text` with e-mail addresses, links, keys and numbers masked."""
    return _merge(_NUMBERS.sub(SLOT, _masked(visible(text)).replace(_MASK, SLOT)))


def _masked(text: str) -> str:
    for pattern in _SECRETS:
        text = pattern.sub(_MASK, text)
    return text


def wording(texts: Sequence[str], most: int, share: float, firmly: float) -> Wording:
    """What `texts` have in common, told on the one of them that shows most of it.

    A word stays when it is part of three successive words, marks or line ends that the share `share` of the other
    texts have too; it is firm when the share `firmly` does. Of a text longer than `most` words the first and last
    halves are compared.
    """
    cut = [_cut(text, most) for text in texts]
    folded = [[_folded(word) for _, word in pieces] for pieces in cut]
    grams = [set(zip(words, words[1:], words[2:], strict=False)) for words in folded]
    seen = Counter(gram for own in grams for gram in own)
    others = len(texts) - 1
    firm_at, kept_at = 1 + max(1.0, firmly * others), 1 + max(1.0, share * others)
    measured = [_measure(words, _shared(words, seen, firm_at, once=True)) for words in folded]
    best = max(range(len(texts)), key=lambda i: (sum(measured[i]), -i))
    kept = _shared(folded[best], seen, kept_at)
    shown = "".join(_shown(gap, word if keep else SLOT) for (gap, word), keep in zip(cut[best], kept, strict=True))
    words = tuple(word for word, keep in zip(folded[best], kept, strict=True) if keep and _is_word(word))
    return Wording(redact(_merge(shown)), words, *measured[best])


def _shared(words: Sequence[str], seen: Counter[tuple[str, str, str]], least: float, once: bool = False) -> list[bool]:
    """Which words lie in a run that is common enough; `once`: only where it stands first."""
    kept = [False] * len(words)
    met: set[tuple[str, str, str]] = set()
    for i in range(len(words) - _RUN + 1):
        gram = (words[i], words[i + 1], words[i + 2])
        if seen[gram] >= least and not (once and gram in met):
            kept[i : i + _RUN] = [True] * _RUN
        met.add(gram)
    return kept


def _is_word(word: str) -> bool:
    return word[0].isalpha()


def _measure(words: Sequence[str], kept: Sequence[bool]) -> tuple[int, int]:
    """(words in runs of at least three, how many of these runs are clean at both ends)."""
    count = clean = 0
    i = 0
    while i < len(words):
        if not kept[i]:
            i += 1
            continue
        j = i
        while j < len(words) and kept[j]:
            j += 1
        inside = sum(_is_word(word) for word in words[i:j])
        if inside >= _RUN:
            count += inside
            opens = not _is_word(words[i]) or i == 0 or not _is_word(words[i - 1])
            clean += opens and not _is_word(words[j - 1])
        i = j
    return count, clean


def _cut(text: str, most: int) -> list[tuple[str, str]]:
    """The outer words of a text, each with the blanks before it, without secrets, between two line ends, so that its
    first and last words have neighbours.
    """
    half = most // 2
    if len(text) > 40 * most:
        text = text[: 20 * most] + "\n" + text[-20 * most :]
    # masked first: of words and marks that stand apart nobody can tell that they were a key; and what nobody sees
    # within an address would hide a part of it
    words = [("", "\n"), *_WORD.findall(_masked(visible(text)).strip()), ("", "\n")]
    return words if len(words) <= most else [*words[:half], *words[-half:]]


def _shown(gap: str, word: str) -> str:
    """`word` with the blanks before it: an indentation stays one, everything else that separates is a single blank."""
    if not gap or word == "\n":
        return word
    return (gap[:_INDENT] if not gap.strip(" \t") else " ") + word


@lru_cache(maxsize=1 << 17)
def _folded(word: str) -> str:
    if word.isascii():
        return _NUMBER.sub("0", word.lower())
    return fold(word) or word


def _merge(text: str) -> str:
    return re.sub(rf"{SLOT}(?:\s*{SLOT})+", SLOT, text).strip()
