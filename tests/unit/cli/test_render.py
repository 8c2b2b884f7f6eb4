"""Results as text: hostile text stays harmless, bytes stay the same."""

from __future__ import annotations

import csv
import io
import json
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphring.cli.render import as_csv, as_json, cell, plain


@given(st.text())
def test_plain_text_is_one_printable_line(text: str) -> None:
    shown = plain(text)
    assert len(shown.splitlines()) <= 1
    assert all(ord(c) >= 32 and c not in "\x7f\u202e\u2066\u2028" for c in shown)


def test_long_text_is_cut_with_a_mark() -> None:
    assert plain("x" * 100, 10) == "x" * 9 + "…"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_formula_starts_are_neutralised(text: str) -> None:
    assert cell(text) == "'" + text


@given(
    st.lists(st.tuples(st.text(st.characters(codec="utf-8", exclude_characters="\r\x00")), st.integers()), max_size=5)
)
def test_csv_reads_back(rows: list[tuple[str, int]]) -> None:
    read = list(csv.reader(io.StringIO(as_csv(["a", "b"], rows))))
    assert read[0] == ["a", "b"]
    assert read[1:] == [[cell(text), str(number)] for text, number in rows]


def test_json_has_sorted_keys_iso_times_and_no_nan() -> None:
    text = as_json({"b": math.nan, "a": datetime(2026, 1, 1, tzinfo=UTC)})
    assert json.loads(text) == {"a": "2026-01-01T00:00:00+00:00", "b": None}
    assert text.index('"a"') < text.index('"b"')
