from __future__ import annotations

from graphring.templates.attach import attach, tokens
from graphring.templates.parameters import parameters
from graphring.templates.wording import Wording

CHOSEN = parameters({"join_least": 3, "attach_bits": 8.0, "attach_share": 0.3, "attach_margin": 4.0})
RHYMES = [f"which word rhymes with {x} choose the rhyming word".split() for x in ("moon", "stone", "lake", "light")]
LENGTHS = [f"which word is shorter than {x} count the letters".split() for x in ("moon", "stone", "lake", "light")]
OTHERS = [f"please write a poem number {i} about an old river".split() for i in range(40)]


def attached(text: str) -> int:
    families = {5: [tokens(w) for w in RHYMES], 9: [tokens(w) for w in LENGTHS]}
    return attach(families, [tokens(text.split()), *map(tokens, OTHERS)], CHOSEN)[0]


def test_a_rare_wording_goes_to_the_family_whose_words_it_has():
    assert attached("tell me which word rhymes with river choose the rhyming word") == 5
    assert attached("say which word is shorter and count the letters") == 9


def test_a_text_of_other_words_goes_nowhere():
    assert attached("please write a poem about the letters") == -1


def test_a_text_that_two_families_claim_goes_nowhere():
    words = tokens("which word rhymes with choose the rhyming word".split())  # noqa: SIM905
    families = {5: [tokens(w) for w in RHYMES], 9: [tokens(w) for w in RHYMES]}
    assert attach(families, [words, *map(tokens, OTHERS)], CHOSEN)[0] == -1
    assert attach({5: families[5]}, [words, *map(tokens, OTHERS)], CHOSEN)[0] == 5


def test_families_of_few_wordings_are_not_compared():
    families = {5: [tokens(w) for w in RHYMES[:2]]}
    assert attach(families, [tokens(RHYMES[2]), *map(tokens, OTHERS)], CHOSEN)[0] == -1


def test_evidence_grows_with_words_clean_ends_and_shingles_that_coincide():
    def points(firm: int, clean: int, shingles: int) -> float:
        return Wording("", (), firm, clean).points(shingles)

    assert points(9, 0, 6) > points(8, 0, 6)
    assert points(8, 2, 6) == points(8, 3, 6) == points(8, 0, 6) + 6
    assert points(8, 0, 2) == 4
    assert points(8, 0, 3) < points(8, 0, 4) < points(8, 0, 7) == points(8, 0, 50)
