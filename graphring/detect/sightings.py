"""The graph's sightings as layers: who uses which object, and, for links, when each came to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graphring.detect.layers import Flags, Ints, Layer, Longs, Reals, build_layer
from graphring.model import GraphTables, ObjectType

__all__ = ["Linked", "read_sightings"]

_KNOWN: Final = frozenset({ObjectType.IP, ObjectType.PAYMENT, ObjectType.TEMPLATE})


@dataclass(frozen=True)
class Linked:
    """What a layer of links tells beside who uses what. first: [E], days since 1970, NaN where unknown; accounts: [M],
    whether an object is an account itself, as a payee or a referrer is.
    """

    first: Reals
    accounts: Flags


def read_sightings(
    graph: GraphTables, accounts: pa.Table, customer: Ints
) -> tuple[dict[str, Layer], dict[str, Linked]]:
    """A layer for each object type, its key is the object's row in OBJECTS order, with what else is known of its links.

    Sightings of accounts that are not among `accounts` are left out.
    """
    sightings = graph.sightings.select(["account_id", "object_type", "object_id", "count", "first_seen"])
    names = accounts["account_id"].combine_chunks()
    code = pc.index_in(sightings["account_id"], value_set=names)
    layers, linked = {}, {}
    for kind in sorted(pc.unique(sightings["object_type"]).to_pylist()):
        mine = pc.and_(pc.equal(sightings["object_type"], kind), pc.is_valid(code))
        ids = sightings["object_id"].filter(mine).combine_chunks().dictionary_encode()
        rank = np.argsort(np.argsort(ids.dictionary.to_numpy(zero_copy_only=False).astype(str), kind="stable"))
        key = rank[ids.indices.to_numpy(zero_copy_only=False)] if len(ids) else np.empty(0, dtype=np.int64)
        account = code.filter(mine).to_numpy().astype(np.int32)
        count = sightings["count"].filter(mine).to_numpy()
        first = pc.cast(sightings["first_seen"].filter(mine).cast(pa.int64()), pa.float64()).to_numpy() / 86_400e6
        itself = np.full(len(rank), -1)
        if kind not in _KNOWN:
            itself[rank] = pc.fill_null(pc.index_in(ids.dictionary, value_set=names), -1).to_numpy()
            own, who = _themselves(account, key, itself)
            account, key = np.concatenate([account, who]), np.concatenate([key, own])
            count = np.concatenate([count, np.ones(len(own), dtype=count.dtype)])
            first = np.concatenate([first, np.full(len(own), np.nan)])
        layer, order = build_layer(kind, account, key, customer), np.lexsort((key, account))
        often = np.minimum(count[order], 2**31 - 1).astype(np.int32)
        layers[kind] = Layer(layer.name, layer.start, layer.object, often, layer.degree, layer.key)
        linked[kind] = Linked(first[order], itself[layer.key] >= 0)
    return layers, linked


def _themselves(account: Ints, key: Longs, itself: Longs) -> tuple[Longs, Ints]:
    """(keys, accounts) of the objects that are accounts: who was paid by somebody, or referred somebody, has as much to
    do with it as the one who names them. Those that name themselves anyway are left out.
    """
    own = np.flatnonzero(itself >= 0)
    size = np.int64(len(itself))
    own = own[~np.isin(itself[own] * size + own, account * size + key)]
    return own, itself[own].astype(np.int32)
