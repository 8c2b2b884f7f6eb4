"""A world where nobody coordinates: the same accounts and objects, but who shares with whom is chance.

What stays: each account's number of exchanges, their hours, models and tokens, and how many payment methods, IPs,
template families, linked objects, conversations, prompts and clients it has; each object's number of accounts.
What goes: every reason why two accounts should meet at one object, in the graph and in each single exchange, and why
they should act on the same day: each account's times move by whole days.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graphring.evaluate.curveball import Layer, generator, shuffle_layer
from graphring.evaluate.day_shifts import day_shifts, shifted
from graphring.evaluate.shuffle_exchanges import Columns, read_columns, rewrite_exchanges
from graphring.model import IPS, LINKS, OBJECTS, PAYMENTS, SIGHTINGS, GraphTables, ObjectType, Traffic, conform

__all__ = ["shuffle"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Swap:
    """How the objects of one type changed hands; codes are places in `ids`, which is sorted."""

    ids: pa.Array
    layer: Layer

    def new_ids(self, account: Ints, old_ids: pa.ChunkedArray) -> pa.Array:
        old = _codes(old_ids, self.ids)
        return self.ids.take(pa.array(self.layer.new_of(account, old)))


def shuffle(traffic: Traffic, graph: GraphTables, *, seed: int, out: Path) -> tuple[Traffic, GraphTables]:
    """Shuffle a run's traffic and graph alike, keeping degrees (see `shuffle_layer`).

    Parameters
    ----------
    traffic, graph: what `detect` takes.
    seed: the same seed gives the same world.
    out: an existing folder for the shuffled tables; it takes about as much space as `traffic`.

    Returns
    -------
    Traffic with the files in `out` (accounts stay where they are), and the graph with the same sightings in it.

    Notes
    -----
    Memory: about 500 bytes for an exchange; their texts' hashes are streamed.
    """
    people = _people(traffic, graph)
    columns = read_columns(traffic)
    shift = day_shifts(len(people), columns.ts, seed)
    columns = replace(columns, ts=columns.ts + shift[columns.account])
    payments, links = (
        shifted(table, _ints(table["account"]), shift, "ts")
        for table in (pq.read_table(traffic.payments), pq.read_table(traffic.links))
    )
    swaps = {
        kind: _swap(kind, people, graph, _edges(kind, traffic, columns, payments, links), seed)
        for kind in _types(graph, links)
    }
    made = replace(
        traffic,
        payments=out / "payments.parquet",
        links=out / "links.parquet",
        exchanges=out / "exchanges.parquet",
        ips=out / "ips.parquet",
        families=out / "families.parquet",
        assignments=out / "assignments.parquet",
    )
    pq.write_table(_payments(payments, swaps[ObjectType.PAYMENT]), made.payments)
    pq.write_table(_links(links, swaps), made.links)
    pq.write_table(pa.table({"ip": swaps[ObjectType.IP].ids}, schema=IPS), made.ips)
    ips, templates = swaps[ObjectType.IP], swaps[ObjectType.TEMPLATE]
    old_ips = _codes(pq.read_table(traffic.ips)["ip"], ips.ids)
    rewrite_exchanges(traffic, made, columns, (old_ips, ips.layer), (templates.ids, templates.layer), seed=seed)
    return made, _graph(graph, people, swaps, shift)


def _people(traffic: Traffic, graph: GraphTables) -> pa.Array:
    """Account ids by code: those of the traffic in their order, then those that only the graph knows."""
    known = pq.read_table(traffic.accounts, columns=["account_id"])["account_id"].combine_chunks()
    named = pa.chunked_array([*graph.accounts["account_id"].chunks, *graph.sightings["account_id"].chunks], pa.string())
    extra = named.filter(pc.invert(pc.is_in(named, value_set=known))).unique()
    return pa.concat_arrays([known, extra.sort()])


def _types(graph: GraphTables, links: pa.Table) -> list[str]:
    names = {*graph.sightings["object_type"].unique().to_pylist(), *links["object_type"].unique().to_pylist()}
    return sorted(names | {str(kind) for kind in ObjectType})


def _edges(
    kind: str, traffic: Traffic, columns: Columns, payments: pa.Table, links: pa.Table
) -> Iterator[tuple[Ints, pa.ChunkedArray]]:
    """Account codes and object ids of one type, as the traffic has them."""
    if kind == ObjectType.PAYMENT:
        yield _ints(payments["account"]), payments["payment_method"]
    if kind == ObjectType.IP:
        rows = columns.distinct(columns.ip)
        yield rows[0], pq.read_table(traffic.ips)["ip"].take(pa.array(rows[1]))
    if kind == ObjectType.TEMPLATE:
        rows = columns.distinct(columns.family)
        yield rows[0], columns.family_ids.take(pa.array(rows[1]))
    mine = links.filter(pc.equal(links["object_type"], kind))
    yield _ints(mine["account"]), mine["object_id"]


def _swap(
    kind: str, people: pa.Array, graph: GraphTables, edges: Iterator[tuple[Ints, pa.ChunkedArray]], seed: int
) -> _Swap:
    """Shuffle one object type: the edges of traffic and of the graph together, so that both stay in step."""
    seen = graph.sightings.filter(pc.equal(graph.sightings["object_type"], kind))
    pairs = [(_codes(seen["account_id"], people), seen["object_id"]), *edges]
    ids = pa.chunked_array([pa.concat_arrays([_whole(names) for _, names in pairs])]).unique().sort()
    account = np.concatenate([codes for codes, _ in pairs])
    old = np.concatenate([_codes(names, ids) for _, names in pairs])
    return _Swap(ids=ids, layer=shuffle_layer(account, old, generator(seed, kind)))


def _payments(payments: pa.Table, swap: _Swap) -> pa.Table:
    """Rows keep account and time; kind and issuer are the payment method's and move with it."""
    about = payments.group_by("payment_method").aggregate([("kind", "min"), ("issuer", "min")])
    new = swap.new_ids(_ints(payments["account"]), payments["payment_method"])
    place = pc.index_in(new, value_set=about["payment_method"].combine_chunks())
    rows = payments.select(["account", "ts"]).append_column("payment_method", new)
    rows = rows.append_column("kind", about["kind_min"].take(place))
    rows = rows.append_column("issuer", about["issuer_min"].take(place))
    return _sorted(conform(rows, PAYMENTS), PAYMENTS.names)


