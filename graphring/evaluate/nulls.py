"""Detection where nothing is: what it reports on shuffled worlds is false by construction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc

from graphring.engine import writing
from graphring.evaluate.judged import findings_of
from graphring.evaluate.results import NullResult
from graphring.evaluate.shuffling import shuffle
from graphring.model import GraphTables, Tier, Traffic

__all__ = ["Detect", "null_runs"]

Detect = Callable[[Traffic, GraphTables], Mapping[str, pa.Table]]
"""`graphring.detect.detect` with everything but traffic and graph filled in; of its tables rings and members count."""


def null_runs(
    detect: Detect,
    traffic: Traffic,
    graph: GraphTables,
    *,
    n: int,
    seed: int = 1,
    scratch: Path | None = None,
    progress: Callable[[str, int, int | None], None] | None = None,
) -> NullResult:
    """Shuffle and detect `n` times.

    Parameters
    ----------
    detect: the detector, without a previous run, so that each shuffle stands alone.
    traffic, graph: of a finished run.
    seed: shuffle i is seeded by (seed, i); more shuffles repeat the first ones.
    scratch: where the shuffled tables of one shuffle at a time may lie; None: the system's temporary folder.
    progress: called with (what, done, total).

    Raises
    ------
    DiskFullError: the scratch folder is full.
    """
    runs: list[dict[str, int]] = []
    best: list[float | None] = []
    accounts = 0
    for number in range(n):
        if progress:
            progress("shuffled worlds", number, n)
        with (
            writing("the scratch folder of null runs"),
            TemporaryDirectory(prefix="graphring-null-", dir=scratch) as name,
        ):
            world = shuffle(traffic, graph, seed=seed * 1_000_003 + number, out=Path(name))
            found = findings_of(detect(*world))
        tiers = Counter(found.rings["tier"].to_pylist())
        best.append(pc.max(found.rings["score"]).as_py())
        runs.append({str(tier): tiers.get(str(tier), 0) for tier in Tier})
        accounts += int(pc.count_distinct(found.members["account_id"]).as_py())
    if progress:
        progress("shuffled worlds", n, n)
    tiers_of_all = {str(tier): sum(run[str(tier)] for run in runs) for tier in Tier}
    return NullResult(
        shuffles=n,
        rings=sum(tiers_of_all.values()),
        accounts=accounts,
        tiers=tiers_of_all,
        by_shuffle=tuple(runs),
        best_scores=tuple(best),
        seed=seed,
    )
