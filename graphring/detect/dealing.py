"""Whether payloads were dealt out from a queue, drawn by each for itself, or copied by all from one set."""

from __future__ import annotations

import numpy as np

from graphring.detect.layers import Ints, Layer, Reals, edges_of
from graphring.detect.sharing import poisson_bits

__all__ = ["dealt", "drawn", "senders", "threes"]


def dealt(triples: float, least: float) -> float:
    """Bits for payloads being dealt out from a queue: fewer triples than draws give at `least` (Poisson)."""
    return float(-poisson_bits(np.array([triples]), np.array([least]))[0]) if triples < least else 0.0


def drawn(triples: float, least: float, ratio: float) -> float:
    """Bits for payloads being drawn, some of them popular: more than `ratio` times as many triples (Poisson)."""
    return float(max(poisson_bits(np.array([triples]), np.array([ratio * least]))[0], 0.0))


def senders(triples: float, pairs: float) -> float:
    """How many customers of a group sent a payload that two of them sent, in the mean over such pairs: 2 and more.

    A queue deals an item to one, again to another when that one fails, and to two or three who answer it anew; a class
    does the exercises that it was given. A few pairs say little (as many as a queue's five of three).
    """
    return 2.0 + 3.0 * triples / (pairs + 5.0)


def threes(
    items: Layer, group: Ints, customer: Ints, prompts: Reals, exclusive: float
) -> tuple[float, float, float]:
    """How many triples of customers of a group sent one payload, how many would at least if each drew for itself, and
    how many pairs did.

    Customers of n_a prompts each that drew from one pool, popular items or not, would have e3 sum(q^3) triples on
    one payload where they have P = e2 sum(q^2) pairs (e: elementary symmetric sums of n, q: the items'
    probabilities), so at least e3 (P / e2)^2 (Jensen's inequality). A queue gives hardly any. Where some items are
    popular, draws give several times as many.

    Parameters
    ----------
    prompts: [n] of each account, those with the group's wrapper; exclusive: items of whose customers a smaller share is
    in the group do not count.
    """
    local, edge = edges_of(items.start, group)
    _, owner = np.unique(customer[group], return_inverse=True)
    n = int(owner.max()) + 1
    sent = np.unique(items.object[edge].astype(np.int64) * n + owner[local])
    item, heads = np.unique(sent // n, return_counts=True)
    heads = heads[heads >= exclusive * items.degree[item]].astype(np.float64)
    pairs, triples = float((heads * (heads - 1) / 2).sum()), float((heads * (heads - 1) * (heads - 2) / 6).sum())
    each = np.maximum(np.bincount(owner, weights=prompts, minlength=n), np.bincount(sent % n, minlength=n))
    s1, s2, s3 = (float((each**k).sum()) for k in (1, 2, 3))
    twos, thirds = (s1**2 - s2) / 2.0, (s1**3 - 3.0 * s1 * s2 + 2.0 * s3) / 6.0
    return triples, thirds * (pairs / max(twos, 1.0)) ** 2, pairs
