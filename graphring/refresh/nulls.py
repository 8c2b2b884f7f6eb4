"""The detector of this state on shuffles of its last run's graph: what is found there is found by chance."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow as pa

from graphring.detect import detect
from graphring.engine import Engine
from graphring.evaluate import NullResult, null_runs
from graphring.model import GraphTables, Traffic
from graphring.refresh.calibration import calibrated
from graphring.refresh.stages import Progress
from graphring.refresh.state import State

__all__ = ["null_result"]


def null_result(state: State, *, shuffles: int, seed: int, progress: Progress) -> NullResult:
    """Detect on `shuffles` degree-preserving shuffles.

    Parameters
    ----------
    seed: shuffle i is the same for the same seed, however many are asked for.

    Raises
    ------
    NoRunError: nothing was published, or its compact traffic is gone.
    """
    settings = calibrated(state.settings)
    traffic, graph = state.traffic(), state.store.read_graph()
    with tempfile.TemporaryDirectory(prefix="null-", dir=settings.state) as name:
        scratch = Path(name)
        with Engine(threads=settings.worker_threads, memory_limit=settings.memory_limit, scratch=scratch) as engine:

            def run(shuffled: Traffic, edges: GraphTables) -> dict[str, pa.Table]:
                return detect(engine, shuffled, edges, None, settings, "null", 1)

            return null_runs(run, traffic, graph, n=shuffles, seed=seed, scratch=scratch, progress=progress)
