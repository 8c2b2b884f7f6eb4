"""What a world looks like, rings aside: does it share, and live, as real services do?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graphring.evaluate.truth import Truth, read_truth
from graphring.model import GraphTables, Traffic

__all__ = ["Tail", "WorldStats", "world_stats"]

HOURS: Final = 168
POINTS: Final = 60
COUNTRIES: Final = 3


@dataclass(frozen=True)
class Tail:
    """A distribution as its tail: the share of all that is at least as large."""

    total: int
    values: tuple[int, ...]
    at_least: tuple[float, ...]


@dataclass(frozen=True)
class WorldStats:
    """Distributions of innocent accounts, or of all where no truth was given."""

    accounts: int
    """How many were looked at."""
    exchanges: int
    """In the whole world."""
    innocent_only: bool
    degrees: Mapping[str, Tail]
    """Object type → accounts for each object."""
    requests: Tail
    """Requests for each account with any."""
    hours: Mapping[str, tuple[float, ...]]
    """"all" and the commonest countries → share of exchanges in each hour of the week, from Monday 00:00 UTC."""


def world_stats(traffic: Traffic, graph: GraphTables, truth: Truth | Path | pa.Table | None = None) -> WorldStats:
    """Read them from a run's traffic and graph.

    Parameters
    ----------
    truth: accounts in rings are left out; None: nobody is.

    Raises
    ------
    SourceError: the truth cannot be used.
    """
    guilty = pa.array([], pa.string())
    if truth is not None:
        known = truth if isinstance(truth, Truth) else read_truth(truth)
        rows = known.accounts.filter(pc.not_equal(known.accounts["ring"], ""))
        guilty = rows["account_id"].combine_chunks()
    people = graph.accounts.filter(pc.invert(pc.is_in(graph.accounts["account_id"], value_set=guilty)))
    edges = graph.sightings.filter(pc.invert(pc.is_in(graph.sightings["account_id"], value_set=guilty)))
    users = edges.group_by(["object_type", "object_id"]).aggregate([("account_id", "count")])
    degrees = {
        kind: _tail(users.filter(pc.equal(users["object_type"], kind))["account_id_count"])
        for kind in sorted(users["object_type"].unique().to_pylist())
    }
    return WorldStats(
        accounts=people.num_rows,
        exchanges=pq.read_metadata(traffic.exchanges).num_rows,
        innocent_only=truth is not None,
        degrees=degrees,
        requests=_tail(people["requests"].filter(pc.greater(people["requests"], 0))),
        hours=_hours(traffic, people),
    )


def _tail(values: pa.ChunkedArray) -> Tail:
    known = np.sort(np.asarray(values.to_numpy(), dtype=np.int64))
    distinct, first = np.unique(known, return_index=True)
    if len(distinct) > POINTS:  # evenly on a log scale, first and last kept
        steps = np.geomspace(distinct[0], distinct[-1], POINTS)
        keep = np.unique(np.minimum(np.searchsorted(distinct, steps), len(distinct) - 1))
        distinct, first = distinct[keep], first[keep]
    share = (len(known) - first) / max(len(known), 1)
    return Tail(len(known), tuple(distinct.tolist()), tuple(share.tolist()))


def _hours(traffic: Traffic, people: pa.Table) -> dict[str, tuple[float, ...]]:
    names = pq.read_table(traffic.accounts, columns=["account_id"])["account_id"]
    country = people["country"].take(pc.index_in(names, value_set=people["account_id"].combine_chunks()))
    counted = pc.value_counts(people["country"].drop_null()).to_pylist()
    common = [c["values"] for c in sorted(counted, key=lambda c: (-c["counts"], c["values"]))[:COUNTRIES]]
    code = np.asarray(pc.fill_null(pc.index_in(country, value_set=pa.array(common, pa.string())), -1).to_numpy())
    innocent = np.asarray(pc.is_in(names, value_set=people["account_id"].combine_chunks()).to_numpy())
    counts: npt.NDArray[np.int64] = np.zeros((len(common) + 1, HOURS), dtype=np.int64)
    for batch in pq.ParquetFile(traffic.exchanges).iter_batches(columns=["account", "ts"]):
        account = np.asarray(batch["account"].to_numpy())
        hour = np.asarray(batch["ts"].cast(pa.int64()).to_numpy()) // 3_600_000_000
        hour = (hour + 72) % HOURS  # 1 January 1970 was a Thursday
        mine = innocent[account]
        np.add.at(counts, (np.where(code[account] >= 0, code[account], len(common))[mine], hour[mine]), 1)
    lines = {"all": counts.sum(axis=0), **{name: counts[i] for i, name in enumerate(common)}}
    return {name: tuple((n / max(n.sum(), 1)).tolist()) for name, n in lines.items()}
