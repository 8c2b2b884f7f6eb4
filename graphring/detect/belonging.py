"""Whose an account is, by what it holds that is a found ring's own.

A ring has things of its own: cards, exits, wrappers, devices. Of its n members k use an object, and so do u of the S
accounts that are of no ring. One more account that uses it belongs to the ring with odds

    n / S · (k / n) / ((u + ½) / S) / m

where ½ is Jeffreys' prior for a count; the best of the m objects of its kind that the account uses is taken, and
Bonferroni's bound pays for the choice. What families say without the prior odds, n / S, adds up, as they are
independent of each other (naive Bayes).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphring.detect.layers import Flags, Layer, Longs, Reals, busiest
from graphring.detect.parameters import Parameters
from graphring.detect.relations import Relations
from graphring.model import Family

__all__ = ["Belonging", "belonging"]


@dataclass(frozen=True)
class Belonging:
    """What P pairs of an account of no ring and a ring have in common.

    account, ring: [P], sorted by account, then ring; said: family → [P] bits; odds: [P] log2 of them, what speaks for
    the account (`Relations.trust`) taken off.
    """

    account: Longs
    ring: Longs
    said: Mapping[Family, Reals]
    odds: Reals

    def several(self, p: Parameters) -> Flags:
        """[P] whether two families say enough, one of them what the account does. One is enough for nobody: homes are
        proxies, texts are copied, devices collide. And a reseller has exits and a bill in common with its customers.
        """
        loud = {family: bits >= p.belonging_bits for family, bits in self.said.items()}
        families = np.sum(list(loud.values()), axis=0)
        works = loud[Family.CONTENT] | loud[Family.TIMING]
        return np.asarray((families >= 2) & works & (self.odds >= p.belonging_odds))

    def paid(self, p: Parameters) -> Flags:
        """[P] whether it pays with a card of which more users are members than are not: it is no stranger's."""
        return np.asarray((self.said[Family.PAYMENT] > 0.0) & (self.odds >= p.belonging_paid))


def belonging(r: Relations, ring: Longs, p: Parameters) -> Belonging:
    """What accounts of no ring hold that is a ring's own.

    Parameters
    ----------
    ring: [N], the number of the ring of which an account is a member; -1: of none.
    """
    rings = int(ring.max(initial=-1)) + 1
    layers: dict[Family, tuple[Layer, ...]] = {
        Family.PAYMENT: (r.payments,), Family.NETWORK: (r.roaming, r.lines), Family.TIMING: (r.conversations,),
        Family.CONTENT: (r.content.wrappers, r.families), Family.OTHER: r.links,
    }  # fmt: skip
    held = {
        family: _held(() if str(family) in p.disabled_families else of, ring, rings, p) for family, of in layers.items()
    }
    pair = np.unique(np.concatenate([pairs for pairs, _ in held.values()]))
    said: dict[Family, Reals] = {}
    for family, (pairs, bits) in held.items():
        said[family] = np.zeros(len(pair))
        said[family][np.searchsorted(pair, pairs)] = np.maximum(bits, 0.0)
    account, of = pair // max(rings, 1), pair % max(rings, 1)
    size = np.bincount(ring[ring >= 0], minlength=rings)
    prior = np.log2(size / max(int((ring < 0).sum()), 1))[of]
    return Belonging(account, of, said, prior + sum(said.values()) - r.trust[account])


def _held(layers: Iterable[Layer], ring: Longs, rings: int, p: Parameters) -> tuple[Longs, Reals]:
    """(account · rings + ring, bits): of each pair that hold an object of these layers the one that says most; sorted
    by pair.
    """
    strangers = int((ring < 0).sum())
    size = np.bincount(ring[ring >= 0], minlength=rings)
    pairs, bits = [np.empty(0, dtype=np.int64)], [np.empty(0)]
    for layer in layers:
        account = layer.accounts
        inside = ring[account] >= 0
        uses = layer.object[inside].astype(np.int64) * rings + ring[account[inside]]
        own, heads = np.unique(uses, return_counts=True)
        own, heads = own[heads >= p.belonging_heads], heads[heads >= p.belonging_heads]
        edge, at = _each(own // max(rings, 1), layer.object, ~inside)
        whose, k = own[at] % max(rings, 1), heads[at]
        others = np.bincount(layer.object[~inside], minlength=layer.size)[layer.object[edge]] - 1
        used = np.diff(layer.start)[account[edge]]
        bits.append(np.log2(k / size[whose] * strangers / (others + 0.5) / used))
        pairs.append(account[edge].astype(np.int64) * rings + whose)
    pair, said = np.concatenate(pairs), np.concatenate(bits)
    best = busiest(pair, said)
    return pair[best], said[best]


def _each(owned: Longs, objects: npt.NDArray[np.integer], free: Flags) -> tuple[Longs, Longs]:
    """(edge, place in `owned`) for each free edge and each ring that owns its object; `owned` is sorted."""
    low, high = (np.searchsorted(owned, objects, side) for side in ("left", "right"))
    edge = np.flatnonzero(free & (high > low))
    times = (high - low)[edge]
    return np.repeat(edge, times), np.repeat(low[edge] - np.cumsum(times) + times, times) + np.arange(times.sum())
