from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graphring.config import Settings
from graphring.engine import Engine
from graphring.errors import ConfigError
from graphring.model import ASSIGNMENTS, EXCHANGES, FAMILIES
from graphring.templates import find_families, fingerprint

NOUNS = ("river stone lamp cloud horse bread clock field paper glass wheel tower garden candle mirror").split()  # noqa: SIM905


def filler(seed: int, words: int = 40) -> str:
    out = []
    for _ in range(words):
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        out.append(NOUNS[(seed >> 33) % 15] + NOUNS[(seed >> 40) % 15][:3])
    return " ".join(out)


def write_night(folder: Path, rows: list[tuple[int, str | None, str, str | None]]) -> tuple[Path, object]:
    """Rows of (account, system prompt, prompt, template id) as EXCHANGES, and the `texts` that belongs to them."""
    rows = sorted(rows, key=lambda row: row[0])
    prints = fingerprint(
        pa.RecordBatch.from_pydict(
            {
                "system_prompt": pa.array([r[1] for r in rows], pa.string()),
                "prompt": pa.array([r[2] for r in rows], pa.string()),
            }
        )
    )
    start = datetime(2026, 1, 1, tzinfo=UTC)
    n = len(rows)
    columns = {
        "exchange_id": [f"e{i:07d}" for i in range(n)], "account": [r[0] for r in rows],
        "ts": [start + timedelta(seconds=i) for i in range(n)], "ip": [0] * n, "model": ["m"] * n,
        "conversation": [0] * n, "user_agent": [0] * n, "input_tokens": [1] * n, "output_tokens": [1] * n,
        "template_id": [r[3] for r in rows], "system": prints["system"], "prompt": prints["prompt"],
        "shingles": prints["shingles"], "source": [0] * n,
    }  # fmt: skip
    path = folder / "exchanges.parquet"
    pq.write_table(pa.table(columns, schema=EXCHANGES), path)

    def texts(ids):
        picked = [int(i[1:]) for i in ids]
        return pa.table(
            {
                "exchange_id": list(ids),
                "system_prompt": pa.array([rows[i][1] for i in picked], pa.string()),
                "prompt": [rows[i][2] for i in picked],
            }
        )

    return path, texts


def run(tmp_path: Path, rows, known: Path | None = None, name: str = "out", **templates):
    out = tmp_path / name
    out.mkdir()
    path, texts = write_night(out, rows)
    with Engine(threads=1) as engine:
        find_families(engine, path, texts, known, Settings(templates=templates), out)
    families, assignments = pq.read_table(out / "families.parquet"), pq.read_table(out / "assignments.parquet")
    assert families.schema.equals(FAMILIES)
    assert assignments.schema.equals(ASSIGNMENTS)
    return families.to_pylist(), assignments["family_id"].to_pylist()


WRAPPER = "You will be given a puzzle below and must write out each step of the reasoning before the final verdict"


def test_one_wrapper_around_many_payloads_is_one_family(tmp_path):
    rows = [(i % 20, None, f"{WRAPPER}: {filler(i)}", None) for i in range(200)]
    rows += [(100 + i, None, filler(1000 + i), None) for i in range(200)]
    families, assigned = run(tmp_path, rows)
    assert len(families) == 1
    assert families[0]["accounts"] == 20
    assert families[0]["exchanges"] == 200
    assert assigned[:200] == [families[0]["family_id"]] * 200
    assert set(assigned[200:]) == {None}
    assert "reasoning before the final verdict" in families[0]["exemplar"]
    assert "⟨…⟩" in families[0]["exemplar"]


def test_system_prompts_and_template_ids_are_families(tmp_path):
    rows = [(i, "Speak only as the archivist of a drowned town", filler(i), None) for i in range(10)]
    rows += [(50 + i, None, filler(100 + i), "tmpl-7") for i in range(10)]
    families, assigned = run(tmp_path, rows)
    assert len(families) == 2
    assert len(set(assigned[:10])) == len(set(assigned[10:])) == 1
    assert assigned[0] != assigned[10]


def test_families_keep_their_ids_the_next_night(tmp_path):
    other = "Please grade the essay that follows against the rubric and name three weaknesses of its central argument"
    first, assigned = run(tmp_path, [(i % 9, None, f"{filler(i)} {WRAPPER}", None) for i in range(60)])
    rows = [(i % 9, None, f"{other} {filler(500 + i)}", None) for i in range(60)]
    rows += [(20 + i % 9, None, f"{filler(900 + i)} {WRAPPER}", None) for i in range(60)]
    _, later = run(tmp_path, rows, known=tmp_path / "out", name="second")
    assert set(later[60:]) == {first[0]["family_id"]} == set(assigned)
    assert set(later[:60]).isdisjoint({None, first[0]["family_id"]})


