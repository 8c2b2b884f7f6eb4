from __future__ import annotations

import random

import numpy as np
import pytest

from graphring.templates.clouds import _rejoined, _trimmed, find_clouds
from graphring.templates.cores import without
from graphring.templates.lexis import lexis
from graphring.templates.parameters import parameters
from graphring.templates.parting import apart, part

CHOSEN = parameters({})
WAYS = (
    ("decide", "tell me", "determine", "judge", "state", "say"),
    ("which", "what"),
    ("word", "term", "one", "item"),
    ("of two", "of both", "given", "below"),
)
TASKS = (
    (("comes", "stands", "is", "goes"), ("first", "earlier"), ("by", "in"), ("alphabetical",), ("order", "sorting")),
    (("has", "counts", "shows"), ("the",), ("fewer", "fewest"), ("letters",), ("altogether", "in it", "inside")),
    (("surely", "really", "best"), ("rhymes with",), ("this", "that", "my"), ("song", "verse", "line")),
)
LETTERS = "abcdefghijklmnoprstuvw"


@pytest.fixture
def rng() -> random.Random:
    return random.Random(5)


def coined(rng: random.Random) -> str:
    return "".join(rng.choice(LETTERS) for _ in range(7))


def asked(rng: random.Random, task: int) -> list[str]:
    words = " ".join(rng.choice(way) for way in (*WAYS, *TASKS[task])).split()
    return [*words, *(coined(rng) for _ in range(4))]


def chatter(rng: random.Random, common: list[str]) -> list[str]:
    return [rng.choice(common) for _ in range(15)]


def corpus(rng: random.Random, counts: tuple[int, ...], fills: int = 1) -> list[list[str]]:
    """The tasks in turn, `fills` prompts a wording, then chatter."""
    common = [coined(rng) for _ in range(400)]
    texts = []
    for task, count in enumerate(counts):
        for _ in range(count):
            words = asked(rng, task)[:-4]
            texts += [[*words, *(coined(rng) for _ in range(4))] for _ in range(fills)]
    return texts + [chatter(rng, common) for _ in range(600)]


def test_three_tasks_of_like_words_are_three(rng):
    table = lexis(corpus(rng, (60, 60, 60)))
    pieces = part(table, np.arange(180), CHOSEN)
    assert sorted(piece.tolist() for piece in pieces) == [list(range(i, i + 60)) for i in (0, 60, 120)]
    assert len(part(table, np.arange(180), parameters({"cloud_apart_share": 0.9}))) == 1


@pytest.mark.parametrize("fills", [1, 4])
def test_one_task_is_one_however_often_each_wording_is_sent(rng, fills):
    table = lexis(corpus(rng, (60,), fills))
    assert [piece.size for piece in part(table, np.arange(60 * fills), CHOSEN)] == [60 * fills]


def test_a_share_of_nothing_divides_what_only_style_tells_apart(rng):
    table = lexis(corpus(rng, (120,)))
    chosen = parameters({"cloud_apart": 0.0, "cloud_apart_share": 0.0})
    assert len(part(table, np.arange(120), chosen)) > 1


def test_totals_without_some_texts_are_those_of_the_others(rng):
    texts = corpus(rng, (30, 30))
    table = without(lexis(texts), np.arange(30, 60))
    rest = lexis(texts[:30] + texts[60:])
    had = dict(zip(rest.names, rest.total.tolist(), strict=True))
    got = dict(zip(table.names, table.total.tolist(), strict=True))
    assert {name: n for name, n in got.items() if n > 1} == had


def find(texts: list[list[str]], **chosen: float) -> list[list[int]]:
    none = np.zeros(len(texts), np.bool_)
    found = find_clouds(lexis(texts), np.arange(len(texts)), none, (), parameters(chosen))
    return sorted(cloud.texts.tolist() for cloud in found)


def test_like_tasks_are_found_apart(rng):
    found = find(corpus(rng, (60, 60, 60)))
    assert [{text // 60 for text in cloud} for cloud in found] == [{0}, {1}, {2}]
    assert sum(map(len, found)) > 150


def trimmed(texts: list[list[str]], clouds: list[list[int]], **chosen: float) -> list[list[int]]:
    given = [(np.array(cloud), -1) for cloud in clouds]
    return [own.tolist() for own, _ in _trimmed(lexis(texts), given, parameters(chosen))]


def test_a_text_between_two_clouds_is_in_neither(rng):
    both = "decide which word of two comes first in alphabetical order has the fewer letters in it"
    texts = [*corpus(rng, (60, 60)), [*both.split(), *(coined(rng) for _ in range(4))]]
    clouds = [[*range(60), len(texts) - 1], [*range(60, 120)]]
    assert trimmed(texts, clouds) == [clouds[0][:-1], clouds[1]]
    assert trimmed(texts, clouds[:1]) == clouds[:1]


def test_a_text_that_hardly_belongs_is_left_out(rng):
    texts = [*corpus(rng, (60,)), ["alphabetical", "order", *(coined(rng) for _ in range(4))]]
    cloud = [*range(60), len(texts) - 1]
    assert trimmed(texts, [cloud]) == [cloud[:-1]]
    assert trimmed(texts, [cloud], cloud_keep=0.0) == [cloud]


def test_parts_of_one_task_are_joined_again_and_two_tasks_are_not(rng):
    table = lexis(corpus(rng, (80, 60)))
    halves = [(np.arange(0, 80, 2), -1), (np.arange(1, 80, 2), -1), (np.arange(80, 140), -1)]
    joined = _rejoined(table, halves, CHOSEN)
    assert sorted(texts.size for texts, _ in joined) == [60, 80]
    both = np.arange(140)
    assert apart(table, both, both < 80, CHOSEN) > 1.2 * CHOSEN.cloud_one
    assert apart(table, both[:80], both[:80] % 2 == 0, CHOSEN) < 0.8 * CHOSEN.cloud_one
    assert len(_rejoined(table, [(own, i) for i, (own, _) in enumerate(halves)], CHOSEN)) == 3  # known ones stay apart
    assert max(number for _, number in _rejoined(table, [(halves[0][0], 4), *halves[1:]], CHOSEN)) == 4


def test_one_wording_on_both_sides_is_not_told_apart(rng):
    words = "decide which word of two comes first in alphabetical order".split()  # noqa: SIM905
    table = lexis([[*words, coined(rng), coined(rng)] for _ in range(80)] + corpus(rng, (60,)))
    both = np.arange(80)
    assert apart(table, both, both < 40, CHOSEN) == 0.0


def test_how_people_ask_is_no_wrapper(rng):
    common = [coined(rng) for _ in range(400)]
    ways = (("please", "kindly"), ("tell me", "tell us"), ("why", "how", "when"))
    asked_so = [" ".join(rng.choice(way) for way in ways).split() + chatter(rng, common)[:8] for _ in range(60)]
    table = lexis(asked_so + [chatter(rng, common) for _ in range(600)])
    cloud = [(np.arange(60), -1)]
    assert _trimmed(table, cloud, CHOSEN) == []
    assert len(_trimmed(table, cloud, parameters({"cloud_words": 0.0}))) == 1
    assert len(_trimmed(table, [(np.arange(60), 0)], CHOSEN)) == 1  # a family of an earlier night stays
