"""What rings leave behind in the graph: who of them used which object, how rare it is, and when they came and went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from graphring.detect.layers import Longs, Reals
from graphring.detect.lineage import Past
from graphring.detect.parameters import Parameters
from graphring.model import GraphTables

__all__ = ["Footprints", "read_footprints"]

Texts = npt.NDArray[np.object_]
_SEPARATOR = "\0"
UNKNOWN = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Footprints:
    """E rings, U accounts of theirs, O objects that these accounts used.

    kind, name: [O], of each object; weight: [O], log2(N / (1 + accounts in no ring that use it)) bits, at least 0: its
    rarity with every ring left out; degree: [O], accounts that use it, rings' included; member: [E, U];
    touch: [U, O]; users: [E, O], how many of a ring's accounts used an object (2 where only the lineage knows);
    start, end: [E], when most of its accounts had come and had fallen silent, microseconds since 1970, `UNKNOWN` where
    nothing tells; first, last: [E], when the first one came and the last one was seen, where the graph still has them;
    closed: [E], accounts that were closed.
    """

    kind: Texts
    name: Texts
    weight: Reals
    degree: Reals
    member: sp.csr_array
    touch: sp.csr_array
    users: sp.csr_array
    start: Longs
    end: Longs
    first: Longs
    last: Longs
    closed: Longs

    def rarest(self, ring: int, limit: int) -> tuple[tuple[str, str], ...]:
        """(kind, name) of a ring's objects that say most, at most `limit` of each kind, sorted."""
        row = self.users[[ring], :].tocoo()
        value = np.round(row.data * self.weight[row.col], 6)
        order = np.lexsort((row.col, -value))
        taken: dict[str, int] = {}
        kept = []
        for i in order[value[order] > 0]:
            kind = str(self.kind[row.col[i]])
            taken[kind] = taken.get(kind, 0) + 1
            if taken[kind] <= limit:
                kept.append((kind, str(self.name[row.col[i]])))
        return tuple(sorted(kept))


def read_footprints(rings: Sequence[Past], graph: GraphTables, p: Parameters) -> Footprints:
    """The footprints of these rings in the graph of this run, their remembered objects included.

    A ring of which less than half of the accounts are still in the graph came and went as the lineage says.
    """
    people = pa.array(sorted({account for ring in rings for account in ring.accounts}), pa.string())
    entity = np.repeat(np.arange(len(rings)), [len(ring.accounts) for ring in rings])
    flat = pa.array([account for ring in rings for account in ring.accounts], pa.string())
    member = _ones(entity, _positions(flat, people), (len(rings), len(people)))
    edges = graph.sightings.select(["account_id", "object_type", "object_id"])
    edges = edges.filter(pc.is_in(edges["account_id"], value_set=people))
    used = _keys(edges["object_type"], edges["object_id"])
    remembered = pa.array([_SEPARATOR.join(key) for ring in rings for key in ring.objects], pa.string())
    objects = pc.unique(pa.concat_arrays([used, remembered]))
    objects = objects.take(pc.array_sort_indices(objects))
    touch = _ones(_positions(edges["account_id"], people), _positions(used, objects), (len(people), len(objects)))
    holder = np.repeat(np.arange(len(rings)), [len(ring.objects) for ring in rings])
    kept = _ones(holder, _positions(remembered, objects), (len(rings), len(objects)))
    weight, degree = _rarity(objects, touch, graph)
    kind, name = _parts(objects)
    users = sp.csr_array((member @ touch).maximum(2.0 * kept))
    return Footprints(kind, name, weight, degree, member, touch, users, *_times(rings, member, people, graph, p))


def _keys(kinds: pa.ChunkedArray, names: pa.ChunkedArray) -> pa.Array:
    """One text for each object, in the order of (kind, name)."""
    joined = pc.binary_join_element_wise(kinds, names, _SEPARATOR)
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined


def _parts(objects: pa.Array) -> tuple[Texts, Texts]:
    pairs = [key.split(_SEPARATOR, 1) for key in objects.to_pylist()]
    return np.array([kind for kind, _ in pairs], dtype=object), np.array([name for _, name in pairs], dtype=object)


def _positions(values: pa.Array | pa.ChunkedArray, among: pa.Array) -> Longs:
    found = pc.index_in(values, value_set=among)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)


def _ones(row: Longs, column: Longs, shape: tuple[int, int]) -> sp.csr_array:
    """A matrix with a 1 at each of these places, however often it is named."""
    matrix = sp.coo_array((np.ones(len(row)), (row, column)), shape=shape).tocsr()
    matrix.data[:] = 1.0
    return matrix


def _rarity(objects: pa.Array, touch: sp.csr_array, graph: GraphTables) -> tuple[Reals, Reals]:
    """Weight and degree of each object."""
    table = graph.objects.select(["object_type", "object_id", "accounts"])
    at = pc.index_in(_keys(table["object_type"], table["object_id"]), value_set=objects)
    here = pc.is_valid(at)
    users = np.zeros(len(objects))
    degree = pc.fill_null(table["accounts"].filter(here), 0).to_numpy(zero_copy_only=False)
    users[at.filter(here).to_numpy(zero_copy_only=False)] = degree
    inside = np.asarray(touch.sum(axis=0)).ravel()
    outside = np.maximum(users - inside, 0.0)
    n = max(graph.accounts.num_rows, 1)
    return np.maximum(np.log2(n / (1.0 + outside)), 0.0), outside + inside


def _times(
    rings: Sequence[Past], member: sp.csr_array, people: pa.Array, graph: GraphTables, p: Parameters
) -> tuple[Longs, Longs, Longs, Longs, Longs]:
    """Start, end, first, last, closed: `lineage_settled` of a ring's accounts came after its start and ended before its
    end.
    """
    accounts = graph.accounts.filter(pc.is_in(graph.accounts["account_id"], value_set=people))
    at = pc.index_in(people, value_set=accounts["account_id"].combine_chunks())
    come = _moments(pc.coalesce(accounts["first_seen"], accounts["created_at"]).take(at))
    gone = _moments(pc.coalesce(accounts["last_seen"], accounts["closed_at"]).take(at))
    shut = _moments(accounts["closed_at"].take(at)) != UNKNOWN
    start, end, earliest, latest = (np.full(len(rings), UNKNOWN) for _ in range(4))
    closed = np.zeros(len(rings), dtype=np.int64)
    for e, ring in enumerate(rings):
        mine = member.indices[member.indptr[e] : member.indptr[e + 1]]
        closed[e] = int(shut[mine].sum())
        first, last = (np.sort(moments[mine][moments[mine] != UNKNOWN]) for moments in (come, gone))
        if 2 * len(first) >= len(mine) > 0:
            start[e], earliest[e] = first[len(first) - int(np.ceil(p.lineage_settled * len(first)))], first[0]
        elif ring.first_seen is not None:
            start[e] = ring.first_seen
        if 2 * len(last) >= len(mine) > 0:
            end[e], latest[e] = last[int(np.ceil(p.lineage_settled * len(last))) - 1], last[-1]
        elif ring.last_seen is not None:
            end[e] = ring.last_seen
    return start, end, earliest, latest, closed


def _moments(column: pa.ChunkedArray) -> Longs:
    values = pc.fill_null(column.cast(pa.int64()), UNKNOWN)
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.int64)
