from __future__ import annotations

import random

import numpy as np
import pytest

from graphring.templates.join import Node, join
from graphring.templates.parameters import parameters
from graphring.templates.traces import traces

CHOSEN = parameters({})
PARAPHRASES = [
    f"{a} which of the two words {b} comes first {c} alphabetical order".split()
    for a in ("decide", "tell me", "work out", "please say", "kindly judge", "now determine", "find out", "compute")
    for b in ("below", "given", "shown here")
    for c in ("in", "by")
]


OTHERS = (
    "write a short story about a lighthouse keeper who collects old maps",
    "translate the paragraph below into formal spanish and keep the names",
    "list three causes of the war and explain how each led to it",
    "fix the bug in this function and add a test that fails without it",
    "compute the area of the figure and show every step of the proof",
    "plan a week of vegetarian dinners for a family with two children",
    "summarise the minutes of the meeting as bullets with an owner for each",
    "grade the essay against the rubric and name its weakest argument",
)


def node(words, accounts, *, alone=True, **other):
    return Node(tuple(words), 10, np.array(sorted(accounts)), alone, **other)


def joined(nodes, population=1_000):
    """The families of `nodes` among wordings of other things, from which likeness is measured."""
    rng = random.Random(1)
    pool = sorted({word for text in OTHERS for word in text.split()})
    others = [node(rng.sample(pool, 9), [500 + i], alone=False) for i in range(300)]
    families = join([*nodes, *others], population, CHOSEN)
    assert set(families[len(nodes) :]) == {-1}
    return families[: len(nodes)]


def test_few_rewordings_of_different_people_are_not():
    nodes = [node(words, [2 * i, 2 * i + 1]) for i, words in enumerate(PARAPHRASES[:4])]
    assert joined(nodes) == [0, 1, 2, 3]


def test_few_rewordings_of_the_same_accounts_are():
    nodes = [node(words, range(20)) for words in PARAPHRASES[:4]]
    assert set(joined(nodes)) == {0}


def test_a_few_accounts_of_many_in_common_prove_nothing():
    nodes = [node(words, [*range(4), *range(100 * i + 10, 100 * i + 30)]) for i, words in enumerate(PARAPHRASES[:4])]
    assert joined(nodes, 100_000) == [0, 1, 2, 3]


def test_accounts_that_everybody_shares_prove_nothing():
    nodes = [node(words, range(20)) for words in PARAPHRASES[:4]]
    assert joined(nodes, 20) == [0, 1, 2, 3]


def test_verbatim_texts_are_not_joined():
    few = [node(words, range(20), verbatim=True) for words in PARAPHRASES[:4]]
    assert joined(few) == [0, 1, 2, 3]


def test_equal_marks_join_what_has_no_word_in_common():
    nodes = [
        node(text.split(), accounts, marks=(mark,))
        for text, accounts, mark in (
            ("summarise the contract below in plain words", [1, 2], 77),
            ("resume el contrato que sigue con palabras claras", [3, 4], 77),
            ("fasse den folgenden vertrag verständlich zusammen", [5, 6], 78),
        )
    ]
    assert joined(nodes) == [0, 0, 2]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<task> read < case_id > then < answer > and <reason>", "<task> lies <case_id> dann <answer> und <reason>"),
        (
            'reply { " verdict " : x, "risk": y, "law": z, "next":',
            'antworte {"verdict": a, "risk": b, "law": c, "next" :',
        ),
    ],
)
def test_traces_survive_translation(one, other):
    assert len(traces(one)) == 4
    assert traces(one) == traces(other)


def test_the_order_of_sections_counts_and_few_names_are_no_trace():
    assert traces("<a1> <b> <c> <d>") != traces("<b> <a1> <c> <d>")
    assert traces("# one\n<a> <b> <c> <d>") != traces("<a> <b> <c> <d>\n# one")
    assert traces('# one\n## two\n<answer> "answer": "explanation": <answer>') == ()
