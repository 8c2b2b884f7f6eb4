"""What prompts have in common: wrappers, which their users repeat, and payloads, which they do not.

Two streaming passes: the first counts, in a table of fixed size, how many customers send each feature (an upper
bound, because slots may be shared); the second keeps the occurrences of those that at least two send and that are no
common phrase. Everything after that is linear in the occurrences kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from graphring.detect import kernels
from graphring.detect.layers import Ints, Layer, Longs, build_layer, keep_objects
from graphring.detect.parameters import Parameters
from graphring.detect.traffic import Exchanges, stream_features

__all__ = ["Content", "first_sent", "read_content"]


@dataclass(frozen=True)
class Content:
    """wrappers: accounts by wrapper (texts of nearly the same users are one); items: accounts by payload; sent:
    [edges of items] seconds since the origin when each was first sent; carried: wrappers of each exchange from
    carried_start[e] on, [E+1].
    """

    wrappers: Layer
    items: Layer
    sent: Ints
    carried: Ints
    carried_start: Longs


def read_content(path: Path, exchanges: Exchanges, customer: Ints, p: Parameters) -> Content:
    """Find wrappers and payload items among the text features of the exchanges."""
    row, code, m, features = _occurrences(path, exchanges, customer, p)
    order, start = kernels.group_by_code(code, m)
    conversation = np.where(exchanges.conversation != 0, exchanges.conversation, exchanges.prompt)
    degree, users, repeated, prompts, signature = kernels.feature_use(
        row[order], start, exchanges.account, customer, conversation, exchanges.prompt, int(customer.max(initial=0)) + 1
    )
    uses = np.diff(start)
    del order, start
    spread = (users >= p.wrapper_users) & (prompts >= p.wrapper_prompts * uses)
    repeats = repeated >= p.wrapper_repeat * users
    wrapper = (degree >= 2) & (repeats | spread)
    payload = (degree >= 2) & ~wrapper & (degree <= p.item_customers)
    _, first, block = np.unique(signature, return_index=True, return_inverse=True)
    size = np.bincount(block, minlength=len(first))
    repeating = wrapper.copy()
    wrapper &= (degree >= 3) & (size[block] >= p.block_features) & (prompts >= p.wrapper_varied * uses)
    wrapper &= first[block] == np.arange(m)
    chosen = wrapper[code]
    used = row[chosen]
    wrappers, carried, carried_start = _wrapper_layer(block[code[chosen]], used, exchanges, customer, p)
    at, item = kernels.representative(
        row, code, block, size, degree[first], payload, repeating, repeats, prompts == 1, features,
        p.block_features, p.payload_cover,
    )  # fmt: skip
    items = build_layer("item", exchanges.account[at], item, customer)
    return Content(wrappers, items, first_sent(items, at, item, exchanges), carried, carried_start)


def first_sent(items: Layer, row: Longs, key: Longs, x: Exchanges) -> Ints:
    """Seconds since the origin at which each edge of the items was first used, [E].

    Parameters
    ----------
    row, key: the exchange of each use, and what the object is called there (`Layer.key`).
    """
    if len(row) != items.count.sum():
        raise ValueError("the uses are not those of the layer")
    order = np.lexsort((row, key, x.account[row]))  # edge by edge, each in the order of time
    first = order[np.cumsum(items.count) - items.count]
    return np.asarray(x.seconds[row[first]], dtype=np.int32)


def _occurrences(path: Path, exchanges: Exchanges, customer: Ints, p: Parameters) -> tuple[Ints, Ints, int, Ints]:
    """Row and feature code of each occurrence that is kept, by row; number of codes; features of each exchange."""
    if not exchanges.rows:
        none = np.empty(0, dtype=np.int32)
        return none, none, 0, none
    size = 1 << int(np.clip(np.ceil(np.log2(exchanges.rows * 32.0)), 16, 27))
    count, last = np.zeros(size, dtype=np.uint16), np.full(size, -1, dtype=np.int32)
    for first, offsets, features in stream_features(path):
        kernels.count_customers(exchanges.account, first, offsets, features, customer, count, last)
    del last
    most = int(min(max(p.hub_customers, p.phrase_share * len(np.unique(customer))), 65_000))
    table = kernels.Codes(int(kernels.distinct_bound(count)))
    rows: list[Ints] = []
    codes: list[Ints] = []
    sizes: list[Ints] = []
    for first, offsets, features in stream_features(path):
        row, code = table.add(first, offsets, features, count, most)
        rows.append(row)
        codes.append(code)
        sizes.append(np.diff(offsets).astype(np.int32))
    return np.concatenate(rows), np.concatenate(codes), table.size, np.concatenate(sizes)


def _wrapper_layer(block: Longs, row: Ints, x: Exchanges, customer: Ints, p: Parameters) -> tuple[Layer, Ints, Longs]:
    """Wrapper blocks and system prompts; one for those of nearly the same users: the same three smallest account
    hashes and about the same number (bottom-k sketches; A. Broder, 1997). With the wrappers of each exchange.
    """
    told = np.flatnonzero(x.system != 0).astype(np.int32)
    _, system = np.unique(x.system[told], return_inverse=True)
    key = np.concatenate([block.astype(np.int64), system + int(block.max(initial=0)) + 1])
    row = np.concatenate([row, told])
    whole = build_layer("wrapper", x.account[row], key, customer)
    most = max(p.hub_customers, p.phrase_share * len(np.unique(customer)))
    kept = keep_objects(whole, (whole.degree >= 3) & (whole.degree <= most))
    if kept.size:
        kept = keep_objects(kept, _first_of_kind(kept))
    place = np.minimum(np.searchsorted(kept.key, key), max(kept.size - 1, 0))
    known = kept.key[place] == key if kept.size else np.zeros(len(key), dtype=bool)
    row, place = row[known], place[known].astype(np.int32)
    order = np.lexsort((place, row))
    return kept, place[order], np.searchsorted(row[order], np.arange(x.rows + 1)).astype(np.int64)


def _first_of_kind(layer: Layer) -> npt.NDArray[np.bool_]:
    a, o = layer.accounts, layer.object
    z = (a.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z ^= z >> np.uint64(32)
    order = np.lexsort((z, o))
    first = np.searchsorted(o[order], np.arange(layer.size))
    size = np.bincount(o, minlength=layer.size)
    sketch = np.zeros(layer.size, dtype=np.uint64)
    for k in range(3):
        here = z[order][np.minimum(first + k, first + size - 1)]
        sketch = (sketch ^ here) * np.uint64(0xBF58476D1CE4E5B9)
    key = sketch ^ np.round(np.log2(layer.degree) * 3.0).astype(np.uint64)
    by = np.lexsort((np.arange(layer.size), key))
    new = np.ones(layer.size, dtype=bool)
    new[1:] = key[by][1:] != key[by][:-1]
    chosen = np.zeros(layer.size, dtype=bool)
    chosen[by[new]] = True
    return chosen
