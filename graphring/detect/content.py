"""What prompts have in common: wrappers, which their users repeat, and payloads, which they do not.

Two streaming passes: the first counts, in a table of fixed size, how many customers send each feature (an upper
bound, because slots may be shared); the second keeps the occurrences of those that at least two send.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numba
import numpy as np
import numpy.typing as npt

from graphring.detect.layers import Ints, Layer, Longs, Reals, build_layer
from graphring.detect.parameters import Parameters
from graphring.detect.traffic import Exchanges, Hashes, stream_features

__all__ = ["Content", "read_content"]


@dataclass(frozen=True)
class Content:
    """wrappers: accounts by wrapper (features whose users coincide are one); items: accounts by payload; whole_set
    and the like are judged from `items` later.
    """

    wrappers: Layer
    items: Layer


@numba.njit(cache=True)
def _count(account, start_row, offsets, features, customer, count, last):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    mask = np.uint64(len(count) - 1)
    for row in range(len(offsets) - 1):
        who = customer[account[start_row + row]]
        for j in range(offsets[row], offsets[row + 1]):
            f = features[j]
            slot = (f ^ (f >> np.uint64(29))) & mask
            if last[slot] != who:
                last[slot] = who
                if count[slot] < 65_535:
                    count[slot] += 1


@numba.njit(cache=True)
def _shared(offsets, features, count, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    mask = np.uint64(len(count) - 1)
    n = 0
    for row in range(len(offsets) - 1):
        for j in range(offsets[row], offsets[row + 1]):
            f = features[j]
            slot = (f ^ (f >> np.uint64(29))) & mask
            if count[slot] >= 2:
                out[n, 0] = row
                out[n, 1] = j
                n += 1
    return n


def read_content(path: Path, exchanges: Exchanges, customer: Ints, p: Parameters) -> Content:
    """Find wrappers and payload items among the text features of the exchanges."""
    row, feature = _occurrences(path, exchanges, customer)
    names, code = np.unique(feature, return_inverse=True)
    del feature
    account = exchanges.account[row]
    own = np.where(exchanges.conversation[row] != 0, exchanges.conversation[row], exchanges.prompt[row])
    repeat, users, prompts, uses = _repetition(code, account, own, exchanges.prompt[row], len(names))
    from graphring.detect.layers import customers_of

    degree = customers_of(code.astype(np.int64), customer[account], len(names))
    spread = (users >= p.wrapper_users) & (prompts >= p.wrapper_prompts * uses)
    wrapper = (degree >= 2) & ((repeat >= p.wrapper_repeat) | spread)
    payload = (degree >= 2) & ~wrapper & (degree <= p.item_customers)
    is_wrapper = wrapper[code]
    wrappers = _wrapper_layer(code[is_wrapper], account[is_wrapper], customer)
    item = _representative(row, code, degree, payload)
    return Content(wrappers, build_layer("item", exchanges.account[item[0]], item[1], customer))


def _occurrences(path: Path, exchanges: Exchanges, customer: Ints) -> tuple[Longs, Hashes]:
    size = 1 << int(np.clip(np.ceil(np.log2(max(exchanges.rows, 1) * 16.0)), 16, 27))
    count, last = np.zeros(size, dtype=np.uint16), np.full(size, -1, dtype=np.int32)
    for first, offsets, features in stream_features(path):
        _count(exchanges.account, first, offsets, features, customer, count, last)
    del last
    rows: list[npt.NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
    found: list[Hashes] = [np.empty(0, dtype=np.uint64)]
    for first, offsets, features in stream_features(path):
        out = np.empty((len(features), 2), dtype=np.int64)
        n = _shared(offsets, features, count, out)
        rows.append(out[:n, 0] + first)
        found.append(features[out[:n, 1]])
    return np.concatenate(rows), np.concatenate(found)


def _repetition(code: Longs, account: Ints, own: Hashes, prompt: Hashes, m: int) -> tuple[Reals, Longs, Longs, Longs]:
    """For each feature: share of its users that send it in two or more conversations (prompts where there are none),
    users, different prompts, uses.
    """
    order = np.lexsort((own, account, code))
    c, a, o = code[order], account[order], own[order]
    user = np.ones(len(c), dtype=bool)
    user[1:] = (c[1:] != c[:-1]) | (a[1:] != a[:-1])
    fresh = user.copy()
    fresh[1:] |= o[1:] != o[:-1]
    at = np.flatnonzero(user)
    times = np.add.reduceat(fresh.astype(np.int64), at) if len(at) else np.empty(0, dtype=np.int64)
    users = np.bincount(c[at], minlength=m)
    repeated = np.bincount(c[at], weights=times >= 2, minlength=m)
    order = np.lexsort((prompt, code))
    c, q = code[order], prompt[order]
    distinct = np.ones(len(c), dtype=bool)
    distinct[1:] = (c[1:] != c[:-1]) | (q[1:] != q[:-1])
    prompts = np.bincount(c[distinct], minlength=m)
    return repeated / np.maximum(users, 1), users, prompts, np.bincount(code, minlength=m)


def _wrapper_layer(code: Longs, account: Ints, customer: Ints) -> Layer:
    """Wrapper features whose users are exactly the same are one wrapper."""
    if not len(code):
        return build_layer("wrapper", account, code, customer)
    pair = np.unique(code.astype(np.int64) * len(customer) + account)
    c, a = pair // len(customer), (pair % len(customer)).astype(np.uint64)
    z = (a + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z ^= z >> np.uint64(31)
    z *= np.uint64(0x94D049BB133111EB)
    signature = np.zeros(int(c.max()) + 1, dtype=np.uint64)
    np.add.at(signature, c, z ^ (z >> np.uint64(29)))
    _, first, same = np.unique(signature, return_index=True, return_inverse=True)
    one = first[same[code]]
    chosen = one == code
    return build_layer("wrapper", account[chosen], one[chosen], customer)


def _representative(row: Longs, code: Longs, degree: Ints, payload: npt.NDArray[np.bool_]) -> tuple[Longs, Longs]:
    """One payload feature for each exchange: the rarest, then the lowest code; rows and codes."""
    use = payload[code]
    r, c = row[use], code[use]
    order = np.lexsort((c, degree[c], r))
    r, c = r[order], c[order]
    first = np.ones(len(r), dtype=bool)
    first[1:] = r[1:] != r[:-1]
    return r[first], c[first]
