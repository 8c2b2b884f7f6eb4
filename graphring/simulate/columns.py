"""From integers to the columns of the input contract."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphring.model import TIME
from graphring.simulate import addresses
from graphring.simulate.draws import U64, mix, pick, unit
from graphring.simulate.events import Events
from graphring.simulate.text.prompts import Wrappers, prompts, systems
from graphring.simulate.world import World

__all__ = [
    "EXCHANGE_COLUMNS",
    "START",
    "Exchanges",
    "account_ids",
    "before_correction",
    "choose",
    "identifiers",
    "times",
]

START: Final = datetime(2026, 1, 5, tzinfo=UTC)
"""The world's first midnight, a Monday."""
_EPOCH: Final = int(START.timestamp()) * 1_000_000
_MODELS: Final = ("atlas-4", "atlas-4-mini", "atlas-3", "atlas-code", "atlas-4-long", "atlas-2", "atlas-5")
_LIBRARIES: Final = ("atlas-python", "atlas-node", "python-requests", "okhttp", "curl", "go-http-client")
_APPS: Final = ("web-chrome", "web-firefox", "web-safari", "ios", "android", "desktop")
_AGENTS: Final = tuple(
    f"{name}/{version}" for names in (_LIBRARIES, _APPS) for version in ("2.3", "2.1", "1.9", "1.0") for name in names
)
_DIGITS: Final = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
EXCHANGE_COLUMNS: Final = pa.schema(
    [
        ("exchange_id", pa.string()), ("account_id", pa.string()), ("ts", TIME), ("ip", pa.string()),
        ("model", pa.string()), ("system_prompt", pa.string()), ("prompt", pa.string()), ("input_tokens", pa.int64()),
        ("output_tokens", pa.int64()), ("conversation_id", pa.string()), ("user_agent", pa.string()),
    ]
)  # fmt: skip


def identifiers(prefix: str, numbers: U64) -> pa.StringArray:
    """Ids: a prefix and 16 hexadecimal digits."""
    octets = np.ascontiguousarray(numbers.astype(">u8")).view(np.uint8).reshape(-1, 8)
    width = len(prefix) + 16
    text = np.empty((len(numbers), width), dtype=np.uint8)
    text[:, : len(prefix)] = np.frombuffer(prefix.encode(), dtype=np.uint8)
    text[:, len(prefix) :: 2], text[:, len(prefix) + 1 :: 2] = _DIGITS[octets >> 4], _DIGITS[octets & 15]
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * width
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(text))


def account_ids(world: World) -> pa.StringArray:
    """Account ids by code; their order says nothing."""
    return identifiers("acct_", mix(np.arange(len(world.people)), world.salt("accounts")))


def times(microseconds: npt.NDArray[np.int64]) -> pa.TimestampArray:
    """Times from microseconds since the world's first midnight."""
    return pa.array(microseconds + _EPOCH).cast(TIME)


def choose(names: tuple[str, ...], codes: Any) -> pa.StringArray:
    """Names by code."""
    return pa.array(names, pa.string()).take(pa.array(codes))


class Exchanges:
    """Makes tables of exchanges; the same row gives the same columns in whatever batch it comes."""

    def __init__(self, world: World) -> None:
        self._salt = world.salt("exchanges")
        self._wrappers = Wrappers.of(world.wrappers)
        self._systems = systems(world.systems)
        self._accounts = account_ids(world)

    def table(self, events: Events, first: int) -> pa.Table:
        """EXCHANGE_COLUMNS of events whose first one is number `first` of the world."""
        keys = mix(np.arange(first, first + len(events)), self._salt)
        prompt = prompts(events, self._wrappers).cast(pa.string())
        system = self._systems.take(pa.array(events["system"]))
        letters = _lengths(prompt) + _lengths(system)
        conversation = identifiers("conv_", events["conversation"])
        columns = [
            identifiers("ex_", keys), self._accounts.take(pa.array(events["account"])), times(events["ts"]),
            addresses.texts(events["ip"]), choose(_MODELS, events["model"]), system, prompt,
            pa.array((letters / 4.1).astype(np.int64) + 3 + pick(mix(keys, 1), 12)), pa.array(_output(keys)),
            _null_where(conversation, events["conversation"] == 0), choose(_AGENTS, events["agent"]),
        ]  # fmt: skip
        return pa.Table.from_arrays(columns, schema=EXCHANGE_COLUMNS)


def before_correction(table: pa.Table) -> pa.Table:
    """The rows as they were first sent, before a correction: the answer was still being counted."""
    output = pa.array(np.asarray(table["output_tokens"]) // 2)
    return table.set_column(table.column_names.index("output_tokens"), "output_tokens", output)


def _lengths(texts: pa.StringArray) -> npt.NDArray[np.int64]:
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return np.diff(offsets).astype(np.int64)


def _null_where(texts: pa.StringArray, missing: npt.NDArray[np.bool_]) -> pa.StringArray:
    _, offsets, data = texts.buffers()
    bits = np.packbits(~missing, bitorder="little")
    return pa.StringArray.from_buffers(len(texts), offsets, data, pa.py_buffer(bits), int(missing.sum()))


def _output(keys: U64) -> npt.NDArray[np.int64]:
    """Output tokens: log-normal, by Box and Muller over hashes."""
    normal = np.sqrt(-2 * np.log(1 - unit(mix(keys, 2)))) * np.cos(2 * np.pi * unit(mix(keys, 3)))
    return np.asarray(np.minimum(np.exp(5.6 + 0.9 * normal), 16_000), dtype=np.int64)
