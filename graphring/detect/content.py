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

__all__ = ["Content", "read_content"]


@dataclass(frozen=True)
class Content:
    """wrappers: accounts by wrapper (features of nearly the same users are one); items: accounts by payload."""

    wrappers: Layer
    items: Layer


def read_content(path: Path, exchanges: Exchanges, customer: Ints, p: Parameters) -> Content:
    """Find wrappers and payload items among the text features of the exchanges."""
    row, code, m = _occurrences(path, exchanges, customer, p)
    order, start = kernels.group_by_code(code, m)
    conversation = np.where(exchanges.conversation != 0, exchanges.conversation, exchanges.prompt)
    degree, users, repeated, prompts = kernels.feature_use(
        row[order], start, exchanges.account, customer, conversation, exchanges.prompt, int(customer.max(initial=0)) + 1
    )
    uses = np.diff(start)
    spread = (users >= p.wrapper_users) & (prompts >= p.wrapper_prompts * uses)
    wrapper = (degree >= 2) & ((repeated >= p.wrapper_repeat * users) | spread)
    payload = (degree >= 2) & ~wrapper & (degree <= p.item_customers)
    wrapper &= degree >= 3
    chosen = wrapper[code]
    wrappers = _wrapper_layer(code[chosen], exchanges.account[row[chosen]], customer, degree)
    at, item = kernels.representative(row, code, degree, payload)
    return Content(wrappers, build_layer("item", exchanges.account[at], item, customer))


def _occurrences(path: Path, exchanges: Exchanges, customer: Ints, p: Parameters) -> tuple[Ints, Ints, int]:
    """Row and feature code of each occurrence that is kept, by row; number of features."""
    if not exchanges.rows:
        none = np.empty(0, dtype=np.int32)
        return none, none, 0
    size = 1 << int(np.clip(np.ceil(np.log2(exchanges.rows * 32.0)), 16, 27))
    count, last = np.zeros(size, dtype=np.uint16), np.full(size, -1, dtype=np.int32)
    for first, offsets, features in stream_features(path):
        kernels.count_customers(exchanges.account, first, offsets, features, customer, count, last)
    del last
    most = int(min(max(p.hub_customers, p.phrase_share * len(np.unique(customer))), 65_000))
    table = kernels.Codes(int(kernels.distinct_bound(count)))
    rows: list[Ints] = []
    codes: list[Ints] = []
    for first, offsets, features in stream_features(path):
        row, code = table.add(first, offsets, features, count, most)
        rows.append(row)
        codes.append(code)
    return np.concatenate(rows), np.concatenate(codes), table.size


def _wrapper_layer(code: Ints, account: Ints, customer: Ints, degree: Ints) -> Layer:
    """One wrapper for features of nearly the same users: the same three smallest account hashes and number of users
    within a quarter (bottom-k sketches; A. Broder, 1997)."""
    whole = build_layer("wrapper", account, code, customer)
    if not whole.size:
        return whole
    a, o = whole.accounts, whole.object
    z = (a.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z ^= z >> np.uint64(32)
    order = np.lexsort((z, o))
    first = np.searchsorted(o[order], np.arange(whole.size))
    size = np.bincount(o, minlength=whole.size)
    sketch = np.zeros(whole.size, dtype=np.uint64)
    for k in range(3):
        here = z[order][np.minimum(first + k, first + size - 1)]
        sketch = (sketch ^ here) * np.uint64(0xBF58476D1CE4E5B9)
    key = sketch ^ np.round(np.log2(whole.degree) * 3.0).astype(np.uint64)
    by = np.lexsort((np.arange(whole.size), key))
    new = np.ones(whole.size, dtype=bool)
    new[1:] = key[by][1:] != key[by][:-1]
    chosen = np.zeros(whole.size, dtype=bool)
    chosen[by[new]] = True
    return keep_objects(whole, chosen)
