"""Exchanges are spilled by day as integers, then sorted, given their texts and written: memory holds one day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from graphring.model import TIME
from graphring.simulate import addresses
from graphring.simulate.draws import U64, mix, pick, salt, unit
from graphring.simulate.events import DAY, EVENT, Events
from graphring.simulate.text.prompts import Wrappers, prompts, systems
from graphring.simulate.world import World

__all__ = ["START", "Spill", "identifiers", "write_exchanges"]

START: Final = datetime(2026, 1, 5, tzinfo=UTC)
_BATCH: Final = 65_536
_MODELS: Final = ("atlas-4", "atlas-4-mini", "atlas-3", "atlas-code", "atlas-4-long", "atlas-2")
_AGENTS: Final = tuple(
    f"{client}/{major}.{minor}"
    for client in ("atlas-python", "atlas-node", "web", "okhttp", "curl", "go-client", "ios", "android")
    for major in (1, 2)
    for minor in (0, 3, 7)
)
_HEX: Final = pa.array([f"{n:04x}" for n in range(65_536)], pa.large_string())


def identifiers(prefix: str, numbers: U64) -> pa.Array:
    """Ids of 16 hexadecimal digits."""
    text = np.char.add(prefix, _hex(numbers))
    return pa.array(text.tolist(), pa.string())


def _hex(numbers: U64) -> Any:
    digits = np.ascontiguousarray(numbers.astype(">u8")).view(np.uint8).reshape(-1, 8)
    table = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
    out = np.empty((len(numbers), 16), dtype=np.uint8)
    out[:, 0::2], out[:, 1::2] = table[digits >> 4], table[digits & 15]
    return out.view("S16").ravel().astype("U16")


class Spill:
    """Events on disk, one file for each day."""

    def __init__(self, folder: Path, days: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.days = folder, days

    def add(self, events: Events) -> None:
        """Append a block."""
        day = events["ts"] // DAY
        order = np.argsort(day, kind="stable")
        events, day = events[order], day[order]
        edges = np.searchsorted(day, np.arange(self.days + 1))
        for number in range(self.days):
            part = events[edges[number] : edges[number + 1]]
            if len(part):
                with self._path(number).open("ab") as file:
                    part.tofile(file)

    def read(self) -> Iterator[Events]:
        """Each day's events in order of time; a day's file goes when it was read."""
        for number in range(self.days):
            path = self._path(number)
            if path.exists():
                events = np.fromfile(path, dtype=EVENT)
                path.unlink()
                yield events[np.lexsort((events["payload"], events["account"], events["ts"]))]

    def _path(self, number: int) -> Path:
        return self.folder / f"day-{number:04d}.events"


def write_exchanges(world: World, spill: Spill, path: Path, progress: Callable[[int], None] | None) -> int:
    """Write exchanges.parquet in order of time; returns the number of rows."""
    texts = _Texts(world)
    written = 0
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd") as writer:
        for events in spill.read():
            for start in range(0, len(events), _BATCH):
                part = events[start : start + _BATCH]
                writer.write_table(texts.table(part, written), row_group_size=_BATCH)
                written += len(part)
                if progress is not None:
                    progress(len(part))
    return written


_SCHEMA: Final = pa.schema(
    [
        ("exchange_id", pa.string()), ("account_id", pa.string()), ("ts", TIME), ("ip", pa.string()), ("model", pa.string()),
        ("system_prompt", pa.string()), ("prompt", pa.string()), ("input_tokens", pa.int64()), ("output_tokens", pa.int64()),
        ("conversation_id", pa.string()), ("user_agent", pa.string()),
    ]
)  # fmt: skip


class _Texts:
    """What turns integers into the columns of the contract."""

    def __init__(self, world: World) -> None:
        self.seed = world.seed
        self.wrappers = Wrappers.of(world.wrappers)
        table = [(0, False), *world.systems]
        self.systems = systems(
            np.asarray([row[0] for row in table], np.uint64), np.asarray([row[1] for row in table])
        ).cast(pa.string())
        self.accounts = identifiers("acct_", mix(np.arange(len(world.people)), salt(world.seed, "accounts")))
        self.start = int(START.timestamp()) * 1_000_000

    def table(self, events: Events, first: int) -> pa.Table:
        number = np.arange(first, first + len(events))
        keys = mix(number, salt(self.seed, "exchanges"))
        prompt = prompts(
            events["payload"], events["quote"], events["topic"], events["wrapper"], events["wording"], self.wrappers
        ).cast(pa.string())
        system = self.systems.take(pa.array(events["system"]))
        size = np.diff(np.frombuffer(prompt.buffers()[1], np.int32)[prompt.offset : prompt.offset + len(prompt) + 1])
        columns = [
            identifiers("ex_", keys), self.accounts.take(pa.array(events["account"])),
            pa.array(events["ts"] + self.start).cast(pa.timestamp("us")).cast(TIME), addresses.texts(events["ip"]),
            pa.array(_MODELS).take(pa.array(events["model"])), system, prompt,
            pa.array((size / 4.1 + np.where(events["system"] > 0, 60, 0) + pick(mix(keys, 1), 9)).astype(np.int64)),
            pa.array(_output(keys)), identifiers("conv_", events["conversation"]), pa.array(_AGENTS).take(pa.array(events["agent"])),
        ]  # fmt: skip
        return pa.Table.from_arrays(columns, schema=_SCHEMA)


def _output(keys: U64) -> npt.NDArray[np.int64]:
    """Output tokens: log-normal (Box-Muller over hashes)."""
    normal = np.sqrt(-2 * np.log(1 - unit(mix(keys, 2)))) * np.cos(2 * np.pi * unit(mix(keys, 3)))
    return np.asarray(np.minimum(np.exp(5.6 + 0.9 * normal), 16_000), dtype=np.int64)
