"""Sketch, table, occurrences, atoms and cover against the same things counted plainly."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from graphring.templates import cover as cover_module
from graphring.templates.atoms import find_atoms
from graphring.templates.cover import cover, inherit, split
from graphring.templates.frequent import Batch, count_frequent
from graphring.templates.incidence import Incidence, locate
from graphring.templates.parameters import parameters
from graphring.templates.search import _payloads
from graphring.templates.sketch import Sketch


def night(seed: int, rows: int = 600, *, common: int = 50, batch: int = 97):
    """Rows of (account, prompt hash, shingles), of which some are common, in batches."""
    rng = np.random.default_rng(seed)
    pool = rng.integers(1, 2**61, common, np.uint64) << np.uint64(3)
    out = []
    for row in range(rows):
        own = rng.integers(1, 2**61, 4, np.uint64) << np.uint64(3)
        shared = pool[rng.random(common) < 0.08]
        out.append((row // 5, int(rng.integers(1, 2**63)), sorted({*own.tolist(), *shared.tolist()})))

    def batches():
        for first in range(0, rows, batch):
            part = out[first : first + batch]
            offsets = np.cumsum([0, *(len(p[2]) for p in part)])
            yield Batch(
                np.array([p[0] for p in part], np.int32), np.array([p[1] for p in part], np.uint64),
                np.array([s for p in part for s in p[2]], np.uint64), offsets,
            )  # fmt: skip

    return out, batches


@pytest.fixture
def count(tmp_path):
    opened = []

    def run(batches, *, total=6_000, known=(), room=4_096):
        found, occurrences = count_frequent(
            batches, total, known, least_exchanges=3, least_accounts=2, room=room, scratch=tmp_path, system=False
        )
        opened.append(occurrences)
        return found, occurrences

    yield run
    for occurrences in opened:
        occurrences.close()
    assert list(tmp_path.iterdir()) == []


def test_counts_are_exact(count):
    rows, batches = night(1)
    found, _ = count(batches)
    exchanges = Counter(s for row in rows for s in row[2])
    accounts = {s: {row[0] for row in rows if s in row[2]} for s in exchanges}
    expected = sorted(s for s, n in exchanges.items() if n >= 3 and len(accounts[s]) >= 2)
    assert found.value.tolist() == expected
    assert found.exchanges.tolist() == [exchanges[s] for s in expected]
    assert found.accounts.tolist() == [len(accounts[s]) for s in expected]
    assert abs(np.log(found.prompts() / found.exchanges)).mean() < 0.4


def test_what_does_not_fit_raises_the_threshold_and_loses_nothing_above_it(count):
    rows, batches = night(2, common=300)
    found, occurrences = count(batches, room=200)
    exchanges = Counter(s for row in rows for s in row[2])
    assert found.threshold > 3
    assert found.value.tolist() == sorted(s for s, n in exchanges.items() if n >= found.threshold)
    assert found.exchanges.tolist() == [exchanges[s] for s in found.value.tolist()]
    value = dict(zip(found.entry.tolist(), found.value.tolist(), strict=True))
    held = [
        {value[e] for e in part.tolist() if e in value}
        for counts, entries in occurrences.batches()
        for part in np.split(entries, np.cumsum(counts)[:-1])
    ]
    kept = set(found.value.tolist())
    assert held == [set(row[2]) & kept for row in rows]


def test_more_frequent_shingles_than_room_leave_the_first_ones(count):
    _, batches = night(3, rows=4_000, common=40, batch=1_000)
    found, _ = count(batches, room=20)
    assert 0 < found.value.size <= 20


def test_known_shingles_are_located_however_rare_and_are_not_counted(count):
    rows, batches = night(4)
    rare, common = rows[7][2][0], Counter(s for row in rows for s in row[2]).most_common(1)[0][0]
    known = [rare, common] if rare != common else [rows[8][2][0], common]
    found, occurrences = count(batches, known=known)
    assert not set(known) & set(found.value.tolist())
    where = [e for _, entries in occurrences.batches() for e in entries.tolist()]
    assert where.count(0) == sum(known[0] in row[2] for row in rows) > 0
    assert where.count(1) == sum(known[1] in row[2] for row in rows) > 0


def test_a_sketch_never_counts_too_little():
    _, batches = night(5)
    sketch = Sketch.empty(6_000, system=False)
    shingles = np.concatenate([batch.shingles for batch in batches()])
    sketch.add(shingles)
    for value, n in Counter(shingles.tolist()).items():
        assert sketch.able(np.array([value], np.uint64), min(n, 255)).all()
    rare = np.array([v for v, n in Counter(shingles.tolist()).items() if n == 1], np.uint64)
    assert sketch.able(rare, 3).mean() < 0.1


def test_shingles_of_the_same_prompts_are_one_atom_and_of_half_of_them_another(count):
    rng = np.random.default_rng(6)
    one, two = (rng.integers(1, 2**61, 5, np.uint64) << np.uint64(3) for _ in range(2))
    rows = [(i % 50, int(rng.integers(1, 2**63)), sorted([*one, *(two if i % 2 else [])])) for i in range(400)]
    offsets = np.cumsum([0, *(len(r[2]) for r in rows)])
    order = sorted(rows)
    batch = Batch(
        np.array([r[0] for r in order], np.int32), np.array([r[1] for r in order], np.uint64),
        np.array([s for r in order for s in r[2]], np.uint64), np.cumsum([0, *(len(r[2]) for r in order)]),
    )  # fmt: skip
    found, _ = count(lambda: iter([batch]), total=int(offsets[-1]))
    atoms = find_atoms(found, 12)
    of = dict(zip(found.value.tolist(), atoms.of.tolist(), strict=True))
    assert len({of[s] for s in one.tolist()}) == len({of[s] for s in two.tolist()}) == 1
    assert of[one[0]] != of[two[0]]
    assert sorted(atoms.size.tolist()) == [5, 5]


def incidence(rows) -> Incidence:
    return Incidence(np.cumsum([0, *map(len, rows)]), np.array([a for row in rows for a in sorted(row)], np.int32))


def covered(rows, size):
    label = np.full(len(rows), -1, np.int32)
    return cover(incidence(rows), np.array(size), label, tiers=(5, 2), cap=12, keep=0.6, rounds=12).tolist()


def test_a_wrapper_explains_its_payloads_and_not_they_it():
    rows = [{0, 1 + i % 4} for i in range(40)]
    assert covered(rows, [6, 12, 12, 12, 12]) == [0] * 40


def test_a_phrase_that_wrappers_explain_claims_nothing():
    rows = [{0, 1} for _ in range(30)] + [{0, 2} for _ in range(30)] + [{0} for _ in range(5)]
    assert covered(rows, [5, 12, 12]) == [1] * 30 + [2] * 30 + [-1] * 5


def test_a_family_is_split_by_wrappers_and_not_by_payloads():
    rows = [{0, 1 + i % 2, 3 + i % 30} for i in range(300)]
    label = np.zeros(300, np.int32)
    found = split(incidence(rows), label, np.full(33, 6), share=0.1, least=2, covered=0.4)
    assert found.tolist() == [1 + i % 2 for i in range(300)]


def test_a_piece_of_a_wrapper_is_no_payload():
    rows = [{0, 1} if i % 2 else {0} for i in range(40)] + [{0, 2}, {0, 2}, {0, 2}]
    label = np.zeros(43, np.int32)
    size, accounts = np.array([9, 9, 9]), np.array([40, 20, 6])
    found = _payloads(incidence(rows), label, size, accounts, parameters({})).tolist()
    assert found == [-1] * 40 + [2] * 3


def test_a_row_inherits_what_four_fifths_of_its_atoms_rows_have():
    rows = [{0}] * 10 + [{1}] * 10
    label = np.array([7] * 8 + [-1] * 2 + [7] * 7 + [-1] * 3, np.int32)
    found = inherit(incidence(rows), label, np.ones(8, bool)).tolist()
    assert found == [7] * 10 + [7] * 7 + [-1] * 3


def test_halves_give_what_the_whole_gives(monkeypatch):
    rng = np.random.default_rng(8)
    rows = [set(np.flatnonzero(rng.random(30) < 0.15).tolist()) for _ in range(900)]
    size = rng.integers(2, 14, 30).tolist()
    whole = covered(rows, size)
    monkeypatch.setattr(cover_module, "_SMALL", 1)
    assert covered(rows, size) == whole


@pytest.mark.parametrize(("share", "expected"), [(0.34, [[0], [0, 1], []]), (0.9, [[], [1], []])])
def test_a_row_has_an_atom_of_which_it_holds_enough(share, expected):
    class Held:
        def batches(self):
            yield np.array([2, 4, 1], np.uint16), np.array([0, 1, 1, 2, 4, 0, -1], np.int32)

    found = locate(Held(), np.array([0, 0, 0, -1, 1], np.int32), np.array([4, 1]), share)
    assert [found.atom[a:b].tolist() for a, b in zip(found.start[:-1], found.start[1:], strict=True)] == expected
