"""How much the accounts of a group share with one another, against what strangers of their activity would.

For account a, S is the number of its objects that another customer of the group uses too. Were the group's other
customers strangers, object o with d outside customers would be met with probability

    P(o) = 1 - exp(-(d + s) · X / Y)

where X is the exposure (requests, or uses in the layer) of the group's other customers, Y that of everybody outside (the configuration model with the
group left out; s smooths what nobody outside uses). E is the sum of P over the account's objects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphring.detect.layers import Ints, Layer, Longs, Reals, customers_of

__all__ = ["Shared", "poisson_bits", "share"]


@dataclass(frozen=True)
class Shared:
    """For each account of a group: objects it uses in the layer, those shared with other customers of the group,
    those expected, the mean share of the group's accounts on a shared object (the first four do not count), and those it shares with
    outsiders. objects, inside, outside: the group's objects with customers of either side.
    """

    uses: Longs
    observed: Longs
    expected: Reals
    coverage: Reals
    abroad: Longs
    objects: Ints
    inside: Longs
    outside: Longs


def share(
    layer: Layer,
    group: Ints,
    customer: Ints,
    smooth: float,
    exposure: Reals,
    total: float,
    exclusive: float = 0.0,
    clean: Ints | None = None,
) -> Shared:
    """Measure one group in one layer.

    Parameters
    ----------
    group: sorted accounts; customer: the customer of every account; exposure: how much each account could
    have met, such as its requests; total: the exposure of everybody that counts as a possible outsider or is in the group;
    exclusive: objects of whose users a smaller share is in the group are common knowledge and count on neither side;
    clean: customers of each object outside all suspect groups, where they are known.
    """
    size = layer.start[group + 1] - layer.start[group]
    local = np.repeat(np.arange(len(group)), size)
    first = np.repeat(layer.start[group] - np.concatenate([[0], np.cumsum(size)[:-1]]), size)
    obj = layer.object[first + np.arange(len(local))]
    objects, inverse = np.unique(obj, return_inverse=True)
    who, mine = np.unique(customer[group], return_inverse=True)
    k = customers_of(inverse.astype(np.int64), mine[local].astype(np.int32), len(objects)).astype(np.int64)
    out = np.maximum((layer.degree if clean is None else clean)[objects] - (k if clean is None else 0), 0)
    mass = exposure[group]
    by_customer = np.bincount(mine, weights=mass, minlength=len(who))
    inside = float(mass.sum())
    ratio = (inside - by_customer[mine]) / max(total - inside, 1.0)
    own = (k >= exclusive * (k + out))[inverse]
    chance = np.where(own | (k[inverse] < 2), 1.0 - np.exp(-(out[inverse] + smooth) * ratio[local]), 0.0)
    hit = (k[inverse] >= 2) & own
    n = len(group)
    observed = np.bincount(local, weights=hit, minlength=n).astype(np.int64)
    heads = (np.bincount(inverse, minlength=len(objects)) + out)[inverse]
    part = np.clip((heads - 4.0) / max(n - 1, 1), 0.0, 1.0)
    covered = np.bincount(local, weights=np.where(hit, part, 0.0), minlength=n)
    abroad = np.bincount(local, weights=out[inverse] > 0, minlength=n).astype(np.int64)
    return Shared(
        size, observed, np.bincount(local, weights=chance, minlength=n), covered / np.maximum(observed, 1), abroad,
        objects, k, out,
    )  # fmt: skip


def poisson_bits(observed: Reals | Longs, expected: Reals) -> Reals:
    """The signed Poisson log-likelihood ratio in bits: observed against expected, negative where fewer."""
    e = np.maximum(expected, 1e-6)
    o = np.asarray(observed, dtype=np.float64)
    bits = (o * np.log(np.maximum(o, 1e-12) / e) - (o - e)) / np.log(2.0)
    return np.where(o >= e, bits, -bits)
