"""Quality, speed and memory of template families on corpora made from ../shared/data.

python benchmarks/bench_templates.py                          all of it
python benchmarks/bench_templates.py quality [--held-out]     the corpora of template_corpora.py
python benchmarks/bench_templates.py speed MILLIONS            a stream of synthetic prompts of 440 characters
"""

# ruff: noqa: D102
from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sklearn.metrics import adjusted_mutual_info_score
from template_corpora import DATA, SLOT, Corpus, filled, organic, paraphrased, payloads, raw, templates

import graphring.templates.groups as groups_module
from graphring.config import Settings
from graphring.engine import Engine, parquet_writer
from graphring.model import EXCHANGES
from graphring.templates import find_families, fingerprint

START = datetime(2026, 1, 1, tzinfo=UTC)


def exchanges(
    batch: pa.RecordBatch, accounts: np.ndarray, first: int, prints: pa.RecordBatch | None = None
) -> pa.Table:
    """EXCHANGES of a batch of raw texts that is sorted by account."""
    prints = fingerprint(batch) if prints is None else prints
    n = batch.num_rows
    columns: dict[str, object] = {f.name: pa.nulls(n, f.type) for f in EXCHANGES}
    columns |= {
        "exchange_id": [f"e{i:09d}" for i in range(first, first + n)],
        "account": pa.array(accounts, pa.int32()),
        "ts": pa.array(np.arange(first, first + n) * 1000, pa.int64()).cast(EXCHANGES.field("ts").type),
        "system": prints["system"],
        "prompt": prints["prompt"],
        "shingles": prints["shingles"],
    }
    return pa.table([columns[f.name] for f in EXCHANGES], schema=EXCHANGES)


def find(corpus: Corpus, **templates: float) -> list[str | None]:
    """The family of each prompt of a corpus, in its order."""
    order = np.argsort(np.array(corpus.accounts), kind="stable")
    batch = raw(corpus).take(pa.array(order))
    with tempfile.TemporaryDirectory() as folder, Engine() as engine:
        out = Path(folder)
        pq.write_table(exchanges(batch, np.array(corpus.accounts)[order], 0), out / "exchanges.parquet")

        def texts(ids: Sequence[str]) -> pa.Table:
            picked = pa.Table.from_batches([batch]).take([int(i[1:]) for i in ids])
            return picked.append_column("exchange_id", pa.array(list(ids)))

        find_families(engine, out / "exchanges.parquet", texts, None, Settings(templates=templates), out)
        found = pq.read_table(out / "assignments.parquet")["family_id"].to_pylist()
        FAMILIES_SEEN[:] = pq.read_table(out / "families.parquet").to_pylist()
    back: list[str | None] = [None] * len(found)
    for place, family in zip(order.tolist(), found, strict=True):
        back[place] = family
    return back


FAMILIES_SEEN: list[dict] = []


