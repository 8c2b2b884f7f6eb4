"""Prompts are pure functions of their integers, rich, and rewordable."""

import re

import numpy as np

from graphring.simulate.draws import mix, salt
from graphring.simulate.events import make
from graphring.simulate.text.grammar import grammar
from graphring.simulate.text.prompts import PROBE, TOPICS, Wrappers, prompts, systems, topic

WRAPPERS = Wrappers.of([(11, 0.0, ""), (22, 1.0, ""), (33, 1.0, PROBE)])


def texts(n, *, wrapper=0, kind=None, seed=1):
    numbers = np.arange(n)
    topics = mix(numbers, seed, 2) % np.uint64(topic("follow")) if kind is None else topic(kind)
    events = make(n, payload=mix(numbers, seed), topic=topics, wrapper=wrapper, wording=mix(numbers, seed, 3))
    return prompts(events, WRAPPERS).to_pylist()


def shingles(text, k=6):
    words = re.sub(r"\d+", "0", text.lower()).split()
    return {" ".join(words[i : i + k]) for i in range(len(words) - k + 1)}


def test_all_groups_of_plans_and_all_plans_are_known():
    assert grammar().plans["plans"].names == TOPICS


def test_no_pattern_leaves_a_brace_or_macro_unresolved():
    for kind in TOPICS:
        if not kind.startswith("code"):
            assert not any(re.search(r"[{}]|<[A-Z]+>", text) for text in texts(400, kind=kind))
    for wrapper in (1, 2, 3):
        assert not any(re.search(r"[{}]|<[A-Z]+>", text) for text in texts(300, wrapper=wrapper, kind="none"))


def test_strangers_rarely_share_six_words():
    one, other = texts(3_000), texts(3_000, seed=2)
    pool = set().union(*map(shingles, one))
    shared = sum(1 for text in other if shingles(text) & pool)
    assert shared / len(other) < 0.4
    alike = sum(len(shingles(text) & pool) for text in other) / sum(len(shingles(text)) for text in other)
    assert 0.001 < alike < 0.02, "some boilerplate, but little"


def test_the_same_payload_is_the_same_text_in_any_wrapper():
    plain, wrapped = texts(50), texts(50, wrapper=1)
    assert all(p.split("\n")[0][:40] in w for p, w in zip(plain, wrapped, strict=True))


def test_a_fixed_wrapper_opens_alike_and_a_paraphrased_one_does_not():
    fixed, loose = texts(200, wrapper=1), texts(200, wrapper=2)
    assert len({text[:60] for text in fixed}) == 1
    assert len({text[:60] for text in loose}) > 150


def test_a_paraphrase_keeps_to_its_concepts():
    """A wrapper's verb is one concept: all of its wordings lie in one line of the bank."""
    bank = [concept.split("/") for concept in _bank("gverb").split("|")]
    used = [
        {
            number
            for number, words in enumerate(bank)
            if any(f" {word.strip()} " in f" {text.lower()} " for word in words)
        }
        for text in texts(60, wrapper=2, kind="none")
    ]
    assert set.intersection(*[numbers for numbers in used if numbers]) != set()


def test_a_probe_is_one_intent_in_many_wordings():
    asked = texts(500, wrapper=3, kind="none")
    assert len(set(asked)) > 450
    assert sum(1 for text in asked if len(text) > 300) == 0


def test_a_quote_comes_before_the_prompt():
    events = make(3, payload=[5, 5, 5], quote=[0, 9, 9], topic=topic("math"))
    plain, quoted, again = prompts(events, WRAPPERS).to_pylist()
    assert quoted.endswith(plain)
    assert quoted == again != plain


def test_system_prompts_have_three_lengths_and_code_0_is_none():
    rows = [(salt("s", k), kind) for kind in ("short", "agent", "long") for k in range(40)]
    made = systems(rows).to_pylist()
    assert made[0] is None
    short, agent, long = (np.mean([len(text) for text in made[1 + 40 * k : 41 + 40 * k]]) for k in range(3))
    assert short < agent < long


def _bank(name):
    from graphring.simulate.text.banks import load

    return load("banks.toml")[name].lower()
