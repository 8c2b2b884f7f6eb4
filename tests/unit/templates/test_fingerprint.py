from __future__ import annotations

import base64
import hashlib
import time

import pyarrow as pa
import pytest

from graphring.templates import KIND_MASK, MOST_SHINGLES, Kind, fingerprint


def prints(prompts, systems=None):
    return fingerprint(
        pa.RecordBatch.from_pydict(
            {
                "system_prompt": pa.array(systems or [None] * len(prompts), pa.string()),
                "prompt": pa.array(prompts, pa.string()),
            }
        )
    ).to_pylist()


WRAPPER = "You will be given a puzzle below and must write out each step of the reasoning before the final verdict"
LETTERS = str.maketrans({"a": "а", "e": "е", "o": "ο", "p": "р", "c": "ϲ", "i": "і"})


def long(row):
    return {s for s in row["shingles"] if s & KIND_MASK == Kind.LONG}


@pytest.mark.parametrize(
    "disguise",
    [
        "\u200b".join,
        lambda t: t.translate(LETTERS),
        lambda t: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in t),
        lambda t: "".join(chr(0x1D400 + ord(c) - 65) if "A" <= c <= "Z" else c for c in t.upper()),
        str.upper,
        lambda t: t.replace(" ", "  \t "),
        lambda t: "".join(c + "\u0301" for c in t),
        lambda t: "\u202e" + t.replace(" ", " \u00ad"),
        lambda t: f"*{t.replace(' ', '_ *')}_".replace("_", ""),
    ],
    ids=["zero width", "homoglyphs", "full width", "bold", "case", "spaces", "accents", "direction", "marks"],
)
def test_a_disguise_does_not_change_the_fingerprint(disguise):
    plain, other = prints([WRAPPER, disguise(WRAPPER)])
    assert plain == other
    assert long(plain)


def test_digits_are_masked_in_shingles_but_not_in_the_prompts_hash():
    one, two = prints(["add 17 to 4 and then tell me the sum please", "add 3 to 99 and then tell me the sum please"])
    assert one["shingles"] == two["shingles"]
    assert one["prompt"] != two["prompt"]


def test_no_text_has_no_hash():
    assert prints([None, "", "?!"], [None, "", "  "])[:2] == [{"system": 0, "prompt": 0, "shingles": []}] * 2
    assert prints(["?!"])[0]["prompt"] != 0


@pytest.mark.parametrize("layout", ["{w} {s}", "{s} {w}", "{s} {w} {s}"])
@pytest.mark.parametrize("words", [5, 200, 5_000])
def test_a_wrapper_before_after_and_within_short_and_long_payloads_is_kept(layout, words):
    def payload(salt):
        return " ".join(
            hashlib.md5(f"{salt}{i}".encode()).hexdigest().translate({48 + d: 103 + d for d in range(10)})[:7]
            for i in range(words)
        )

    if layout == "{s} {w} {s}" and words == 5_000:
        layout = "{s}\n{w}\n{s}"
    one, two = prints([layout.format(w=WRAPPER, s=payload(salt)) for salt in ("a", "b")])
    assert set(one["shingles"]) & set(two["shingles"])


def test_shingles_are_sorted_unique_and_bounded():
    text = " ".join(f"word{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}. " for i in range(100_000))
    for row in prints([text, "a. b c. " * 100_000, "一二三四五六七八九十" * 10_000], ["x y z w " * 9] * 3):
        assert row["shingles"] == sorted(set(row["shingles"]))
        assert len(row["shingles"]) <= MOST_SHINGLES


@pytest.mark.parametrize(
    "text",
    [
        "请把下面的句子翻译成英文并解释其中的语法结构",
        "من فضلك ترجم الجملة التالية إلى الإنجليزية واشرح القواعد",
        "def f(x):\n    return x + 1\nprint(f(2))\nfor i in range(10): print(i)",
        "กรุณาแปลประโยคต่อไปนี้เป็นภาษาอังกฤษและอธิบายไวยากรณ์",
    ],
    ids=["Chinese", "Arabic", "code", "Thai"],
)  # fmt: skip
def test_other_scripts_have_shingles_in_common_with_what_contains_them(text):
    one, two = prints([f"{text}\nabcde", f"{text}\nfghij klmno"])
    assert len(set(one["shingles"]) & set(two["shingles"])) >= 2


def test_base64_is_one_word():
    def blob(salt):
        return base64.b64encode(hashlib.sha512(salt).digest() * 20).decode()

    one, two = prints(
        [f"decode the following text now please {blob(s)} thank you very much indeed" for s in (b"a", b"b")]
    )
    assert len(set(one["shingles"]) & set(two["shingles"])) >= len(one["shingles"]) * 2 // 3


def test_rows_do_not_depend_on_their_batch():
    texts = [f"{WRAPPER} {i} {'x' * (i % 50)} and then some {i * 7919 % 1000}" for i in range(3_000)]
    whole = prints(texts)
    assert whole[1234] == prints([texts[1234]])[0]
    sliced = fingerprint(
        pa.RecordBatch.from_pydict({"system_prompt": pa.nulls(3_000, pa.string()), "prompt": texts}).slice(2_000, 500)
    )
    assert sliced.to_pylist() == whole[2_000:2_500]


def test_megabytes_do_not_stall():
    started = time.process_time()
    prints(
        ["x" * 1_000_000, "\u200b" * 1_000_000, "a. " * 400_000, "好" * 300_000, "\n" * 1_000_000, "1 " * 500_000] * 2
    )
    assert time.process_time() - started < 60  # half a second is usual; quadratic work would take hours