def test_a_night_that_is_run_again_says_the_same(tmp_path):
    rows = [(i % 9, None, f"{filler(i)} {WRAPPER if i % 3 else ''}", None) for i in range(60)]
    rows += [(30 + i, None, f"{' '.join(WRAPPER.split()[i % 4 :: 2])} {filler(300 + i)}", None) for i in range(12)]
    run(tmp_path, [(i % 9, None, f"{WRAPPER} {filler(700 + i)}", None) for i in range(30)])
    first = run(tmp_path, rows, known=tmp_path / "out", name="first")
    assert run(tmp_path, rows, known=tmp_path / "first", name="again") == first
    assert run(tmp_path, rows, known=tmp_path / "again", name="third") == first
    for name in ("families.parquet", "assignments.parquet", "family_state.parquet", "family_base.parquet"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "first" / name).read_bytes()


def test_unknown_parameter_is_a_config_error(tmp_path):
    with pytest.raises(ConfigError, match="min_acounts"):
        run(tmp_path, [(0, None, "a", None)], min_acounts=3)


def test_an_empty_night(tmp_path):
    families, assigned = run(tmp_path, [])
    assert families == []
    assert assigned == []


def test_a_payload_that_wrappers_share_is_kept_apart(tmp_path):
    other = "Please grade the essay that follows against the rubric and name three weaknesses of its central argument"
    popular = filler(77, 60)
    rows = [(i % 30, None, f"{(WRAPPER, other)[i % 2]}: {filler(i)}", None) for i in range(300)]
    rows += [(i, None, f"{(WRAPPER, other)[i % 2]}: {popular} {filler(9000 + i, 4)}", None) for i in range(24)]
    families, assigned = run(tmp_path, rows)
    assert sorted(f["kind"] for f in families) == ["payload", "wrapper", "wrapper"]
    payload = next(f for f in families if f["kind"] == "payload")
    assert payload["accounts"] == 24
    assert payload["family_id"] not in assigned
    assert {f["exchanges"] for f in families if f["kind"] == "wrapper"} == {162}


def test_a_popular_phrase_does_not_glue_families(tmp_path):
    phrase = "Answer the following question"
    tails = (
        "as a botanist who doubts every claim about orchids and cites field notes",
        "for children of nine years who have never seen the sea or a ship",
        "in the voice of a customs officer reading regulations aloud at midnight",
    )
    rows = [(i % 40, None, f"{phrase} {tails[i % 3]}.\n{filler(i)}", None) for i in range(240)]
    families, assigned = run(tmp_path, rows)
    assert len(families) == 3
    order = [row[2] for row in sorted(rows, key=lambda row: row[0])]
    seen = {tail: {f for text, f in zip(order, assigned, strict=True) if tail in text} for tail in tails}
    assert all(len(found) == 1 and None not in found for found in seen.values())


def test_turns_of_phrase_are_no_family(tmp_path):
    rows = [(i, None, f"Can you tell me how to {filler(i, 12)}", None) for i in range(200)]
    families, assigned = run(tmp_path, rows)
    assert families == []
    assert set(assigned) == {None}


PHRASE = "Can you tell me how to"
ARCHIVIST = "Speak only as the archivist of a drowned town"


@pytest.mark.parametrize(("system", "template"), [(ARCHIVIST, None), (None, "tmpl-9")])
def test_a_turn_of_phrase_hides_neither_system_prompt_nor_template(tmp_path, system, template):
    rows = [(i, system, f"{PHRASE} {filler(i, 12)}", template) for i in range(40)]
    families, assigned = run(tmp_path, rows)
    assert [f["exchanges"] for f in families] == [40]
    assert set(assigned) == {families[0]["family_id"]}
    _, again = run(tmp_path, [(i, system, filler(500 + i), template) for i in range(40)], tmp_path / "out", "second")
    assert again == assigned
    _, third = run(tmp_path, rows, tmp_path / "second", "third")
    assert third == assigned


def test_a_wrapper_goes_before_the_system_prompt_it_came_with(tmp_path):
    rows = [(i % 20, ARCHIVIST, f"{WRAPPER}: {filler(i)}", None) for i in range(80)]
    families, assigned = run(tmp_path, rows)
    assert len(families) == 1
    assert "reasoning before the final verdict" in families[0]["exemplar"]
    assert set(assigned) == {families[0]["family_id"]}
    assert families[0]["family_id"] == "F000001"


