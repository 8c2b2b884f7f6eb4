"""The exchanges as arrays of a few bytes each, and their text features in a stream.

Sixteen million exchanges are 450 MB here; shingles are never held for more than one batch, except those that several
customers send.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from graphring.detect.layers import Ints, Longs

__all__ = ["Exchanges", "Hashes", "read_exchanges", "stream_features"]

Hashes = npt.NDArray[np.uint64]
_SALT_PROMPT = np.uint64(0x51ED270B35A1C9A7)
_BATCH = 65_536


@dataclass(frozen=True)
class Exchanges:
    """account, ip (-1: none), seconds since `origin`, conversation and prompt hashes (0: none); sorted by (account,
    time); start: [N+1].
    """

    account: Ints
    ip: Ints
    seconds: Ints
    conversation: Hashes
    prompt: Hashes
    system: Hashes
    start: Longs
    origin: int

    @property
    def rows(self) -> int:
        """Number of exchanges."""
        return len(self.account)


def read_exchanges(path: Path, n: int) -> Exchanges:
    """Read the narrow columns of EXCHANGES.

    Parameters
    ----------
    n: number of accounts.
    """
    file = pq.ParquetFile(path, pre_buffer=False)
    parts = [
        _narrow(batch)
        for batch in file.iter_batches(_BATCH, columns=["account", "ip", "ts", "conversation", "prompt", "system"])
    ]
    if not parts:
        none = np.empty(0, dtype=np.int32)
        hashes = np.empty(0, dtype=np.uint64)
        return Exchanges(none, none, none, hashes, hashes, hashes, np.zeros(n + 1, dtype=np.int64), 0)
    account, ip, ts, conversation, prompt, system = (np.concatenate([p[i] for p in parts]) for i in range(6))
    origin = int(ts.min()) // 86_400 * 86_400
    start = np.searchsorted(account, np.arange(n + 1)).astype(np.int64)
    return Exchanges(account, ip, (ts - origin).astype(np.int32), conversation, prompt, system, start, origin)


def _narrow(batch: pa.RecordBatch) -> tuple[npt.NDArray[np.generic], ...]:
    ts = batch.column("ts").cast(pa.int64()).to_numpy(zero_copy_only=False) // 1_000_000
    return (
        batch.column("account").to_numpy(zero_copy_only=False).astype(np.int32),
        batch.column("ip").to_numpy(zero_copy_only=False).astype(np.int32),
        ts.astype(np.int64),
        batch.column("conversation").fill_null(0).to_numpy(zero_copy_only=False).astype(np.uint64),
        batch.column("prompt").fill_null(0).to_numpy(zero_copy_only=False).astype(np.uint64),
        batch.column("system").fill_null(0).to_numpy(zero_copy_only=False).astype(np.uint64),
    )


def stream_features(path: Path) -> Iterator[tuple[int, Longs, Hashes]]:
    """The text features of the exchanges, batch by batch: first row, offsets [rows+1] and hashes.

    Features are the winnowed shingles and the whole prompt (salted).
    """
    first = 0
    for batch in pq.ParquetFile(path, pre_buffer=False).iter_batches(_BATCH, columns=["shingles", "prompt"]):
        lists = batch.column("shingles")
        flat = lists.flatten().to_numpy(zero_copy_only=False).astype(np.uint64)
        size = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        prompt = batch.column("prompt").fill_null(0).to_numpy(zero_copy_only=False).astype(np.uint64)
        whole = prompt != 0
        offsets = np.concatenate([[0], np.cumsum(size + whole)]).astype(np.int64)
        features = np.empty(int(offsets[-1]), dtype=np.uint64)
        inner = np.repeat(offsets[:-1] - np.concatenate([[0], np.cumsum(size)[:-1]]), size) + np.arange(len(flat))
        features[inner] = flat
        features[(offsets[1:] - 1)[whole]] = prompt[whole] ^ _SALT_PROMPT
        yield first, offsets, features
        first += len(size)
