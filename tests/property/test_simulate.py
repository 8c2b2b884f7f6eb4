"""What holds for any seeds: texts depend on nothing but their row, ranges are kept, groups fit."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from graphring.simulate.build import build
from graphring.simulate.columns import identifiers
from graphring.simulate.draws import mix, pick, ragged, unit
from graphring.simulate.events import make
from graphring.simulate.parameters import Span, WorldSettings
from graphring.simulate.registry import LOOKALIKES, RINGS
from graphring.simulate.text.prompts import TOPICS, Wrappers, prompts

SEEDS = st.integers(0, 2**64 - 1)
ROWS = st.lists(
    st.tuples(SEEDS, st.sampled_from([0, 7, 9]), st.integers(0, len(TOPICS) - 1), st.integers(0, 3), SEEDS),
    min_size=1,
    max_size=40,
)
WRAPPERS = Wrappers.of([(1, 0.0, ""), (2, 0.5, ""), (3, 1.0, "probe")])


def rendered(rows):
    kinds = (np.uint64, np.uint64, np.uint8, np.int32, np.uint64)
    columns = zip(zip(*rows, strict=True), kinds, strict=True)
    payload, quote, topic, wrapper, wording = (np.asarray(column, dtype=kind) for column, kind in columns)
    events = make(len(rows), payload=payload, quote=quote, topic=topic, wrapper=wrapper, wording=wording)
    return prompts(events, WRAPPERS).to_pylist()


@settings(deadline=None, max_examples=40)
@given(ROWS, st.randoms(use_true_random=False))
def test_a_prompt_depends_on_nothing_but_its_row(rows, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    together = rendered(rows)
    assert rendered([rows[k] for k in order]) == [together[k] for k in order]
    assert rendered(rows[:1]) == together[:1]


@given(st.lists(SEEDS, min_size=1, max_size=100), SEEDS)
def test_mix_is_a_bijection_for_each_salt(numbers, salt):
    values = np.asarray(sorted(set(numbers)), dtype=np.uint64)
    assert len(np.unique(mix(values, salt))) == len(values)


@given(st.integers(0, 2**64 - 1), st.integers(1, 10**9))
def test_picks_lie_in_their_range(number, size):
    picked = pick(mix(np.asarray([number], dtype=np.uint64)), size)
    assert 0 <= picked[0] < size
    assert 0 <= unit(np.asarray([number], dtype=np.uint64))[0] < 1


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30))
def test_ragged_names_owner_and_rank_of_each_element(counts):
    owner, rank = ragged(np.asarray(counts))
    assert list(zip(owner.tolist(), rank.tolist(), strict=True)) == [
        (k, j) for k, n in enumerate(counts) for j in range(n)
    ]


@given(st.lists(SEEDS, min_size=1, max_size=20))
def test_identifiers_are_the_digits_of_their_numbers(numbers):
    made = identifiers("ex_", np.asarray(numbers, dtype=np.uint64)).to_pylist()
    assert made == [f"ex_{number:016x}" for number in numbers]


@given(st.floats(0.01, 1e3), st.floats(0, 1e3), st.booleans(), st.sampled_from([-1, 0, 1]), st.integers(0, 99))
def test_spans_are_kept(low, width, log, hides, seed):
    span = Span(low, low + width, "", log=log, hides=hides)
    value = span.draw(np.random.default_rng(seed), (0.25, 0.75))
    assert low - 1e-6 <= value <= (low + width) * (1 + 1e-9) + 1e-6


@settings(deadline=None, max_examples=15)
@given(st.integers(50, 3_000), st.integers(0, 2**32), st.floats(0, 0.4), st.floats(0, 0.4))
def test_groups_fit_their_shares_and_do_not_overlap(accounts, seed, ring_share, lookalike_share):
    world = build(accounts, seed, WorldSettings(ring_share=ring_share, lookalike_share=lookalike_share))
    members = np.concatenate([world.background, *[group.members for group in world.groups]])
    assert np.array_equal(np.sort(members), np.arange(accounts))
    assert sum(len(g.members) for g in world.groups if g.ring) <= accounts * ring_share + 1e-9
    assert sum(len(g.members) for g in world.groups if not g.ring) <= accounts * lookalike_share + 1e-9
    assert all(g.kind in (RINGS if g.ring else LOOKALIKES) for g in world.groups)
    paid = world.people.card > 0
    assert (world.people.card_at >= world.people.created)[paid].all()