def _links(links: pa.Table, swaps: dict[str, _Swap]) -> pa.Table:
    parts = []
    for kind in links["object_type"].unique().to_pylist():
        rows = links.filter(pc.equal(links["object_type"], kind))
        new = swaps[kind].new_ids(_ints(rows["account"]), rows["object_id"])
        parts.append(conform(rows.drop_columns(["object_id"]).append_column("object_id", new), LINKS))
    return _sorted(pa.concat_tables([LINKS.empty_table(), *parts]), LINKS.names)


def _graph(graph: GraphTables, people: pa.Array, swaps: dict[str, _Swap], shift: Ints) -> GraphTables:
    """Sightings keep account, count and (moved) times; objects keep their degree and get new counts."""
    span = ("first_seen", "last_seen")
    parts = []
    for kind in graph.sightings["object_type"].unique().to_pylist():
        rows = graph.sightings.filter(pc.equal(graph.sightings["object_type"], kind))
        new = swaps[kind].new_ids(_codes(rows["account_id"], people), rows["object_id"])
        parts.append(conform(rows.drop_columns(["object_id"]).append_column("object_id", new), SIGHTINGS))
    order = ["account_id", "object_type", "object_id"]
    sightings = _sorted(pa.concat_tables([SIGHTINGS.empty_table(), *parts]), order)
    sightings = shifted(sightings, _codes(sightings["account_id"], people), shift, *span)
    accounts = shifted(graph.accounts, _codes(graph.accounts["account_id"], people), shift, *span)
    counts = sightings.group_by(["object_type", "object_id"]).aggregate([("count", "sum")])
    joined = graph.objects.drop_columns(["count"]).join(counts, ["object_type", "object_id"], join_type="left outer")
    count = pc.fill_null(joined["count_sum"], 0)
    objects = conform(joined.drop_columns(["count_sum"]).append_column("count", count), OBJECTS)
    return GraphTables(accounts, _sorted(objects, ["object_type", "object_id"]), sightings)


def _codes(values: pa.ChunkedArray | pa.Array, ids: pa.Array) -> Ints:
    return _ints(pc.fill_null(pc.index_in(values, value_set=ids), -1))  # -1: nobody touched it


def _ints(values: pa.ChunkedArray | pa.Array) -> npt.NDArray[Any]:
    return np.asarray(
        values.to_numpy(zero_copy_only=False) if isinstance(values, pa.Array) else values.to_numpy()
    ).astype(np.int64)


def _whole(values: pa.ChunkedArray | pa.Array) -> pa.Array:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _sorted(table: pa.Table, names: list[str]) -> pa.Table:
    return table.sort_by([(name, "ascending") for name in names])
