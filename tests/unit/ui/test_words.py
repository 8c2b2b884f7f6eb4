from __future__ import annotations

import math
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from graphring.ui.words import cell, clean, esc, kind_name, plural, signed_bits

FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
ISOLATES = "\N{FIRST STRONG ISOLATE}\N{POP DIRECTIONAL ISOLATE}"


@given(st.text(max_size=200))
def test_cleaned_text_is_one_short_line_without_controls(text: str) -> None:
    shown = clean(text, 40)
    assert len(shown.strip(ISOLATES)) <= 40
    assert not [c for c in shown.strip(ISOLATES) if unicodedata.category(c) in FORBIDDEN]


def test_bidi_overrides_become_visible_and_right_to_left_text_is_isolated() -> None:
    assert clean("acct\u202egnp.exe") == "acct\N{REPLACEMENT CHARACTER}gnp.exe"
    assert clean("שלום") == "\N{FIRST STRONG ISOLATE}שלום\N{POP DIRECTIONAL ISOLATE}"


def test_missing_values_are_empty() -> None:
    assert clean(None) == clean(math.nan) == cell(math.nan) == ""


def test_markup_is_escaped() -> None:
    assert esc("<img src=x onerror=\"alert('1')\">") == "&lt;img src=x onerror=&quot;alert(&#x27;1&#x27;)&quot;&gt;"


def test_cells_cannot_start_a_formula() -> None:
    assert [cell(text)[0] for text in ("=1+1", "+1", "-1", "@A1", "\t=1")] == ["'"] * 5
    assert cell("acct-1") == "acct-1"


def test_a_long_text_is_cut_before_it_is_read_through() -> None:
    assert clean("L" * 1_000_000, 60) == "L" * 59 + "…"


def test_plain_words() -> None:
    assert plural(1, "ring") == "1 ring"
    assert plural(2_000, "family", "families") == "2,000 families"
    assert signed_bits(-2.14) == "−2.1"
    assert kind_name("ip", many=True) == "IP addresses"
    assert kind_name("referral_code", many=True) == "Referral codes"
