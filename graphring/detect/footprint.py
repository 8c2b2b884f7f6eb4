"""What rings leave behind in the graph: who of them used which object, how rare it is, and when they came and went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
UNKNOWN = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Footprints:
    """E rings, U accounts of theirs, O objects that these accounts used.

    kind, name: [O], of each object; weight: [O], log2(N / (1 + accounts in no ring that use it)) bits, at least 0: its
    rarity with every ring left out; degree: [O], accounts that use it, rings' included; member: [E, U];
    touch: [U, O]; users: [E, O], how many of a ring's accounts used an object (1 where only the lineage says so);
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
    code = pc.index_in(flat, value_set=people).to_numpy(zero_copy_only=False).astype(np.int64)
    member = _ones(entity, code, (len(rings), len(people)))
    edges = graph.sightings.select(["account_id", "object_type", "object_id"])
    edges = edges.filter(pc.is_in(edges["account_id"], value_set=people))
    remembered = [(e, *key) for e, ring in enumerate(rings) for key in ring.objects]
    keys = list(zip(edges["object_type"].to_pylist(), edges["object_id"].to_pylist(), strict=True))
    objects = sorted({*keys, *(key[1:] for key in remembered)})
    position = {key: i for i, key in enumerate(objects)}
    user = pc.index_in(edges["account_id"], value_set=people).to_numpy(zero_copy_only=False).astype(np.int64)
    touch = _ones(user, np.array([position[key] for key in keys], dtype=np.int64), (len(people), len(objects)))
    old = np.array([position[key[1:]] for key in remembered], dtype=np.int64)
    kept = _ones(np.array([key[0] for key in remembered], dtype=np.int64), old, (len(rings), len(objects)))
    weight, degree = _rarity(position, touch, graph)
    users = sp.csr_array((member @ touch).maximum(kept))
    times = _times(rings, member, people, graph, p)
    kind, name = (np.array(column, dtype=object) for column in (zip(*objects, strict=True) if objects else ((), ())))
    return Footprints(kind, name, weight, degree, member, touch, users, *times)


def _ones(row: Longs, column: Longs, shape: tuple[int, int]) -> sp.csr_array:
    """A matrix with a 1 at each of these places, however often it is named."""
    matrix = sp.coo_array((np.ones(len(row)), (row, column)), shape=shape).tocsr()
    matrix.data[:] = 1.0
    return matrix


def _rarity(position: Mapping[tuple[str, str], int], touch: sp.csr_array, graph: GraphTables) -> tuple[Reals, Reals]:
    """Weight and degree of each object."""
    n = max(graph.accounts.num_rows, 1)
    users = np.zeros(len(position))
    names = pa.array(sorted({name for _, name in position}), pa.string())
    table = graph.objects.select(["object_type", "object_id", "accounts"])
    table = table.filter(pc.is_in(table["object_id"], value_set=names))
    for kind, name, accounts in zip(*(column.to_pylist() for column in table.columns), strict=True):
        if (kind, name) in position:
            users[position[kind, name]] = accounts or 0
    inside = np.asarray(touch.sum(axis=0)).ravel()
    outside = np.maximum(users - inside, 0.0)
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
