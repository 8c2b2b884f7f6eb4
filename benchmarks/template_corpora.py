"""Labelled corpora for templates, made from ../shared/data: filled templates, paraphrased wrappers, organic prompts."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SLOT = "\x00"


@dataclass(frozen=True)
class Corpus:
    """Prompts with their truth; a truth of None is organic."""

    name: str
    prompts: list[str]
    accounts: list[int]
    truth: list[str | None]
    systems: list[str | None] | None = None


def rows(name: str) -> list[dict[str, str]]:
    with gzip.open(DATA / name, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def half(items: Sequence, held_out: bool) -> list:
    """Every second one; the held-out half is looked at only in the end."""
    return list(items[1::2] if held_out else items[0::2])


def payloads() -> list[str]:
    texts = [row["question"] for row in rows("gsm8k.jsonl.gz")]
    texts += [
        f"{r['instruction']} {r['input']}".strip() for r in rows("gpteacher.jsonl.gz") if r["src"] != "Toolformer"
    ]
    return texts


def templates(held_out: bool | None, least: int = 8) -> list[str]:
    """Templates with SLOT in their slots, at least `least` literal words, no two of them the same wording."""
    found = [row["jinja"] for row in rows("promptsource.jsonl.gz")]
    found += [path.read_text() for path in sorted((DATA / "distillation_templates").iterdir())]
    out: list[str] = []
    seen: list[frozenset] = []
    for source in found:
        text = re.sub(r"\{%.*?%\}|\{#.*?#\}", "", source, flags=re.DOTALL)
        text = re.sub(r"\{\{.*?\}\}|\{\w+\}", SLOT, text, flags=re.DOTALL).replace("|||", "\n").strip()
        words = re.findall(r"\w+", text.lower())
        bag = frozenset(zip(words, words[1:], words[2:], strict=False))
        if len(words) < least or SLOT not in text or any(len(bag & s) > 0.4 * len(bag | s) for s in seen):
            continue
        out.append(text)
        seen.append(bag)
    return out if held_out is None else half(out, held_out)


def fill(template: str, draw: Callable[[], str]) -> str:
    return re.sub(SLOT, lambda _: draw(), template)


def filled(
    seed: int, *, count: int = 55_000, number: int = 283, accounts: int = 2_000, zipf: float = 0.0, long: int = 2,
    held_out: bool | None = False, least: int = 8, per_account: int = 0,
) -> Corpus:  # fmt: skip
    """Prompts of `number` templates; slots hold `long` payloads; `per_account` templates for each account (0: any)."""
    rng = random.Random(seed)
    pool = templates(held_out, least)
    chosen = rng.sample(pool, min(number, len(pool)))
    texts = payloads()
    weights = [1 / (i + 1) ** zipf for i in range(len(chosen))]
    own = {a: rng.sample(range(len(chosen)), per_account) for a in range(accounts)} if per_account else None
    prompts, owners, truth = [], [], []
    for _ in range(count):
        account = rng.randrange(accounts)
        which = rng.choice(own[account]) if own else rng.choices(range(len(chosen)), weights)[0]
        prompts.append(fill(chosen[which], lambda: "\n".join(rng.choice(texts) for _ in range(rng.randint(1, long)))))
        owners.append(account)
        truth.append(f"t{which}")
    name = f"filled seed={seed} templates={len(chosen)} accounts={accounts} zipf={zipf} long={long} least={least}"
    return Corpus(name, prompts, owners, truth)


def organic(seed: int, accounts: int, *, toolformer: bool = False) -> Corpus:
    rng = random.Random(seed)
    texts = [(r["prompt"], r["author"]) for r in rows("awesome_prompts.jsonl.gz")]
    texts += [(r["text"], None) for r in rows("banking77_train.jsonl.gz")]
    texts += [
        (f"{r['instruction']} {r['input']}".strip(), None)
        for r in rows("gpteacher.jsonl.gz")
        if toolformer or r["src"] != "Toolformer"
    ]
    rng.shuffle(texts)
    authors: dict[str, int] = {}
    owners = [authors.setdefault(a, accounts + len(authors)) if a else rng.randrange(accounts) for _, a in texts]
    return Corpus(f"organic seed={seed} accounts={accounts}", [t for t, _ in texts], owners, [None] * len(texts))


def paraphrased(
    seed: int, *, fills: int, accounts: int, ring: int = 40, mixed: bool = False, held_out: bool = False,
    words: bool = True, filled: bool = True, toolformer: bool = False,
) -> Corpus:  # fmt: skip
    """Wordings of tasks, each filled `fills` times (or sent as it is, unless `filled`), among organic prompts.

    Each task is sent by `ring` accounts of its own unless `mixed`. `toolformer` adds the 7,673 prompts of GPTeacher
    that have wrappers of their own to the organic ones.
    """
    rng = random.Random(seed)
    slab = [r for r in rows("slab_templates_dev.jsonl.gz") if r["correct"] == "1"]
    tasks = half(sorted({r["task"] for r in slab}), held_out)
    base = organic(seed, accounts, toolformer=toolformer)
    texts = payloads()
    vocabulary = sorted({w for t in texts[:4000] for w in re.findall(r"[a-z]{4,9}", t)})
    prompts, owners = list(base.prompts), list(base.accounts)
    truth: list[str | None] = list(base.truth)
    offset = max(owners) + 1
    for number, task in enumerate(tasks):
        for row in [r for r in slab if r["task"] == task]:
            for _ in range(fills):

                def value(match: re.Match[str]) -> str:
                    if words and re.match(r"\{(word|query|category)\w*\}", match.group()):
                        return rng.choice(vocabulary)
                    if match.group() == "{words}":
                        return ", ".join(rng.choice(vocabulary) for _ in range(5))
                    if match.group() == "{options}":
                        return "\n".join(f"({c}) {' '.join(rng.sample(vocabulary, 4))}" for c in "ABCD")
                    return rng.choice(texts)

                text = row["prompt template"]
                prompts.append(re.sub(r"\{\w+\}", value, text) if filled else text)
                owners.append(rng.randrange(accounts) if mixed else offset + number * ring + rng.randrange(ring))
                truth.append(task)
    name = f"paraphrased seed={seed} tasks={len(tasks)} fills={fills} ring={ring} mixed={mixed} filled={filled}"
    return Corpus(name, prompts, owners, truth)


def raw(corpus: Corpus) -> pa.RecordBatch:
    n = len(corpus.prompts)
    return pa.RecordBatch.from_pydict(
        {
            "system_prompt": pa.array(corpus.systems or [None] * n, pa.string()),
            "prompt": pa.array(corpus.prompts, pa.string()),
        }
    )
