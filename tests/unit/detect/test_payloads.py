"""What counts as the payload of a prompt."""

from __future__ import annotations

import numpy as np
import pytest

from graphring.detect import kernels

LEAST, COVERS = 3, 0.7
WRAPPER, TEXT, WHOLE = range(20), range(20, 40), 40


def payload(others: int, pieces: int = 1, repeats: bool = True) -> list[int]:
    """The payload of a prompt that two users of a tool sent as a whole: the tool's wrapper, which its users repeat, and
    a text that `others` sent without it, in so many pieces of different use.
    """
    code = np.arange(41)
    block = np.concatenate([np.zeros(20), 1 + np.arange(20) * pieces // 20, [1 + pieces]]).astype(np.int64)
    degree = np.concatenate([[50], np.full(pieces, others), [2]])
    wrapper = (code < 20) | ((code < 40) & (others >= 20))  # sent by many in prompts that differ
    repeated = (code < 20) & repeats
    same = code == WHOLE
    _, found = kernels.representative(
        np.zeros(41, dtype=np.int32), code.astype(np.int32), block, np.bincount(block), degree, ~wrapper, wrapper,
        repeated, same, np.array([41], dtype=np.int32), LEAST, COVERS,
    )  # fmt: skip
    return found.tolist()


def test_a_text_that_few_send_is_the_payload():
    assert payload(others=5) == [1]


def test_a_popular_text_in_a_tools_wrapper_is_nobodys_payload():
    assert payload(others=70) == []


@pytest.mark.parametrize("pieces", [10, 20])
def test_turns_of_phrase_that_come_together_here_alone_are_a_payload(pieces):
    assert payload(others=70, pieces=pieces) == [1 + pieces]
