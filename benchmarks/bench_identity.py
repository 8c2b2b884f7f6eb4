"""Do rings keep their ids from night to night?

    python benchmarks/bench_identity.py [--accounts N] [--seeds S ...] [--preset P] [--churn SHARE]

A world is seen on two nights. Each night lacks another share of its accounts (with everything they did) and of the
remaining exchanges, so that from the first night to the second that share is dropped and as much is added. Printed for
each seed: rings of the first night; the share of them that hold the very same accounts on the second, of those that
both nights have, which is what an id made of the members would need; the share that kept their id; how many are found
again (best-match Jaccard of at least one half), and the share of those that kept their id; and whether the second
night, run again, gives the same rings.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graphring.refresh import open_state, refresh
from graphring.simulate import simulate

Rings = dict[str, frozenset[str]]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--accounts", type=int, default=3_000)
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    options.add_argument("--preset", default="default")
    options.add_argument("--churn", type=float, default=0.015)
    given = options.parse_args()
    print(
        f"{'seed':>4} {'rings':>6} {'identical':>10} {'kept id':>8} {'found':>6} {'kept id':>8} {'again':>6} {'s':>6}"
    )
    totals = np.zeros(5, dtype=int)
    for seed in given.seeds:
        with tempfile.TemporaryDirectory(prefix="graphring-identity-") as name:
            folder, began = Path(name), time.perf_counter()
            simulate(folder / "world", accounts=given.accounts, seed=seed, config={"preset": given.preset})
            nights = [_night(folder, number, given.churn, seed) for number in (1, 2)]
            one, other, again = (_rings(folder / "state", logs) for logs in (nights[0], nights[1], nights[1]))
            both = _accounts(nights[0]) & _accounts(nights[1])
            totals += (row := np.array(_compared(one, other, both)))
            print(
                f"{seed:>4} {_row(row)} {'same' if other == again else 'OTHER':>6} {time.perf_counter() - began:>6.0f}"
            )
    print(f" all {_row(totals)}")


def _night(folder: Path, number: int, churn: float, seed: int) -> Path:
    """The world without a share of its accounts and of the others' exchanges, drawn anew for each night."""
    out = folder / f"night-{number}"
    out.mkdir()
    random = np.random.default_rng([seed, number])
    accounts = pq.read_table(folder / "world" / "accounts.parquet")
    stay = accounts.filter(pa.array(random.random(accounts.num_rows) >= churn))["account_id"].combine_chunks()
    for path in sorted((folder / "world").glob("*.parquet")):
        if path.stem.startswith("truth"):
            continue
        table = pq.read_table(path)
        table = table.filter(pc.is_in(table["account_id"], value_set=stay))
        if path.stem == "exchanges":
            table = table.filter(pa.array(random.random(table.num_rows) >= churn))
        pq.write_table(table, out / path.name)
    return out


def _accounts(logs: Path) -> frozenset[str]:
    return frozenset(pq.read_table(logs / "accounts.parquet")["account_id"].to_pylist())


def _rings(state: Path, logs: Path) -> Rings:
    refresh(logs, state=state)
    with open_state(state) as opened:
        members = opened.snapshot().members()
    found: dict[str, set[str]] = {}
    for ring, account, role in zip(*(members[c].to_pylist() for c in ("ring_id", "account_id", "role")), strict=True):
        if role == "member":
            found.setdefault(ring, set()).add(account)
    return {ring: frozenset(accounts) for ring, accounts in found.items()}


def _compared(one: Rings, other: Rings, both: frozenset[str]) -> tuple[int, int, int, int, int]:
    """Rings; identical; of all, kept their id; found again; of these, kept their id."""
    after = {group & both for group in other.values()}
    identical = sum(group & both in after for group in one.values())
    again = kept = same = 0
    for name, group in one.items():
        known = group & both
        best = max(other, key=lambda ring: (_jaccard(known, other[ring] & both), ring), default=None)
        kept += name in other
        if best is not None and _jaccard(known, other[best] & both) >= 0.5:
            again += 1
            same += best == name
    return len(one), identical, kept, again, same


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(len(one | other), 1)


def _row(row: np.ndarray) -> str:
    rings, identical, kept, again, same = row.tolist()

    def share(part: int, of: int) -> str:
        return f"{part / of:.2f}" if of else "–"

    return f"{rings:>6} {share(identical, rings):>10} {share(kept, rings):>8} {again:>6} {share(same, again):>8}"


if __name__ == "__main__":
    main()
