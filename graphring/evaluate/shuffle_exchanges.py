"""Single exchanges, rewritten so that they agree with a shuffled graph and carry no other trace of who met whom.

An exchange keeps its id, account, hour of the day, model and tokens; its account's times have moved by whole days. Its
IP and template family follow the shuffled graph; its conversation, client and prompt are shuffled the same way between
accounts. Its shingles are put together anew: the wrapper of its new family and the payload of its new prompt.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graphring.engine import atomic, parquet_writer, writing
from graphring.evaluate.curveball import Layer, generator, shuffle_layer
from graphring.evaluate.wrappers import Lists, Wrappers, read_wrappers
from graphring.model import ASSIGNMENTS, EXCHANGES, FAMILIES, Traffic

__all__ = ["Columns", "read_columns", "rewrite_exchanges"]

Ints = npt.NDArray[np.int64]

BATCH: Final = 65_536
HASHES: Final = ("conversation", "user_agent", "system", "prompt")


@dataclass(frozen=True)
class Columns:
    """What the shuffle needs of every exchange, by row. Codes are -1 where there is nothing."""

    account: npt.NDArray[np.int32]
    ip: npt.NDArray[np.int32]
    family: npt.NDArray[np.int32]
    """Place in `family_ids`."""
    family_ids: pa.Array
    """Sorted."""
    hashes: dict[str, npt.NDArray[np.int32]]
    """Conversation, client, system prompt and prompt: code, in order of the hash."""
    values: dict[str, npt.NDArray[np.uint64]]
    """The hash of each code."""
    ts: Ints
    """Microseconds; as they are to be written."""

    def distinct(self, column: npt.NDArray[np.int32]) -> tuple[Ints, Ints]:
        """The distinct (account, code) pairs with a code."""
        there = column >= 0
        key = np.unique((self.account[there].astype(np.int64) << 32) | column[there].astype(np.int64))
        return key >> 32, key & 0xFFFFFFFF


def read_columns(traffic: Traffic) -> Columns:
    """Read them; about 60 bytes for an exchange."""
    families = pq.read_table(traffic.families, columns=["family_id"])["family_id"].combine_chunks()
    names = ["account", "ip", "ts", *HASHES]
    parts: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in [*names, "family"]}
    for rows, assigned in _batches(traffic, names):
        for name in names:
            column = rows[name].cast(pa.int64()) if name == "ts" else rows[name]
            parts[name].append(np.asarray(column.to_numpy()))
        code = pc.fill_null(pc.index_in(assigned["family_id"], value_set=families), -1)
        parts["family"].append(np.asarray(code.to_numpy(), dtype=np.int32))
    whole = {name: np.concatenate(p) if p else np.empty(0, np.int64) for name, p in parts.items()}
    hashes, values = {}, {}
    for name in HASHES:
        values[name], code = np.unique(whole.pop(name).astype(np.uint64), return_inverse=True)
        code = code.astype(np.int32)
        code[values[name][code] == 0] = -1
        hashes[name] = code
    small = {name: whole[name].astype(np.int32) for name in ("account", "ip", "family")}
    return Columns(**small, family_ids=families, hashes=hashes, values=values, ts=whole["ts"].astype(np.int64))


def rewrite_exchanges(
    traffic: Traffic,
    made: Traffic,
    columns: Columns,
    ips: tuple[Ints, Layer],
    templates: tuple[pa.Array, Layer],
    *,
    seed: int,
) -> None:
    """Write exchanges, assignments and families of the shuffled world.

    Parameters
    ----------
    traffic, made: where to read and where to write.
    ips: by old IP code its code among the shuffled ids, and the layer of those codes.
    templates: ids of template families, and their layer.
    """
    old_family = _codes(columns.family_ids, templates[0])
    family = _follow(columns, columns.family, old_family, templates[1])
    ip = _follow(columns, columns.ip, ips[0], ips[1])
    fresh = {name: _shuffled(columns, name, seed) for name in ("conversation", "user_agent", "prompt")}
    lone = np.where(columns.family < 0, columns.hashes["system"], -1)
    system = _apply(columns.account, lone, shuffle_layer(*columns.distinct(lone), generator(seed, "system")))
    original = np.where(columns.family >= 0, old_family[columns.family] if len(old_family) else -1, -1)
    wrappers = read_wrappers(_with_family(traffic, original), original, len(templates[0]))
    donor = wrappers.donors(columns.account, family, seed)
    out: dict[str, npt.NDArray[Any]] = {"ip": ip, "family": family, "system": system, "donor": donor, **fresh}
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(TemporaryDirectory(dir=made.exchanges.parent)))
        payloads = _payloads(traffic, columns, original, wrappers, scratch / "payloads.arrow")
        _write(traffic, made, columns, out, (wrappers, *payloads, templates[0]))
    _families(traffic, made, columns, family, templates[0])


def _follow(columns: Columns, column: npt.NDArray[np.int32], code: Ints, layer: Layer) -> npt.NDArray[np.int32]:
    old = np.where(column >= 0, code[column] if len(code) else -1, -1)
    return _apply(columns.account, old, layer)


def _apply(account: npt.NDArray[np.int32], old: npt.NDArray[Any], layer: Layer) -> npt.NDArray[np.int32]:
    new = np.full(len(old), -1, dtype=np.int32)
    there = old >= 0
    new[there] = layer.new_of(account[there], old[there])
    return new


def _shuffled(columns: Columns, name: str, seed: int) -> npt.NDArray[np.int32]:
    old = columns.hashes[name]
    return _apply(columns.account, old, shuffle_layer(*columns.distinct(old), generator(seed, f"exchange {name}")))


def _payloads(
    traffic: Traffic, columns: Columns, original: Ints, wrappers: Wrappers, path: Path
) -> tuple[Lists, npt.NDArray[np.int32]]:
    """Shingles of each prompt without its family's wrapper, in a memory-mapped file, and each prompt's row in it."""
    prompt = columns.hashes["prompt"]
    place = np.full(len(columns.values["prompt"]), -1, dtype=np.int32)
    codes, first = np.unique(prompt[prompt >= 0], return_index=True)
    rows = np.sort(np.flatnonzero(prompt >= 0)[first])
    place[prompt[rows]] = np.arange(len(codes), dtype=np.int32)
    lengths = [np.zeros(1, dtype=np.int64)]
    with writing(path), path.open("wb") as file:
        done = 0
        for batch, _ in _batches(traffic, ["shingles"]):
            mine = rows[np.searchsorted(rows, done) : np.searchsorted(rows, done + batch.num_rows)]
            lists = wrappers.without(batch["shingles"].take(pa.array(mine - done)), original[mine])
            lengths.append(np.diff(lists.bounds))
            file.write(lists.values.tobytes())
            done += batch.num_rows
    bounds = np.cumsum(np.concatenate(lengths))
    values = np.asarray(np.memmap(path, dtype=np.uint64, mode="r")) if bounds[-1] else np.empty(0, np.uint64)
    return Lists(bounds, values), place


def _write(
    traffic: Traffic,
    made: Traffic,
    columns: Columns,
    out: dict[str, npt.NDArray[Any]],
    content: tuple[Wrappers, Lists, npt.NDArray[np.int32], pa.Array],
) -> None:
    wrappers, payloads, place, family_ids = content
    with (
        writing(made.exchanges),
        atomic(made.exchanges) as first,
        atomic(made.assignments) as second,
        parquet_writer(first, EXCHANGES) as exchanges,
        pq.ParquetWriter(second, ASSIGNMENTS, compression="zstd") as assignments,
    ):
        done = 0
        for batch, _ in _batches(traffic, EXCHANGES.names):
            mine = slice(done, done + batch.num_rows)
            done += batch.num_rows
            new = {name: values[mine] for name, values in out.items()}
            own = _hash(columns, "system", new["system"])
            system, template_id, wrapper = wrappers.take(new["donor"])
            given = new["donor"] >= 0
            prompt = np.where(new["prompt"] >= 0, place[new["prompt"]] if len(place) else -1, -1)
            payload = payloads.take(prompt.astype(np.int64))
            changed = {
                "ts": pa.array(columns.ts[mine]).cast(EXCHANGES.field("ts").type),
                "ip": pa.array(new["ip"]),
                "conversation": pa.array(_hash(columns, "conversation", new["conversation"])),
                "user_agent": pa.array(_hash(columns, "user_agent", new["user_agent"])),
                "prompt": pa.array(_hash(columns, "prompt", new["prompt"])),
                "system": pa.array(np.where(given, system, own)),
                "template_id": pc.if_else(pa.array(given), template_id, pa.scalar(None, pa.string())),
                "shingles": wrapper.union(payload),
            }
            arrays = [changed.get(name, batch[name]) for name in EXCHANGES.names]
            exchanges.write_batch(pa.record_batch(arrays, schema=EXCHANGES))
            ids = family_ids.take(pa.array(new["family"], mask=new["family"] < 0))
            assignments.write_batch(pa.record_batch([batch["exchange_id"], ids], schema=ASSIGNMENTS))


def _families(traffic: Traffic, made: Traffic, columns: Columns, family: npt.NDArray[np.int32], ids: pa.Array) -> None:
    """Families keep their accounts; exchanges and times are counted again."""
    table = pq.read_table(traffic.families)
    code = _codes(table["family_id"], ids)
    there = family >= 0
    count = np.bincount(family[there], minlength=len(ids))
    first, last = np.full(len(ids), np.iinfo(np.int64).max), np.full(len(ids), np.iinfo(np.int64).min)
    np.minimum.at(first, family[there], columns.ts[there])
    np.maximum.at(last, family[there], columns.ts[there])
    gone = count[code] == 0
    new = {
        "exchanges": pa.array(count[code]),
        "first_seen": pa.array(first[code], mask=gone).cast(FAMILIES.field("first_seen").type),
        "last_seen": pa.array(last[code], mask=gone).cast(FAMILIES.field("last_seen").type),
    }
    pq.write_table(pa.table([new.get(n, table[n]) for n in FAMILIES.names], schema=FAMILIES), made.families)


def _hash(columns: Columns, name: str, code: npt.NDArray[np.int32]) -> npt.NDArray[np.uint64]:
    values = columns.values[name]
    return np.where(code >= 0, values[code] if len(values) else 0, 0).astype(np.uint64)


def _codes(values: pa.Array | pa.ChunkedArray, ids: pa.Array) -> Ints:
    return np.asarray(pc.fill_null(pc.index_in(values, value_set=ids), -1).to_numpy(), dtype=np.int64)


def _with_family(traffic: Traffic, original: Ints) -> Iterator[tuple[pa.RecordBatch, Ints]]:
    done = 0
    for batch, _ in _batches(traffic, ["system", "template_id", "shingles"]):
        yield batch, original[done : done + batch.num_rows]
        done += batch.num_rows


def _batches(traffic: Traffic, columns: list[str]) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """Exchanges with the assignments beside them."""
    rows = pq.ParquetFile(traffic.exchanges).iter_batches(BATCH, columns=columns)
    assigned = pq.ParquetFile(traffic.assignments).iter_batches(BATCH, columns=["family_id"])
    yield from zip(rows, assigned, strict=True)