SECRETS = (
    "jane.doe@example.org",
    "jane.d\u200boe@exa\u200bmple.org",
    "jane.d\U000e0061oe@exa\U000e0061mple.org",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQOYabcd\n-----END PGP PRIVATE KEY BLOCK-----",
    "GOCSPX-AbCdEfGhIjKl",
    "\u0430bcd1234\u0435fgh5678ijkl",
    "sk-live-AbCdEfGhIjKl",
    "sk-abcdef0123456789",
    "ghp_0123456789abcdefghij",
    "hf_QwErTyUiOpAsDfGh",
    "glpat-zyxwvutsrqpo",
    "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0",
    "postgres://user:hunter2@db.example/x",
    "https://hooks.example.org/in?token=qwertyuiopas",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEabcd\n-----END RSA PRIVATE KEY-----",
)


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_do_not_reach_the_exemplar(tmp_path, secret):
    rows = [(i % 20, None, f"{WRAPPER} for {secret} and 4929 1234: {filler(i)}", None) for i in range(80)]
    families, _ = run(tmp_path, rows)
    assert len(families) == 1
    stored = (tmp_path / "out" / "family_state.parquet").read_bytes() + str(families).encode()
    told = stored.replace(b" ", b"").lower()
    for part in (*re.split(r"[\W_]+", re.sub("[\u200b\U000e0061]", "", secret)), "4929", filler(3).split()[0]):
        if len(part) >= 4 and part not in {"https", "example", "token", "PRIVATE", "BEGIN", "BLOCK"}:
            assert part.lower().encode() not in told


def test_what_two_people_send_verbatim_is_not_kept(tmp_path):
    letter = (
        "Dear Brigitte, the doctor says that it is serious and that I must come home before the winter, your brother"
    )
    families, _ = run(tmp_path, [(i % 2, None, letter, None) for i in range(6)])
    assert families == []
    families, _ = run(tmp_path, [(i % 6, None, letter, None) for i in range(12)], name="shared")
    assert [f["accounts"] for f in families] == [6]


def test_a_known_family_is_found_in_a_single_prompt(tmp_path):
    first, _ = run(tmp_path, [(i % 9, None, f"{filler(i)}. {WRAPPER}", None) for i in range(60)])
    rows = [(0, None, f"{filler(5000)}. {WRAPPER}", None), (1, None, filler(6000), None)]
    _, later = run(tmp_path, rows, known=tmp_path / "out", name="second")
    assert later == [first[0]["family_id"], None]


def test_families_that_became_one_stay_one(tmp_path):
    other = "Please grade the essay that follows against the rubric and name three weaknesses of its central argument"

    def night(told, n=60):
        return [(i % 9, None, f"{(WRAPPER, other)[i % 2]} {filler(i)}", told) for i in range(n)]

    first, _ = run(tmp_path, night(None))
    assert len(first) == 2
    second, _ = run(tmp_path, night("one", 62), known=tmp_path / "out", name="second")
    assert [f["family_id"] for f in second] == [first[0]["family_id"]]
    third, assigned = run(tmp_path, night(None, 4), known=tmp_path / "second", name="third")
    assert set(assigned) == {first[0]["family_id"]}
    assert [f["exchanges"] for f in third] == [4]


def test_numbers_are_never_given_twice(tmp_path):
    run(tmp_path, [(i % 9, None, f"{WRAPPER} {filler(i)}", None) for i in range(60)])
    other = "Please grade the essay that follows against the rubric and name three weaknesses of its central argument"
    run(tmp_path, [(0, None, filler(1), None)], known=tmp_path / "out", name="second")
    third, _ = run(
        tmp_path,
        [(i % 9, None, f"{other} {filler(i)}", None) for i in range(60)],
        known=tmp_path / "second",
        name="third",
    )
    assert [f["family_id"] for f in third] == ["F000002"]


