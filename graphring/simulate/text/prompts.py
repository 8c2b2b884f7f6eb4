"""From the integers of exchanges to their prompts and system prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphring.simulate.draws import U64, fold, mix, pick, unit
from graphring.simulate.text.grammar import grammar, strings

__all__ = ["TOPICS", "Wrappers", "prompts", "systems", "topic"]

TOPICS: Final = (
    "chat", "chat_long", "math", "code", "code_long", "write", "know", "text", "text_long", "plan", "foreign", "follow",
)  # fmt: skip
"""What a payload is about; the numbers of exchanges' `topic` column."""


def topic(name: str) -> int:
    """The number of a topic."""
    return TOPICS.index(name)


@dataclass(frozen=True)
class Wrappers:
    """Every wrapper of a world, by code; row 0 is none."""

    seed: U64
    """What it says and, unless it is paraphrased, how."""
    paraphrase: npt.NDArray[np.float64]
    """Share of exchanges that have a wording of their own."""

    @classmethod
    def of(cls, rows: Sequence[tuple[int, float]]) -> Wrappers:
        """From (seed, paraphrase) in order of code, the empty one added in front."""
        table = [(0, 0.0), *rows]
        return cls(np.asarray([r[0] for r in table], dtype=np.uint64), np.asarray([r[1] for r in table]))


def prompts(
    payload: U64,
    quote: U64,
    topics: npt.NDArray[np.uint8],
    wrapper: npt.NDArray[np.int32],
    wording: U64,
    wrappers: Wrappers,
) -> pa.LargeStringArray:
    """The prompts of exchanges.

    Parameters
    ----------
    payload: seeds of the varying part; the same seed and topic is the same text.
    quote: payload seeds of an earlier turn that is quoted in front; 0: none.
    wrapper: codes; 0: none.
    wording: seeds for wrappers that are paraphrased.
    """
    plain = np.flatnonzero((wrapper == 0) & (quote == 0))
    dressed = np.flatnonzero((wrapper != 0) | (quote != 0))
    parts, order = [], []
    for rows, full in ((plain, False), (dressed, True)):
        if not len(rows):
            continue
        body = grammar().draw("plans", topics[rows].astype(np.int64), payload[rows], payload[rows])
        if full:
            head, tail = _wrapped(wrapper[rows], wording[rows], wrappers)
            body = np.concatenate([_quoted(quote[rows]), head, body, tail], axis=1)
        parts.append(strings(grammar().words, body))
        order.append(rows)
    texts = parts[0] if len(parts) == 1 else pa.concat_arrays(parts)
    places = np.empty(len(payload), dtype=np.int64)
    places[np.concatenate(order)] = np.arange(len(payload))
    return pc.utf8_rtrim_whitespace(texts.take(pa.array(places)))


def _wrapped(
    code: npt.NDArray[np.int32], wording: U64, wrappers: Wrappers
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    meaning = wrappers.seed[code]
    own = unit(mix(wording, 11)) < wrappers.paraphrase[code]
    words = np.where(own, fold(meaning, wording, 3), meaning)
    plans = grammar().plans["wrappers"]
    tail = plans.names.index("tail")
    shape = pick(mix(words, 5), tail)
    head = grammar().draw("wrappers", shape, meaning, words)
    end = grammar().draw("wrappers", np.full(len(code), tail), meaning, mix(words, 9))
    none = code == 0
    head[none], end[none] = 0, 0
    return head, end


def _quoted(quote: U64) -> npt.NDArray[np.int32]:
    """The opening of an earlier turn, as a follow-up quotes it."""
    tokens = grammar().draw("quotes", np.zeros(len(quote), dtype=np.int64), quote, quote)
    tokens[quote == 0] = 0
    return tokens


def systems(seeds: U64, short: npt.NDArray[np.bool_]) -> pa.LargeStringArray:
    """System prompts by code; code 0 is null."""
    texts = strings(grammar().words, grammar().draw("systems", short.astype(np.int64), seeds, seeds))
    return pc.if_else(pa.array(np.arange(len(seeds)) == 0), pa.scalar(None, pa.large_string()), texts)
