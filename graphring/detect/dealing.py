"""Whether payloads were dealt out from a queue, drawn by each for itself, or copied by all from one set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphring.detect.layers import Ints, Layer, Reals, edges_of
from graphring.detect.parameters import Parameters
from graphring.detect.sharing import logistic, poisson_bits

__all__ = ["Dealing", "threes"]


@dataclass(frozen=True)
class Dealing:
    """How a group came by the payloads that its accounts have in common.

    triples, least, pairs: of customers that sent one payload (`threes`); paced, each: bits for its being sent again
    near in time, of all pairs and [n] of those of each account (`pacing.paced`).
    """

    triples: float
    least: float
    pairs: float
    paced: float
    each: Reals

    @property
    def dealt(self) -> float:
        """Bits for payloads being dealt out from a queue: fewer triples than draws give at least (Poisson)."""
        if self.triples >= self.least:
            return 0.0
        return float(-poisson_bits(np.array([self.triples]), np.array([self.least]))[0])

    def drawn(self, p: Parameters) -> bool:
        """Whether they are drawn, some of them popular: `drawn_ratio` times as many triples as draws give at least
        (Poisson). No queue sends so many to three customers and more.
        """
        return float(poisson_bits(np.array([self.triples]), np.array([p.drawn_ratio * self.least]))[0]) >= p.drawn_bits

    @property
    def senders(self) -> float:
        """How many customers sent a payload that two sent, in the mean over such pairs: 2 and more.

        A queue deals an item to one, again to another when that one fails, and to two or three who answer it anew; a
        class does the exercises that it was given. A few pairs say little: a queue's five count besides.
        """
        return 2.0 + 3.0 * self.triples / (self.pairs + 5.0)

    def by_few(self, p: Parameters) -> float:
        """How far they are those of a few, as a queue's are, and no set that a class works through: 0 to 1."""
        return float(np.clip((p.queue_crowd - self.senders) / (p.queue_crowd - p.senders), 0.0, 1.0))

    def soon(self, p: Parameters) -> float:
        """How probable it is that they are sent again near in time, as from a queue that is worked through."""
        return float(logistic(p.paced_prior + self.paced))

    def counts(self, p: Parameters) -> Reals:
        """[n] the share of division of labour that counts, 0 to 1. Some queues are not worked through in their order
        (`paced_floor`); but where one visibly is, who does not keep its pace is a stranger with the same wrapper: a
        mixture of both is fitted by EM.
        """
        share, soon = 0.5, self.soon(p)
        keeps = np.full(len(self.each), share)
        for _ in range(p.mixture_steps):
            keeps = logistic(np.log2(share / (1.0 - share)) + self.each)
            share = float(np.clip(keeps[self.each != 0.0].mean() if self.each.any() else 0.5, 0.05, 0.95))
        return np.asarray(self.by_few(p) * (soon * keeps + (1.0 - soon) * p.paced_floor))

    def each_for_itself(self, p: Parameters) -> bool:
        """Whether each visibly came by them for itself: a class, users of one corpus."""
        return self.pairs >= p.queue_pairs and self.by_few(p) * self.soon(p) <= p.queue_least


def threes(items: Layer, group: Ints, customer: Ints, prompts: Reals, exclusive: float) -> tuple[float, float, float]:
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
