"""Time and memory from logs to rings at growing sizes: is the cost linear in exchanges?

    python benchmarks/bench_detect_scale.py [ACCOUNTS ...]      (default: 50000 100000 200000)

For each size a hard world is simulated, then refreshed in a process of its own; printed are exchanges, seconds,
exchanges per second and the peak memory of the refresh.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq


def main(sizes: list[int]) -> None:
    print(f"{'accounts':>9} {'exchanges':>10} {'seconds':>8} {'exch/s':>8} {'peak MB':>8}")
    for accounts in sizes:
        with tempfile.TemporaryDirectory(prefix="graphring-scale-") as name:
            logs, state = Path(name) / "logs", Path(name) / "state"
            graphring = [sys.executable, "-m", "graphring"]
            made = [*graphring, "simulate", str(logs), "--accounts", str(accounts), "--seed", "7", "--config", "hard"]
            subprocess.run(made, check=True, capture_output=True)
            exchanges = sum(pq.read_metadata(path).num_rows for path in logs.rglob("exchanges*.parquet"))
            begin = time.perf_counter()
            run = [*graphring, "refresh", str(logs), "--state", str(state), "--log", "json"]
            process = subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            if status:
                raise SystemExit(f"refresh of {accounts} accounts failed")
            seconds = time.perf_counter() - begin
            peak = usage.ru_maxrss / 1024
            print(f"{accounts:>9,} {exchanges:>10,} {seconds:>8.1f} {exchanges / seconds:>8,.0f} {peak:>8,.0f}")


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [50_000, 100_000, 200_000])
