"""What holds for any text and any numbers."""

from __future__ import annotations

import csv
import io
import tempfile
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphring.cases import Casebook
from graphring.cases.charts import heat_map, waterfall
from graphring.cases.entry import clean_text
from graphring.cases.formats.wording import number
from graphring.cases.text import neutral_cell, visible

TEXT = st.text(max_size=60)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
BITS = st.floats(-100, 100)


@given(TEXT, st.integers(0, 30))
def test_shown_text_has_no_hidden_characters(text: str, limit: int) -> None:
    shown = visible(text, limit)
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    assert len(shown) <= 10 * limit + 30


@given(st.one_of(TEXT, st.sampled_from("=+-@\t\r\n＝").flatmap(lambda c: TEXT.map(lambda t: c + t))))
def test_a_cell_is_no_formula_and_stays_one_cell(text: str) -> None:
    cell = neutral_cell(text)
    assert cell[:1] not in set("=+-@\t\r\n")
    out = io.StringIO(newline="")
    csv.writer(out).writerow([cell, "next"])
    assert list(csv.reader(io.StringIO(out.getvalue(), newline=""))) == [[cell, "next"]]


@given(TEXT)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean_text("text", text)
    assert clean_text("text", once) == once
    once.encode("utf-8")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(TEXT, st.lists(WORDS, min_size=1, max_size=5)), max_size=5))
def test_any_text_comes_back_from_the_casebook_and_verifies(given_entries: list[tuple[str, list[str]]]) -> None:
    with tempfile.TemporaryDirectory() as folder, Casebook.open(f"sqlite:///{folder}/b.sqlite") as book:
        said = [
            book.decide("R-00001", "watch", by="k" + text, reason="r" + text, run_id="run", accounts=names)
            for text, names in given_entries
        ]
        assert book.entries() == said
        assert [book.accounts(entry) for entry in said] == [tuple(sorted(set(names))) for _, names in given_entries]
        book.verify()


@given(st.lists(BITS, max_size=60))
def test_the_waterfall_stays_in_its_drawing_and_ends_at_the_score(bits: list[float]) -> None:
    drawn = waterfall([{"name": "n", "bits": value} for value in bits], sum(bits))
    assert len(drawn.bars) == min(len(bits), 24) + 1
    for bar in drawn.bars:
        assert bar.width >= 1
        assert bar.x >= 200
        assert bar.x + bar.width <= drawn.width - 50
    if len(drawn.bars) > 1:
        assert drawn.bars[-1].end == pytest.approx(drawn.bars[-2].end, abs=0.1)


@given(st.lists(st.tuples(st.datetimes(), st.integers(0, 10**9)), min_size=1, max_size=30))
def test_the_heat_map_stays_in_its_drawing(hours: list) -> None:
    drawn = heat_map([{"hour": f"{hour:%Y-%m-%dT%H}:00:00Z".rjust(20, "0"), "exchanges": n} for hour, n in hours])
    assert drawn is not None
    assert len(drawn.cells) <= 62 * 24
    assert max(cell.x for cell in drawn.cells) + drawn.cell_width <= 730
    assert {cell.shade for cell in drawn.cells} <= set(range(6))


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_numbers_are_said(value: float) -> None:
    assert number(value)
