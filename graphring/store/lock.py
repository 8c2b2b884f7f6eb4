"""The writer's lock: one process at a time changes a state, and a dead process holds nothing."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from graphring.errors import LockHeldError, StoreError

__all__ = ["file_lock"]

LOCK_NAME = "lock"


@contextlib.contextmanager
def file_lock(state: Path) -> Iterator[None]:
    """Hold `state/lock`. The system frees it when the process ends, by whatever signal.

    Raises
    ------
    LockHeldError: another process (or another open store of this one) holds it; its pid is named.
    StoreError: the state directory cannot be made or written.
    """
    path = state / LOCK_NAME
    try:
        state.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreError(
            f"the state directory {state} cannot be written: {error.strerror}", "Choose another with --state"
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockHeldError(
                f"another run holds the lock of {state} (pid {_pid(handle)})", "Wait for it to end, or stop it"
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)  # the file stays: removing it would let two processes lock two files of one name


def _pid(handle: int) -> str:
    text = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
    return text if text.isdigit() else "unknown"
