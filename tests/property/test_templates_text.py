from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from graphring.templates import KIND_MASK, MOST_SHINGLES, Kind, fingerprint
from graphring.templates.wording import SLOT, redact, wording

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(st.lists(st.tuples(st.none() | TEXT, st.none() | TEXT), max_size=8))
@settings(deadline=None, max_examples=150)
def test_any_text_has_a_fingerprint(rows):
    batch = pa.RecordBatch.from_pydict(
        {
            "system_prompt": pa.array([r[0] for r in rows], pa.string()),
            "prompt": pa.array([r[1] for r in rows], pa.string()),
        }
    )
    for (system, prompt), row in zip(rows, fingerprint(batch).to_pylist(), strict=True):
        assert (row["system"] == 0) == (not system)
        assert (row["prompt"] == 0) == (not prompt)
        assert row["shingles"] == sorted(set(row["shingles"]))
        assert len(row["shingles"]) <= MOST_SHINGLES
        assert {s & KIND_MASK for s in row["shingles"]} <= set(Kind)


@given(st.lists(TEXT, min_size=2, max_size=6))
@settings(deadline=None, max_examples=150)
def test_any_texts_have_a_wording_without_digits(texts):
    found = wording(texts, 200, 0.6, 0.85)
    assert not any(c.isdigit() and c.isascii() for c in found.text)
    assert found.points(3) >= -4


@given(st.emails(), st.integers(10**6, 10**15))
@settings(deadline=None)
def test_addresses_and_numbers_are_redacted(email, number):
    shown = redact(f"write to {email} about {number} soon")
    assert str(number) not in shown
    assert SLOT in shown
    local, domain = email.rsplit("@", 1)
    assert f"{local[-1]}@{domain[0]}" not in shown or not (local[-1].isalnum() and domain[0].isalnum())
