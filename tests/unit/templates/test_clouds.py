from __future__ import annotations

import random

import numpy as np
import pytest

from graphring.templates.clouds import find_clouds
from graphring.templates.lexis import lexis
from graphring.templates.looks import looks
from graphring.templates.parameters import parameters

CHOSEN = parameters({})
WAYS = (
    ("decide", "tell me", "work out", "please say", "kindly judge", "determine", "find out", "state"),
    ("which of the two words", "which word of the pair", "which one of both words"),
    ("comes first", "stands first", "would be listed first"),
    ("in alphabetical order", "if sorted by the alphabet", "when put in alphabetical order"),
)
rng = random.Random(3)
LETTERS = "abcdefghijklmnoprstuvw"


def coined() -> str:
    return "".join(rng.choice(LETTERS) for _ in range(7))


COMMON = [coined() for _ in range(400)]


def rewording(slot: bool = True) -> list[str]:
    words = " ".join(rng.choice(way) for way in WAYS).split()
    return [*words, *([coined() for _ in range(4)] if slot else [])]


def chatter() -> list[str]:
    return [rng.choice(COMMON) for _ in range(15)]


def clouds(texts, accounts=None, known=(), whole=None, **parameters_):
    table = lexis(texts)
    owners = np.arange(len(texts)) if accounts is None else np.array(accounts)
    blank = np.zeros(len(texts), np.bool_) if whole is None else whole
    return table, find_clouds(table, owners, blank, known, parameters({**parameters_}))


def test_rewordings_are_a_cloud_and_nothing_else_is():
    texts = [rewording() for _ in range(60)] + [chatter() for _ in range(600)]
    _, found = clouds(texts)
    assert [c.texts.tolist() for c in found] == [list(range(60))]


def test_texts_without_slots_are_a_topic():
    texts = [rewording(slot=False) for _ in range(60)] + [chatter() for _ in range(600)]
    assert clouds(texts)[1] == []
    blank = np.arange(len(texts)) < 60
    assert len(clouds(texts, whole=blank)[1]) == 1


def test_few_texts_or_few_accounts_are_no_cloud():
    texts = [rewording() for _ in range(60)] + [chatter() for _ in range(600)]
    assert clouds(texts, accounts=[i % 5 for i in range(660)])[1] == []
    assert clouds(texts[50:])[1] == []


def test_a_formula_that_all_say_is_no_cloud():
    texts = ["i want you to act as a very wise".split() + [coined() for _ in range(6)] for _ in range(60)]  # noqa: SIM905
    assert clouds(texts + [chatter() for _ in range(600)])[1] == []


@pytest.mark.parametrize(("said", "counts"), [("rhymes with", True), ("i want you to act", False)])
def test_two_words_that_belong_together_are_no_formula(said, counts):
    texts = [f"{coined()} {said}".split() + [coined() for _ in range(5)] for _ in range(60)]
    table = lexis(texts + [chatter() for _ in range(600)])
    together, _ = looks(table, np.arange(60), np.zeros(660, np.bool_), CHOSEN, CHOSEN.cloud_formula)
    assert (together > 10.0) == counts


def test_words_spread_over_long_texts_are_a_topic():
    subject = [coined() for _ in range(30)]
    texts = []
    for _ in range(60):
        words = [coined() for _ in range(300)]
        for word in rng.sample(subject, 15):
            words[rng.randrange(300)] = word
        texts.append(words)
    assert clouds(texts + [chatter() for _ in range(600)])[1] == []


def test_a_known_cloud_takes_even_one_text():
    texts = [rewording() for _ in range(60)] + [chatter() for _ in range(600)]
    table, found = clouds(texts)
    names = [table.names[column] for column in found[0].core[: CHOSEN.keys].tolist()]
    later = [rewording(), *(chatter() for _ in range(300))]
    other = lexis(later * 2)  # a word has a column when two texts have it
    columns = np.array([other.names.index(name) for name in names if name in other.names])
    again = find_clouds(
        other, np.arange(602), np.zeros(602, np.bool_), [(columns, len(names))], CHOSEN
    )  # fmt: skip
    assert [(c.texts.tolist(), c.known) for c in again] == [([0, 301], 0)]


def test_the_order_of_texts_does_not_matter():
    texts = [rewording() for _ in range(60)] + [chatter() for _ in range(600)]
    order = np.random.default_rng(1).permutation(len(texts))
    _, one = clouds(texts)
    _, other = clouds([texts[i] for i in order])
    assert [set(order[c.texts].tolist()) for c in other] == [set(c.texts.tolist()) for c in one]


@pytest.mark.parametrize("texts", [[], [()], [("a",)], [("a", "b")] * 3, [("word",) * 2000] * 30])
def test_texts_of_no_use(texts):
    assert clouds(texts)[1] == []


def test_lexis_counts_texts_and_pairs():
    table = lexis([("a", "b", "a"), ("a", "b"), ("c",)])
    assert table.names == ("a", "b", "a b")
    assert table.total.tolist() == [2, 2, 2]
    assert table.length.tolist() == [4, 3, 1]
    assert table.own.tolist() == [0, 0, 1]
    assert table.after.tolist() == [2, -1, -1, 2, -1, -1]
