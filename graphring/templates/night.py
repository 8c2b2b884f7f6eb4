"""The compact exchanges of a night: small columns in memory, shingles streamed from the file as often as needed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from graphring.templates.frequent import Batch
from graphring.templates.sketch import Hashes, Ints

__all__ = ["Night", "open_night"]

_BATCH: Final = 65_536


@dataclass(frozen=True)
class Night:
    """EXCHANGES, in the order of the file: sorted by account."""

    path: Path
    account: npt.NDArray[np.int32]
    ts: Ints
    """Microseconds since 1970."""
    prompt: Hashes
    system: Hashes
    shingles: int
    """How many there are, of all kinds."""
    systems: bool
    """Whether any exchange has a system prompt."""

    @property
    def rows(self) -> int:
        """Exchanges."""
        return int(self.account.size)

    def digest(self, settings: str) -> bytes:
        """Names the night: the same exchanges, searched with the same settings."""
        digest = hashlib.blake2b(settings.encode(), digest_size=16)
        for column in (self.account, self.ts, self.prompt, self.system):
            digest.update(column.data)
        return digest.hexdigest().encode()

    def prompts(self) -> Iterator[Batch]:
        """Shingles of all kinds; `prompt` is the hash of the prompt."""
        return self._batches(self.prompt)

    def system_prompts(self) -> Iterator[Batch]:
        """Shingles of all kinds; `prompt` is the hash of the system prompt."""
        return self._batches(self.system)

    def _batches(self, text: Hashes) -> Iterator[Batch]:
        """The next batch is decoded while the last one is worked on."""
        batches = self._decode(text)
        with ThreadPoolExecutor(1) as pool:
            ahead = pool.submit(next, batches, None)
            while (batch := ahead.result()) is not None:
                ahead = pool.submit(next, batches, None)
                yield batch

    def _decode(self, text: Hashes) -> Iterator[Batch]:
        row = 0
        for batch in _open(self.path).iter_batches(_BATCH, columns=["shingles"], use_threads=False):
            offsets, values = _flat(batch.column(0))
            here = slice(row, row + batch.num_rows)
            yield Batch(self.account[here], text[here], values, offsets)
            row += batch.num_rows

    def pick(self, column: str, rows: Ints) -> list[str | None]:
        """The values of a text column at some rows, ascending."""
        file = _open(self.path)
        out: list[str | None] = []
        first = 0
        for batch in file.iter_batches(_BATCH, columns=[column]):
            low, high = np.searchsorted(rows, [first, first + batch.num_rows])
            if low < high:
                out += batch.column(0).take(pa.array(rows[low:high] - first)).to_pylist()
            first += batch.num_rows
        return out

    def texts(self, column: str) -> Iterator[pa.Array]:
        """A text column, in batches."""
        for batch in _open(self.path).iter_batches(_BATCH, columns=[column]):
            yield batch.column(0)


def open_night(path: Path) -> Night:
    """Read the small columns."""
    file = _open(path)
    columns: dict[str, list[npt.NDArray[np.generic]]] = {name: [] for name in ("account", "ts", "prompt", "system")}
    for batch in file.iter_batches(_BATCH, columns=list(columns)):
        for name, parts in columns.items():
            values = batch.column(batch.schema.get_field_index(name))
            values = values.cast(pa.int64()) if name == "ts" else values.fill_null(0)
            parts.append(values.to_numpy(zero_copy_only=False))
    kinds = {"account": np.int32, "ts": np.int64, "prompt": np.uint64, "system": np.uint64}
    whole = {
        name: np.concatenate([np.zeros(0, kinds[name]), *parts]).astype(kinds[name], copy=False)
        for name, parts in columns.items()
    }
    leaf = _leaf(file)
    total = sum(file.metadata.row_group(i).column(leaf).num_values for i in range(file.metadata.num_row_groups))
    return Night(
        path, whole["account"], whole["ts"], whole["prompt"], whole["system"], total, bool((whole["system"] != 0).any())
    )


def _open(path: Path) -> pq.ParquetFile:
    """A file to be streamed; read ahead, as is the default, it would come to lie in memory as a whole."""
    return pq.ParquetFile(path, pre_buffer=False)


def _leaf(file: pq.ParquetFile) -> int:
    """The number of the leaf column that holds the shingles."""
    names = [file.metadata.schema.column(i).path.split(".")[0] for i in range(len(file.metadata.schema))]
    return names.index("shingles")


def _flat(lists: pa.Array) -> tuple[Ints, Hashes]:
    """(offsets from 0, values) of a list column; a null is an empty list."""
    values = lists.flatten().to_numpy(zero_copy_only=False)
    counts = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    offsets = np.zeros(len(lists) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets, values.astype(np.uint64, copy=False)