def test_the_same_night_gives_the_same_bytes(tmp_path):
    rows = [
        (i % 20, "Speak as the archivist of a drowned town" if i % 3 else None, f"{WRAPPER}: {filler(i)}", None)
        for i in range(200)
    ]
    for name in ("one", "two"):
        run(tmp_path, rows, name=name)
    for name in ("families.parquet", "assignments.parquet", "family_state.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_wrapper_in_chinese_is_a_family(tmp_path):
    wrapper = "请阅读下面的谜题并写出推理的每一个步骤然后给出最终的判断和理由"
    rows = [(i % 20, None, f"{wrapper}：{filler(i, 30)}", None) for i in range(80)]
    rows += [(50 + i, None, filler(900 + i), None) for i in range(80)]
    families, assigned = run(tmp_path, rows)
    assert len(families) == 1
    assert assigned[:80] == [families[0]["family_id"]] * 80
    assert "推理的每一个步骤" in families[0]["exemplar"]


def test_a_digit_and_a_letter_among_chinese_words_are_no_key(tmp_path):
    wrapper = "请阅读下面第1段的谜题用A或B回答并写出推理的每一个步骤然后给出最终的判断和理由"
    rows = [(i % 20, None, f"{wrapper}：{filler(i, 30)}", None) for i in range(80)]
    families, _ = run(tmp_path, rows)
    assert "写出推理的每一个步骤" in families[0]["exemplar"]


def test_an_exemplar_reads_like_the_prompt(tmp_path):
    wrapper = '# Rules\n- Call `fetch_ledger(page=next)` first.\n  - Then don\'t stop: answer with {"verdict": "..."}'
    rows = [(i % 20, None, f"{wrapper}\n\n{filler(i, 30)}", None) for i in range(80)]
    families, _ = run(tmp_path, rows)
    assert families[0]["exemplar"] == f"{wrapper}\n\n⟨…⟩"


@pytest.mark.parametrize("disguise", ["\u200b", "\u2060", "\u0301", "\ufe0f", "\U000e0061", "\U000e0101"])
def test_invisible_characters_change_no_family(tmp_path, disguise):
    rng = random.Random(disguise)

    def hidden(text: str) -> str:
        return "".join(c + (disguise if c.isalpha() and rng.random() < 0.3 else "") for c in text)

    rows = [(i % 20, None, f"{hidden(WRAPPER)}: {filler(i)}", None) for i in range(80)]
    families, assigned = run(tmp_path, rows)
    assert len(families) == 1
    assert set(assigned) == {families[0]["family_id"]}
    assert "reasoning before the final verdict" in families[0]["exemplar"]


PANGRAM = "The quick brown fox jumps over the lazy dog."


def courses(each: int, again: int = 0) -> list[tuple[int, None, str, None]]:
    """Forty accounts with `each` prompts of their own, one of them with the pangram; `again` accounts send two."""
    rows = [(i, None, filler(i * 100 + j, 12), None) for i in range(40) for j in range(each)]
    rows += [(i, None, f"{filler(9_000 + i, 12)} {PANGRAM}", None) for i in range(40)]
    return rows + [(i, None, f"{filler(9_500 + i, 12)} {PANGRAM}", None) for i in range(again)]


def test_a_phrase_that_nobody_comes_back_to_is_no_family(tmp_path):
    assert run(tmp_path, courses(10))[0] == []
    families, _ = run(tmp_path, courses(10, again=5), name="again")
    assert len(families) == 1
    assert families[0]["accounts"] == 40


def test_of_accounts_with_little_else_nobody_need_come_back(tmp_path):
    assert len(run(tmp_path, courses(2))[0]) == 1


def test_a_wrapper_with_words_enough_is_one_at_its_first_use(tmp_path):
    rows = courses(10)[:400] + [(i, None, f"{WRAPPER}: {filler(9_000 + i)}", None) for i in range(40)]
    families, _ = run(tmp_path, rows)
    assert [f["accounts"] for f in families] == [40]


def test_a_known_family_stays_one_when_nobody_comes_back_to_it(tmp_path):
    run(tmp_path, courses(10, again=5))
    families, _ = run(tmp_path, courses(10), known=tmp_path / "out", name="next")
    assert len(families) == 1


def test_a_phrase_with_a_template_of_its_own_is_that_template(tmp_path):
    rows = [row if i < 400 else (*row[:3], "tmpl-7") for i, row in enumerate(courses(10))]
    families, _ = run(tmp_path, rows)
    assert [f["accounts"] for f in families] == [40]


def test_wrappers_that_each_account_sends_once_are_families(tmp_path):
    tails = (
        "rank the four claims by how well the sources bear them out",
        "translate the notice for harbour pilots and keep every depth",
        "find the clause that lets the tenant leave before spring",
        "turn the minutes into tasks with an owner and a day",
        "name the assumption on which the second proof rests",
        "grade the letter against the rubric of the guild",
        "explain the outage to a board that never saw a server",
        "list what the witness could not have seen from there",
    )
    rows = [(a, None, f"{tail}: {filler(100 * a + k, 20)}", None) for k, tail in enumerate(tails) for a in range(25)]
    rows += [(100 + i, None, filler(50_000 + i, 20), None) for i in range(400)]
    families, _ = run(tmp_path, rows)
    assert [f["accounts"] for f in families] == [25] * 8


def test_the_largest_wording_is_shown_on_every_night(tmp_path):
    first = [(i % 20, None, f"{WRAPPER}: {filler(i)}", "tmpl-1") for i in range(100)]
    other = "Please grade the essay that follows against the rubric and name three weaknesses of its central argument"
    rows = first + [(i % 20, None, f"{other}: {filler(900 + i)}", "tmpl-1") for i in range(40)]
    for known, name in ((None, "out"), ("out", "second"), ("second", "third")):
        families, _ = run(tmp_path, rows, tmp_path / known if known else None, name)
        assert "reasoning before the final verdict" in families[0]["exemplar"]
        assert any("grade the essay" in text for text in families[0]["variants"])
