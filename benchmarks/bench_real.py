"""What detection finds in real data. Prints the Markdown that docs/evaluation.md carries.

    .venv/bin/python benchmarks/bench_real.py [--data ../shared/data] [--nulls 5]

Two runs, each through the public API on contract tables in a temporary folder:

* the co-shared links of a real information operation, with nothing but `links`;
* real prompts (organic ones, a bank's customers, grade-school problems): accounts, addresses and hours around them are
  made, because no public data set has them, and so is the one ring, which splits the problems between its accounts.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import structlog

import graphring
from graphring.config import Settings
from graphring.evaluate import evaluate, findings_of, to_json, union_find
from graphring.refresh.nulls import null_result

DATA = Path(__file__).resolve().parents[1] / "../shared/data"
WINDOW = 60.0
"""Seconds within which two shares of one link count as coordinated, as in CooRTweet's own examples."""
START = datetime(2026, 3, 2, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--nulls", type=int, default=5, help="shuffles of the information operation")
    parser.add_argument("--only", choices=["links", "prompts"], help="one run of the two")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    if not (options.data / "russian_coord_tweets.csv.gz").is_file():
        print(f"skipped: there is no real data in {options.data}", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(prefix="graphring-real-") as folder:
        if options.only != "prompts":
            information_operation(options.data, Path(folder) / "links", options.nulls)
        if options.only != "links":
            prompt_corpora(options.data, Path(folder) / "prompts")


# --- the information operation -------------------------------------------------------------------------------------
def information_operation(data: Path, folder: Path, nulls: int) -> None:
    """Refresh on links alone; compare with pairs that shared two links or more within a minute of each other."""
    shares = pd.read_csv(data / "russian_coord_tweets.csv.gz")
    (folder / "logs").mkdir(parents=True)
    when = pd.to_datetime(shares.timestamp_share, unit="s", utc=True)
    links = {"account_id": shares.account_id, "object_type": "shared_link", "object_id": shares.object_id, "ts": when}
    pd.DataFrame({**links, "count": 1}).to_parquet(folder / "logs" / "links.parquet", index=False)
    settings = Settings(state=folder / "state")
    run = graphring.refresh(folder / "logs", settings)
    fast = coordinated(shares)
    with graphring.open_state(settings) as state:
        found = findings_of(state.snapshot())
        null = null_result(state, shuffles=nulls, seed=1, progress=lambda *_: None)
        simple = {degree: union_find(state.store.read_graph(), max_degree=degree) for degree in (5, 50)}
    print(
        f"**Information operation**: {run.counts['accounts']:,} accounts, {shares.object_id.nunique():,} links, ",
        end="",
    )
    print(f"{len(shares):,} shares; {len(fast):,} accounts in pairs that shared two links within {WINDOW:.0f} s.\n")
    print("| detector | tier | groups | accounts | largest | of them in fast pairs |\n|---|---|--:|--:|--:|--:|")
    for tier in ("high", "medium", "watch"):
        rings = {r["ring_id"] for r in found.rings.to_pylist() if r["tier"] == tier}
        print(group_line("graphring", tier, found.members, rings, fast))
    for degree, tables in simple.items():
        rings = set(tables["rings"]["ring_id"].to_pylist())
        print(group_line(f"union-find, links of at most {degree} accounts", "", tables["members"], rings, fast))
    print(f"\n{null.rings} rings in {null.shuffles} shuffles.\n")


def coordinated(shares: pd.DataFrame) -> set[str]:
    """Accounts in pairs that shared two different links or more within WINDOW seconds of each other."""
    pairs: Counter[tuple[str, str]] = Counter()
    for _, rows in shares.sort_values("timestamp_share").groupby("object_id"):
        accounts, times = rows.account_id.to_numpy(), rows.timestamp_share.to_numpy()
        ends = np.searchsorted(times, times + WINDOW, side="right")
        near = {tuple(sorted((a, b))) for i, a in enumerate(accounts) for b in accounts[i + 1 : ends[i]] if a != b}
        pairs.update(near)
    return {account for pair, n in pairs.items() if n >= 2 for account in pair}


def group_line(name: str, tier: str, members: pa.Table, rings: set[str], fast: set[str]) -> str:
    """One row: how many groups, how large, and how many of their accounts share in haste."""
    rows = [(r["ring_id"], r["account_id"]) for r in members.to_pylist() if r["ring_id"] in rings]
    accounts = {account for _, account in rows}
    largest = max(Counter(ring for ring, _ in rows).values(), default=0)
    return f"| {name} | {tier} | {len(rings)} | {len(accounts):,} | {largest:,} | {len(accounts & fast)} |"


# --- real prompts ---------------------------------------------------------------------------------------------------
def prompt_corpora(data: Path, folder: Path) -> None:
    """Refresh on real texts with a made ring among them, and judge what is found."""
    (folder / "logs").mkdir(parents=True)
    write_world(data, folder / "logs")
    settings = Settings(state=folder / "state")
    run = graphring.refresh(folder / "logs", settings)
    with graphring.open_state(settings) as state:
        judged = json.loads(to_json(evaluate(state.snapshot(), folder / "logs")))
    truth = judged["truth"]
    print(f"**Real prompts**: {run.counts['accounts']:,} accounts, {run.counts['exchanges']:,} exchanges.\n")
    print("| who | accounts | flagged |\n|---|--:|--:|")
    for line in truth["kinds"]:
        print(f"| ring: {line['kind']} | {line['accounts']:,} | {line['hits']:,} |")
    for line in truth["look_alikes"]:
        print(f"| {line['kind']} | {line['accounts']:,} | {line['accused']:,} |")
    rings = truth["rings"]
    print(f"\nRings found: {judged['rings']}; best-match Jaccard {rings['jaccard_min']}.\n")


def write_world(data: Path, out: Path) -> None:
    """accounts, payments, exchanges and truth."""
    rng = np.random.default_rng(1)
    exchanges: list[dict[str, Any]] = []
    people: dict[str, tuple[str, str, str]] = {}
    for number, (account, kind, prompts, ips, times) in enumerate(senders(data, rng)):
        people[account] = (kind, "ring" if kind == "splits the problems" else "", f"card-{number}")
        if people[account][1]:
            people[account] = (*people[account][:2], f"card-ring-{number % 4}")
        for prompt, ip, ts in zip(prompts, ips, times, strict=True):
            exchanges.append({"account_id": account, "ts": ts, "ip": ip, "prompt": prompt, "model": "m-1"})
    exchanges.sort(key=lambda row: (row["ts"], row["account_id"], row["prompt"]))
    names = sorted(people)
    created = {name: START - timedelta(days=float(rng.uniform(5, 600))) for name in names}
    profile = [
        {"account_id": n, "created_at": created[n], "email_domain": "gmail.com", "plan": "pay-as-you-go"} for n in names
    ]
    paid = [
        {"account_id": n, "payment_method": people[n][2], "ts": created[n] + timedelta(days=float(rng.uniform(0, 4)))}
        for n in names
    ]
    truth = [{"account_id": n, "ring": people[n][1], "kind": people[n][0]} for n in names]
    numbered = [{"exchange_id": f"x-{i:07}", **row} for i, row in enumerate(exchanges)]
    for name, rows in (("accounts", profile), ("payments", paid), ("exchanges", numbered), ("truth", truth)):
        pq.write_table(pa.Table.from_pylist(rows), out / f"{name}.parquet")


Sender = tuple[str, str, list[str], list[str], list[datetime]]


def senders(data: Path, rng: np.random.Generator) -> Iterator[Sender]:
    """account, kind, prompts, addresses, times."""
    by_author: dict[str, list[str]] = {}
    for row in lines(data / "awesome_prompts.jsonl.gz"):
        by_author.setdefault(row["author"], []).append(row["prompt"])
    for author in sorted(by_author):
        yield (f"organic-{author}", "organic prompts", *at_home(by_author[author], rng))
    messages = [row["text"] for row in lines(data / "banking77_train.jsonl.gz")]
    rng.shuffle(messages)
    for i in range(2_000):
        yield (f"bank-{i:04}", "a bank's customers", *at_home(messages[5 * i : 5 * i + 5], rng))
    problems = [row["question"] for row in lines(data / "gsm8k.jsonl.gz")]
    for i in range(12):
        yield (f"bench-{i:02}", "run the same 300 problems", *at_home(problems[:300], rng))
    template = jinja2.Environment(autoescape=False).from_string(  # prompts, not pages
        (data / "distillation_templates" / "clair.jinja2").read_text(encoding="utf-8")
    )
    drafts = ["I would add the numbers.", "The answer is 12.", "Let x be the unknown.", "Not sure, maybe half of it."]
    for i in range(60):
        mine = problems[300 + i :: 60]
        prompts = [template.render(task=p, student_solution=drafts[k % len(drafts)]) for k, p in enumerate(mine)]
        hours = [START + timedelta(hours=7 * k, minutes=float(rng.uniform(0, 4))) for k in range(len(mine))]
        yield (f"ring-{i:02}", "splits the problems", prompts, [f"203.0.113.{rng.integers(20)}" for _ in mine], hours)


def at_home(prompts: list[str], rng: np.random.Generator) -> tuple[list[str], list[str], list[datetime]]:
    """A person: one address, days and waking hours of the week."""
    days, hours = rng.integers(0, 28, len(prompts)), rng.normal(14, 3.5, len(prompts)).clip(0.5, 23.5)
    address = f"198.18.{rng.integers(256)}.{rng.integers(256)}"
    when = [START + timedelta(days=int(d), hours=float(h)) for d, h in zip(days, hours, strict=True)]
    return prompts, [address] * len(prompts), when


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON Lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


if __name__ == "__main__":
    main()
