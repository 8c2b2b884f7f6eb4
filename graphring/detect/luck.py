"""What a search finds among strangers.

A community is chosen because its accounts share more than they should, so what its accounts share always looks
striking: with tens of thousands of accounts and objects, some dozens meet on several objects that hardly anybody else
has, by chance alone. How far the best groups exceed what is expected of a group that was not chosen is measured where
nobody coordinates: on the same layer with its edges dealt anew (every account keeps how many objects it uses, every
object how many accounts use it: the configuration model), searched in the same way.

That bound is high, and a ring without a wrapper of its own stays below it. Two things no search has chosen. Payloads
are many, so their search leaves out half of them, and what a community shares of the others is nobody's choice
(`unlucky_half`). That counts for payloads that look dealt out: users of a tool share what is popular in either half,
but draw it. And no search looks at times: what is sent again near in time, by few, was not found by luck (`pacing`).
"""

from __future__ import annotations

import numpy as np

from graphring.detect.dealing import Dealing
from graphring.detect.groups import communities, large_enough
from graphring.detect.layers import Layer, build_layer
from graphring.detect.parameters import Parameters
from graphring.detect.relations import Relations
from graphring.detect.sharing import Exposure, Shared, Sharer

__all__ = ["luck_left", "search_luck", "unlucky_half"]


def search_luck(layer: Layer, each: Exposure, r: Relations, p: Parameters, exclusive: float) -> float:
    """How many times the expected number of shared objects a community of strangers shares: the quantile
    `luck_quantile` over the communities of the dealt layer at the finest resolution, between 1 and `luck_most` (a
    ratio of small numbers says little); 1 where objects have fewer than `luck_users` accounts in the mean: there is
    nothing to choose among.

    Parameters
    ----------
    each: exposure of the accounts in the layer; exclusive: as in `Sharer.share`.
    """
    if len(layer.object) < p.luck_users * max(layer.size, 1):
        return 1.0
    rng = np.random.default_rng(p.seed)
    key = rng.permutation(layer.object).astype(np.int64)
    dealt = build_layer(layer.name, layer.accounts, key, r.customers.code)
    sharer = Sharer(dealt, r.customers.code)
    ratios = []
    for group in communities(dealt, max(p.resolutions), p.hub_customers, p.seed):
        if large_enough(group, r, p):
            shared = sharer.share(group, each, p.smooth, exclusive, p.senders, p.replication)
            ratios.append(float(shared.observed.sum()) / max(float(shared.expected.sum()), 1e-9))
    return float(np.clip(np.quantile(ratios, p.luck_quantile), 1.0, p.luck_most)) if ratios else 1.0


def luck_left(luck: float, s: Shared, dealing: Dealing, p: Parameters) -> float:
    """How much of the bound of luck is left for a group's payloads, by what no search has chosen: 1 and more."""
    if dealing.paced >= p.paced_sure:
        return 1.0
    return min(luck, unlucky_half(s, p)) if dealing.dealt >= p.dealt_hint else luck


def unlucky_half(s: Shared, p: Parameters) -> float:
    """How many times more a group shares than luck explains, as far as chosen objects tell: the whole over the half
    that says less, `luck_sigma` deviations (Poisson, of its objects) below it; infinite where that half says nothing.

    A community is found by one half of the payloads (`groups.halves`): how striking the other half is, is not of the
    search's choosing (sample splitting; D. R. Cox, 1975). Which of the two it was found by need not be known.
    """
    shared, expected, objects = s.halves.T
    sure = np.maximum(1.0 - p.luck_sigma / np.sqrt(np.maximum(objects, 1e-9)), 0.0)
    least = float((shared / np.maximum(expected, 1e-9) * sure).min())
    whole = float(shared.sum()) / max(float(expected.sum()), 1e-9)
    return max(whole / least, 1.0) if least > 0.0 else float("inf")
