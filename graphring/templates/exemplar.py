"""What is kept of raw prompts: the words that a family's prompts have in common; everything else becomes a slot."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

from graphring.templates.normalise import fold

__all__ = ["SLOT", "exemplar", "redact"]

SLOT: Final = "⟨…⟩"
_WORD: Final = re.compile(r"\w+|[^\w\s]|\n")
_SECRETS: Final = (
    re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    re.compile(r"(?i)\b(?:https?|ftp|file)://[^\s<>\"']+"),
    re.compile(r"\b(?:sk|pk|rk|ghp|gho|xox[abprs]|AKIA|ASIA|AIza)[\w-]{8,}"),
    re.compile(r"\b(?=\w*\d)(?=\w*[A-Za-z])[\w+/=-]{12,}"),
    re.compile(r"[\w+/=-]{40,}"),
    re.compile(r"\+?\d[\d\s().:/-]*\d|\d"),
)


def redact(text: str) -> str:
    """`text` with e-mail addresses, links, keys and numbers masked."""
    for pattern in _SECRETS:
        text = pattern.sub(SLOT, text)
    return _merge(text)


def exemplar(texts: Sequence[str], words: int) -> str:
    """The first text with every word that the others do not share at that place masked as a slot, then redacted.

    A word stays when at least half of the other texts have it in an alignment (longest matching blocks of folded
    words); a single text, where nothing tells slots from wrapper, keeps nothing but its length.
    """
    cut = [_WORD.findall(text)[:words] for text in texts]
    first, others = cut[0], cut[1:]
    if not others:
        return SLOT
    folded = [fold(word) or word for word in first]
    votes = [0] * len(first)
    for other in others:
        matcher = SequenceMatcher(None, folded, [fold(word) or word for word in other], autojunk=False)
        for block in matcher.get_matching_blocks():
            for i in range(block.a, block.a + block.size):
                votes[i] += 1
    kept = [word if 2 * vote >= len(others) else SLOT for word, vote in zip(first, votes, strict=True)]
    return redact(_merge(_glue(_drop_islands(kept))))


def _drop_islands(words: list[str]) -> list[str]:
    """Single shared words inside slots are chance, not wrapper."""
    out = list(words)
    run: list[int] = []
    for i, word in enumerate([*words, SLOT]):
        if word != SLOT:
            run.append(i)
            continue
        if run and sum(words[j].isalnum() for j in run) < 2 and len(run) < len(words):
            for j in run:
                if words[j] != "\n":
                    out[j] = SLOT
        run = []
    return out


def _glue(words: Sequence[str]) -> str:
    text = " ".join(words)
    text = re.sub(r" ?\n ?", "\n", text)
    return re.sub(r" ([.,;:!?)\]}])", r"\1", text)


def _merge(text: str) -> str:
    return re.sub(rf"{SLOT}(?:[\s\W]*{SLOT})+", SLOT, text).strip()
