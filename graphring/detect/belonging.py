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

from graphring.detect.layers import Flags, Layer, Longs, Reals, busiest, edges_of
from graphring.detect.parameters import Parameters
from graphring.detect.relations import Relations
from graphring.detect.sharing import poisson_bits
from graphring.model import Family

__all__ = ["Belonging", "belonging"]


@dataclass(frozen=True)
class Belonging:
    """What P pairs of an account of no ring and a ring have in common.

    account, ring: [P], sorted by account, then ring; requests: [P], of the account; said: family → [P] bits; odds: [P]
    log2 of them, what speaks for the account (`Relations.trust`) taken off; sent: [P] bits of payloads in common.
    """

    account: Longs
    ring: Longs
    requests: Longs
    said: Mapping[Family, Reals]
    odds: Reals
    sent: Reals

    def several(self, p: Parameters) -> Flags:
        """[P] whether two families say enough, one of them what the account does. One is enough for nobody: homes are
        proxies, texts are copied, devices collide. And a reseller has exits and a bill in common with its customers.
        Payloads are work, too, but beside exits and links only: many send a popular text in one wrapper, and
        what is sent by a reseller, who pays for it, is its customers'.
        """
        loud = {family: bits >= p.belonging_bits for family, bits in self.said.items()}
        families = np.sum(list(loud.values()), axis=0)
        works = loud[Family.CONTENT] | loud[Family.TIMING]
        several = (families >= 2) & works & (self.odds >= p.belonging_odds)
        sends = (self.sent >= p.belonging_bits) & (loud[Family.NETWORK] | loud[Family.OTHER])
        odds = self.odds + np.maximum(self.sent - self.said[Family.CONTENT], 0.0)  # the two are not independent
        return np.asarray(several | (sends & (odds >= p.belonging_odds)))

    def paid(self, p: Parameters) -> Flags:
        """[P] whether it pays with a card of which more users are members than are not: it is no stranger's. Who worked
        enough to show something else of the ring's (`belonging_silent`), and shows nothing, is a payer's customer.
        """
        other = np.any([bits > 0.0 for family, bits in self.said.items() if family is not Family.PAYMENT], axis=0)
        shows = (self.requests < p.belonging_silent) | other
        return np.asarray((self.said[Family.PAYMENT] > 0.0) & (self.odds >= p.belonging_paid) & shows)


def belonging(r: Relations, ring: Longs, p: Parameters) -> Belonging:
    """What accounts of no ring hold that is a ring's own.

    Parameters
    ----------
    ring: [N], the number of the ring of which an account is a member; -1: of none.
    """
    layers: dict[Family, tuple[Layer, ...]] = {
        Family.PAYMENT: (r.payments,), Family.NETWORK: (r.roaming, r.lines), Family.TIMING: (r.conversations,),
        Family.CONTENT: (r.content.wrappers, r.families), Family.OTHER: r.links,
    }  # fmt: skip
    size = np.bincount(ring[ring >= 0], minlength=1)
    held = {
        family: _held(() if str(family) in p.disabled_families else of, ring, size, p) for family, of in layers.items()
    }
    pair = np.unique(np.concatenate([pairs for pairs, _ in held.values()]))
    said = {family: _spread(pair, *of) for family, of in held.items()}
    sent = np.zeros(len(pair)) if str(Family.CONTENT) in p.disabled_families else _spread(pair, *_sent(r, ring, p))
    account, of = np.divmod(pair, len(size))
    prior = np.log2(size[of] / max(int((ring < 0).sum()), 1))
    return Belonging(account, of, r.requests[account], said, prior + sum(said.values()) - r.trust[account], sent)


def _spread(pair: Longs, pairs: Longs, bits: Reals) -> Reals:
    """Bits of some pairs, for those of `pair`: 0 for the others, and where they speak against it."""
    of, said = np.isin(pairs, pair), np.zeros(len(pair))
    said[np.searchsorted(pair, pairs[of])] = np.maximum(bits[of], 0.0)
    return said


def _held(layers: Iterable[Layer], ring: Longs, size: Longs, p: Parameters) -> tuple[Longs, Reals]:
    """(account · rings + ring, bits): of each pair that hold an object of these layers the one that says most; sorted
    by pair.

    Parameters
    ----------
    size: members of each ring.
    """
    strangers, rings = int((ring < 0).sum()), len(size)
    pairs, bits = [np.empty(0, dtype=np.int64)], [np.empty(0)]
    for layer in layers:
        account = layer.accounts
        whose = ring[account]
        inside, free = np.flatnonzero(whose >= 0), np.flatnonzero(whose < 0)
        uses, heads = np.unique(layer.object[inside].astype(np.int64) * rings + whose[inside], return_counts=True)
        own, of = np.divmod(uses[heads >= p.belonging_heads], rings)
        k = heads[heads >= p.belonging_heads] / size[of]
        account, used_by = account[free], layer.object[free]
        others = np.bincount(used_by, minlength=layer.size)[used_by] - 1
        m = np.diff(layer.start)[account]
        local, at = edges_of(np.searchsorted(own, np.arange(layer.size + 1)), used_by)
        bits.append(np.log2(k[at] * strangers / (others[local] + 0.5) / m[local]))
        pairs.append(account[local].astype(np.int64) * rings + of[at])
    pair, said = np.concatenate(pairs), np.concatenate(bits)
    best = busiest(pair, said)
    return pair[best], said[best]


def _sent(r: Relations, ring: Longs, p: Parameters) -> tuple[Longs, Reals]:
    """As `_held`, of the payloads that an account has in common with a ring, against chance (Poisson): it meets payload
    o of d other customers in a ring of X exchanges with probability 1 - exp(-(d + s) X / Y), Y: all others (`sharing`).
    """
    items, rings = r.content.items, int(ring.max(initial=0)) + 1
    account = items.accounts
    whose = ring[account]
    inside, free = np.flatnonzero(whose >= 0), np.flatnonzero(whose < 0)
    own, of = np.divmod(np.unique(items.object[inside].astype(np.int64) * rings + whose[inside]), rings)
    local, at = edges_of(np.searchsorted(own, np.arange(items.size + 1)), items.object[free])
    pair, shared = np.unique(account[free][local].astype(np.int64) * rings + of[at], return_counts=True)
    exchanges = np.bincount(ring[ring >= 0], weights=r.requests[ring >= 0], minlength=rings)
    ratio = exchanges / np.maximum(float(r.requests.sum()) - exchanges, 1.0)
    who, to = np.divmod(pair, rings)
    met, edge = edges_of(items.start, who)
    others = items.degree[items.object[edge]] - 1.0 + p.smooth
    expected = np.bincount(met, weights=1.0 - np.exp(-others * ratio[to[met]]), minlength=len(pair)) * 1.0
    return pair, poisson_bits(shared, expected)
