"""From the integers of exchanges to their prompts and system prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphring.simulate.draws import U64, fold, mix, pick, unit
from graphring.simulate.text.grammar import Tokens, grammar, strings

__all__ = ["PROBE", "SYSTEMS", "TOPICS", "Wrappers", "prompts", "systems", "topic"]

TOPICS: Final = (
    "chat", "chat_long", "math", "code", "code_long", "write", "know", "text", "text_long", "plan", "foreign", "follow",
    "none",
)  # fmt: skip
"""What a payload is about: the plans of patterns.toml, in order; the numbers of exchanges' `topic` column."""
SYSTEMS: Final = ("agent", "short", "long")
"""Kinds of system prompts: the plans of patterns.toml, in order."""
PROBE: Final = "probe"
"""The shape of a wrapper that is all there is: one intent."""
_FREE: Final = -1


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
    shape: npt.NDArray[np.int64]
    """The order of its sections; -1: as the wording has it."""

    @classmethod
    def of(cls, rows: Sequence[tuple[int, float, str]]) -> Wrappers:
        """From (seed, paraphrase, shape or "") in order of code; the empty one is added in front."""
        names = grammar().plans["wrappers"].names
        return cls(
            np.asarray([0, *(row[0] for row in rows)], dtype=np.uint64),
            np.asarray([0.0, *(row[1] for row in rows)]),
            np.asarray([_FREE, *(names.index(row[2]) if row[2] else _FREE for row in rows)], dtype=np.int64),
        )


def prompts(events: Any, wrappers: Wrappers) -> pa.LargeStringArray:
    """The prompts of exchanges (`events`: an array of EVENT); a prompt depends on nothing but its own row."""
    wrapper, quote, payload = events["wrapper"], events["quote"], events["payload"]
    dress = (wrapper != 0).astype(np.int64) + 2 * (quote != 0)
    parts, order = [], []
    for kind in np.unique(dress).tolist():
        rows = np.flatnonzero(dress == kind)
        tokens = [grammar().draw("plans", events["topic"][rows].astype(np.int64), payload[rows], payload[rows])]
        if kind & 1:
            head, tail = _wrapped(wrapper[rows], events["wording"][rows], wrappers)
            tokens = [head, *tokens, tail]
        if kind & 2:
            tokens.insert(0, grammar().draw("quotes", np.zeros(len(rows), np.int64), quote[rows], quote[rows]))
        parts.append(strings(grammar().words, np.concatenate(tokens, axis=1)))
        order.append(rows)
    places = np.empty(len(events), dtype=np.int64)
    places[np.concatenate([*order, np.zeros(0, np.int64)])] = np.arange(len(events))
    return pc.utf8_rtrim_whitespace(pa.concat_arrays(parts).take(pa.array(places)))


def _wrapped(code: npt.NDArray[np.int32], wording: U64, wrappers: Wrappers) -> tuple[Tokens, Tokens]:
    meaning = wrappers.seed[code]
    own = unit(mix(wording, 11)) < wrappers.paraphrase[code]
    words = np.where(own, fold(meaning, wording, 3), meaning)
    names = grammar().plans["wrappers"].names
    shape = wrappers.shape[code]
    shape = np.where(shape == _FREE, pick(mix(words, 5), names.index(PROBE)), shape)
    head = grammar().draw("wrappers", shape, meaning, words)
    tail = grammar().draw("tails", np.zeros(len(code), np.int64), meaning, mix(words, 9))
    tail[shape == names.index(PROBE)] = 0
    return head, tail


def systems(rows: Sequence[tuple[int, str]]) -> pa.StringArray:
    """System prompts by code, from (seed, kind); code 0 is null."""
    seeds = np.asarray([row[0] for row in rows], dtype=np.uint64)
    kinds = np.asarray([SYSTEMS.index(row[1]) for row in rows], dtype=np.int64)
    texts = strings(grammar().words, grammar().draw("systems", kinds, seeds, seeds)).cast(pa.string())
    return pa.concat_arrays([pa.nulls(1, pa.string()), texts])
