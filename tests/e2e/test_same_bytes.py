"""Same input, same output, byte for byte: rows shuffled, PYTHONHASHSEED changed, one thread or two."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.e2e.conftest import Run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("same-bytes")]


def shuffled(world: Path, folder: Path, seed: int) -> Path:
    folder.mkdir()
    for path in sorted(world.glob("*.parquet")):
        table = pq.read_table(path)
        order = np.random.default_rng(seed).permutation(table.num_rows)
        pq.write_table(table.take(order), folder / path.name, row_group_size=1_000 + seed)
    return folder


def printed(graphring: Run, logs: Path, state: Path, *options: str, hash_seed: str) -> str:
    done = graphring("refresh", logs, "--state", state, *options, PYTHONHASHSEED=hash_seed)
    assert done.returncode == 0, done.stderr
    listed = graphring("rings", "--members", "--format", "csv", "--state", state)
    everything = graphring("rings", "--format", "json", "--state", state)
    families = graphring("templates", "--format", "json", "--state", state)
    return listed.stdout + everything.stdout + families.stdout


def test_rings_and_families_do_not_depend_on_order_threads_or_hash_seed(
    graphring: Run, world: Path, tmp_path: Path
) -> None:
    one = printed(graphring, world, tmp_path / "a", "--threads", "1", hash_seed="0")
    other = shuffled(world, tmp_path / "logs", seed=5)
    two = printed(graphring, other, tmp_path / "b", "--threads", "2", hash_seed="4242")
    assert one == two
    assert one.count("\n") > 10
