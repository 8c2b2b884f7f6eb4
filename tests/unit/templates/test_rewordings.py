from __future__ import annotations

import random

import pyarrow.parquet as pq

from tests.unit.templates.test_families import filler, run

WAYS = (
    ("Decide", "Tell me", "Work out", "Please say", "Kindly judge", "Determine", "Find out", "State"),
    ("which of the two words", "which word of the pair", "which one of both words"),
    ("comes first", "stands first", "would be listed first"),
    ("in alphabetical order", "if sorted by the alphabet", "when put in alphabetical order"),
)
LETTERS = "abcdefghijklmnoprstuvw"


def night(seed: int, prompts: int, background: int = 500) -> list[tuple[int, None, str, None]]:
    """Rewordings, each with payload of its own, from as many accounts, among texts of other people."""
    rng = random.Random(seed)
    rows = []
    for i in range(prompts):
        words = ["".join(rng.choice(LETTERS) for _ in range(7)) for _ in range(4)]
        rows.append((i, None, f"{' '.join(rng.choice(way) for way in WAYS)}: {', '.join(words)}?", None))
    return rows + [(1_000 + i, None, filler(seed * 10_000 + i, 15), None) for i in range(background)]


def test_rewordings_are_one_family_whose_exemplar_has_no_payload(tmp_path):
    rows = night(1, 60)
    families, assigned = run(tmp_path, rows)
    family = assigned[0]
    assert family is not None
    assert assigned.count(family) >= 48
    assert set(assigned[60:]) == {None}
    shown = next(f for f in families if f["family_id"] == family)
    assert "first" in shown["exemplar"]
    stored = str(families).encode() + (tmp_path / "out" / "family_state.parquet").read_bytes()
    for row in rows[:60]:
        payload = row[2].split(": ")[1].split(", ")[0]
        assert payload.encode() not in stored


def test_a_family_of_rewordings_keeps_its_number_and_takes_what_is_too_little_for_a_new_one(tmp_path):
    _, first = run(tmp_path, night(1, 60))
    _, second = run(tmp_path, night(2, 60), known=tmp_path / "out", name="second")
    assert second[0] == first[0]
    _, third = run(tmp_path, night(3, 6), known=tmp_path / "second", name="third")
    assert third.count(first[0]) >= 4
    state = pq.read_table(tmp_path / "third" / "family_state.parquet").to_pylist()
    assert [row["source"] for row in state if row["number"]].count("cloud") == 1


def test_rewordings_give_the_same_bytes(tmp_path):
    rows = night(1, 60)
    for name in ("one", "two"):
        run(tmp_path, rows, name=name)
    for name in ("families.parquet", "assignments.parquet", "family_state.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