def pairs(counts: Counter) -> int:
    return sum(n * (n - 1) // 2 for n in counts.values())


def quality(corpus: Corpus, **templates: float) -> dict[str, float]:
    """AMI over labelled prompts, pair precision and recall over all, share of organic prompts in wide families."""
    started = time.perf_counter()
    family = find(corpus, **templates)
    seconds = time.perf_counter() - started
    truth = [t if t is not None else f"organic {i}" for i, t in enumerate(corpus.truth)]
    joint = Counter((t, f) for t, f in zip(truth, family, strict=True) if f is not None)
    same = pairs(Counter(f for f in family if f is not None))
    accounts: dict[str, set[int]] = {}
    for a, f in zip(corpus.accounts, family, strict=True):
        if f is not None:
            accounts.setdefault(f, set()).add(a)
    wild = [f for f, t in zip(family, corpus.truth, strict=True) if t is None]
    labelled = [i for i, t in enumerate(corpus.truth) if t is not None]
    result = {
        "precision": pairs(joint) / max(1, same),
        "recall": pairs(joint) / max(1, pairs(Counter(truth))),
        "organic wide": sum(f is not None and len(accounts[f]) >= 20 for f in wild) / max(1, len(wild)),
        "organic any": sum(f is not None for f in wild) / max(1, len(wild)),
        "assigned": sum(family[i] is not None for i in labelled) / max(1, len(labelled)),
        "families": len(set(family) - {None}),
        "seconds": seconds,
    }
    if labelled:
        alone = [family[i] or f"alone {i}" for i in labelled]
        result["ami"] = adjusted_mutual_info_score([truth[i] for i in labelled], alone)
    return result


def corpora(held_out: bool) -> list[Corpus]:
    """All shapes that the docs report."""
    return [
        filled(11, held_out=held_out),
        filled(12, accounts=300, zipf=1.0, long=4, held_out=held_out),
        filled(13, accounts=20_000, zipf=0.7, held_out=held_out, count=20_000),
        filled(14, accounts=800, per_account=3, held_out=held_out, count=30_000),
        paraphrased(15, fills=8, accounts=3_000, held_out=held_out),
        paraphrased(16, fills=8, accounts=3_000, mixed=True, held_out=held_out),
        paraphrased(17, fills=3, accounts=3_000, held_out=held_out),
        paraphrased(18, fills=1, accounts=3_000, held_out=held_out),
        organic(19, 3_000),
        organic(20, 100_000),
        organic(21, 300),
    ]


def _own_words(rng: np.random.Generator, count: int) -> pa.Array:
    """Three words of eight letters and one of four for each row."""
    letters = rng.integers(ord("a"), ord("z") + 1, (count, 31), np.uint8)
    letters[:, [8, 17, 26]] = ord(" ")
    return pa.array(letters.view("S31").ravel().astype(str))


class Stream:
    """Synthetic prompts of about 440 characters in batches sorted by account, the same ones each time a batch is made.

    A third of them are wrapped in one of 2,000 wrappers (Zipf), the rest are sentences and words that nobody else has.
    """

    rows = 65_536

    def __init__(self, total: int) -> None:
        sentences = sorted({s.strip() for t in payloads() for s in t.split(". ") if 40 < len(s) < 160})
        self.sentences = pa.array(sentences)
        pool = templates(None, 8)
        self.wrappers = pa.array([pool[i % len(pool)].replace(SLOT, f" case {i // len(pool)} ") for i in range(2_000)])
        self.total = total

    def batch(self, number: int) -> tuple[pa.RecordBatch, np.ndarray]:
        rng = np.random.default_rng(number)
        first = number * self.rows
        n = min(self.rows, self.total - first)
        accounts = np.arange(first, first + n) // 60
        parts = [self.sentences.take(pa.array(rng.integers(0, len(self.sentences), n))) for _ in range(2)]
        unique = [_own_words(rng, n) for _ in range(4)]
        wrapped = rng.random(n) < 0.33
        which = np.minimum(rng.zipf(1.3, n) - 1, 1_999)
        taken = pa.array(which)
        opening = pc.if_else(pa.array(wrapped), self.wrappers.take(taken), self.sentences.take(taken))
        pieces = [opening, "\n", unique[0], parts[0], unique[1], ". ", unique[2], parts[1], unique[3]]
        text = pc.binary_join_element_wise(*pieces, " ")
        text = pc.utf8_slice_codeunits(text, 0, 440)
        return pa.RecordBatch.from_arrays([pa.nulls(n, pa.string()), text], names=["system_prompt", "prompt"]), accounts

    def batches(self) -> int:
        return -(-self.total // self.rows)

    def texts(self, ids: Sequence[str]) -> pa.Table:
        wanted = np.sort([int(i[1:]) for i in ids])
        parts = []
        for number in np.unique(wanted // self.rows).tolist():
            here = wanted[wanted // self.rows == number] - number * self.rows
            parts.append(pa.Table.from_batches([self.batch(number)[0]]).take(pa.array(here)))
        return pa.concat_tables(parts).append_column("exchange_id", pa.array([f"e{i:09d}" for i in wanted.tolist()]))


class Clock:
    """Wall and processor seconds of what ran within it, added up."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    def __enter__(self) -> None:
        self.wall -= time.perf_counter()
        self.cpu -= time.process_time()

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter()
        self.cpu += time.process_time()


def speed(millions: float) -> None:
    """Prompts per second of fingerprinting and of the search, and peak memory; making the texts is not counted."""
    stream = Stream(int(millions * 1e6))
    hashing, making, searching, whole = Clock(), Clock(), Clock(), Clock()
    characters = 0
    with tempfile.TemporaryDirectory() as folder, Engine() as engine:
        out = Path(folder)
        path = out / "exchanges.parquet"
        fingerprint(stream.batch(0)[0])
        with parquet_writer(path, EXCHANGES) as writer:
            for number in range(stream.batches()):
                batch, accounts = stream.batch(number)
                characters += batch["prompt"].nbytes
                with hashing:
                    prints = fingerprint(batch)
                writer.write_table(exchanges(batch, accounts, number * stream.rows, prints))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20

        def texts(ids: Sequence[str]) -> pa.Table:
            with making:
                return stream.texts(ids)

        plain = groups_module.search

        def timed(*arguments: object, **named: object) -> object:
            with searching:
                return plain(*arguments, **named)

        groups_module.search = timed
        with whole:
            find_families(engine, path, texts, None, Settings(), out)
        groups_module.search = plain
        families = pq.read_metadata(out / "families.parquet").num_rows
        size = path.stat().st_size / 2**30
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    n, cpu = stream.total, hashing.cpu + searching.cpu
    rest, busy = whole.wall - making.wall - searching.wall, whole.cpu - making.cpu - searching.cpu
    print(
        f"{millions:g} million prompts of {characters / n:.0f} bytes: hashing {n / hashing.wall:,.0f}/s, "
        f"steps 2 and 3 {n / searching.wall:,.0f}/s, steps 1 to 3 {n / (hashing.wall + searching.wall):,.0f}/s "
        f"({cpu / n * 1e6:.1f} µs of processor a prompt, {hashing.cpu / n * 1e6:.1f} of them hashing; "
        f"load {os.getloadavg()[0]:.1f}); wordings, paraphrases and writing {rest:.0f} s more ({busy:.0f} s of "
        f"processor); {families} families; file {size:.2f} GiB; "
        f"peak memory {peak:.2f} GiB ({before:.2f} before the search)",
        flush=True,
    )


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["all", "quality", "speed"], default="all")
    parser.add_argument("millions", nargs="*", type=float)
    parser.add_argument("--held-out", action="store_true")
    chosen = parser.parse_args()
    if not DATA.exists():
        sys.exit(f"skipped: {DATA.name} with the corpora is missing")
    if chosen.what != "speed":
        for corpus in corpora(chosen.held_out):
            figures = quality(corpus)
            print(f"{corpus.name}: {len(corpus.prompts)} prompts")
            print("   ", "  ".join(f"{k} {v:.4g}" for k, v in figures.items()), flush=True)
    for millions in chosen.millions or {"all": [1.0, 4.0, 16.0], "speed": [1.0]}.get(chosen.what, []):
        speed(millions)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory {peak:.2f} GiB")


if __name__ == "__main__":
    main()
