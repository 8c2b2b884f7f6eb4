"""How fast worlds are made, and in how much memory: `python benchmarks/bench_simulate.py [--full]`.

Each size runs in a process of its own, so that its peak memory is its own. Prints exchanges per second of wall clock
and of processor time (all threads), the peak resident memory, and what it is made of.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from graphring.simulate import simulate

SIZES = ((2_000, 25.0), (20_000, 25.0), (100_000, 25.0))
FULL = (1_000_000, 20.0)
BAR = 50_000
"""Exchanges per second, prompts written."""


def measure(folder: Path, accounts: int, per_account: float) -> dict[str, float]:
    """Make one world here and now."""
    begin, cpu = time.perf_counter(), time.process_time()
    made = simulate(folder, accounts=accounts, seed=1, config={"exchanges_per_account": per_account})
    return {
        "accounts": accounts,
        "exchanges": made.exchanges,
        "seconds": time.perf_counter() - begin,
        "processor": time.process_time() - cpu,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "disk_mib": sum(file.stat().st_size for file in folder.glob("*.parquet")) / 2**20,
    }


def apart(accounts: int, per_account: float, root: str | None) -> dict[str, float]:
    """Make one world in a process of its own."""
    folder = Path(tempfile.mkdtemp(prefix="bench-simulate-", dir=root))
    try:
        command = [sys.executable, __file__, "--one", str(accounts), str(per_account), "--root", str(folder)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=dict(os.environ))
        result: dict[str, float] = json.loads(done.stdout)
        return result
    finally:
        shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="also a million accounts and 20 million exchanges")
    parser.add_argument("--root", help="where worlds are written; the largest takes 5 GB while it is made")
    parser.add_argument("--one", nargs=2, metavar=("ACCOUNTS", "PER_ACCOUNT"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(Path(given.root), int(given.one[0]), float(given.one[1]))))
        return
    print("  accounts   exchanges  seconds    per s per cpu s  peak MiB  disk MiB")
    for accounts, per_account in (*SIZES, *((FULL,) if given.full else ())):
        r = apart(accounts, per_account, given.root)
        rate, effort = r["exchanges"] / r["seconds"], r["exchanges"] / r["processor"]
        print(
            f"{r['accounts']:>10,} {r['exchanges']:>11,} {r['seconds']:>8.1f} {rate:>8,.0f} {effort:>9,.0f} "
            f"{r['peak_mib']:>9,.0f} {r['disk_mib']:>9,.0f}",
            flush=True,
        )
    print(f"bar: {BAR:,} exchanges per second with prompts written; the smallest size mostly compiles the grammar")


if __name__ == "__main__":
    main()
