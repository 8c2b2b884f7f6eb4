"""A process that publishes a run and kills itself, as kill -9 would, before its n-th change of the disk.

Usage: killed_writer.py STATE N NUMBER. With N = 0 it survives and prints how many changes there were.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from graphring.store.snapshot import SnapshotStore
from tests.contract import graphs

CHANGES = ("replace", "rename", "fsync", "link", "rmdir", "unlink", "mkdir")


def main(state: str, kill_at: int, number: int) -> None:
    seen = 0

    def counted(change: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            nonlocal seen
            seen += 1
            if seen == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return change(*args, **kwargs)

        return wrapper

    for name in CHANGES:
        setattr(os, name, counted(getattr(os, name)))
    store = SnapshotStore(Path(state), keep_runs=2)
    with store.lock():
        store.load(graphs.graph())
        store.publish(graphs.run(number), graphs.run_tables(number))
    sys.stdout.write(f"{seen}\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
