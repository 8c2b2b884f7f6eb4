"""What a search finds among strangers.

A community is chosen because its accounts share more than they should, so what its accounts share always looks
striking: with tens of thousands of accounts and objects, some dozens meet on several objects that hardly anybody else
has, by chance alone. How far the best groups exceed what is expected of a group that was not chosen is measured where
nobody coordinates: on the same layer with its edges dealt anew (every account keeps how many objects it uses, every
object how many accounts use it: the configuration model), searched in the same way.
"""

from __future__ import annotations

import numpy as np

from graphring.detect.groups import communities, large_enough
from graphring.detect.layers import Layer, build_layer
from graphring.detect.parameters import Parameters
from graphring.detect.relations import Relations
from graphring.detect.sharing import Exposure, Sharer

__all__ = ["search_luck"]


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
