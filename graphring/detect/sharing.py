# mypy: disable-error-code="no-untyped-def, no-untyped-call, no-any-return"
"""How much the accounts of a group share with one another, against what strangers of their activity would.

For account a, S is the number of its objects that another customer of the group uses too. Were the group's other
customers strangers, object o with d outside customers would be met with probability

    P(o) = 1 - exp(-(d + s) · X / Y)

where X is the exposure (requests, or uses in the layer) of the group's other customers, Y that of everybody outside
(the configuration model with the group left out; s smooths what nobody outside uses). E is the sum of P over the
account's objects. Where accounts have regions, X and Y are those of the account's own: speakers of one language have
the carriers of one country.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from graphring.detect.layers import Ints, Layer, Longs, Reals

# ruff: noqa: ANN001, ANN201, ANN202, PLR0917  (numba infers types; loops are long where calls would cost)

__all__ = ["Exposure", "Shared", "Sharer", "carries", "logistic", "poisson_bits"]


@dataclass(frozen=True)
class Exposure:
    """each: how much each account could have met, such as its requests; outside: customers of each object outside all
    suspects (None: nobody is suspected); total: the exposure of all that are no suspects, of each region; region: of
    each account (None: there is one).
    """

    each: Reals
    total: Reals
    outside: Ints | None = None
    suspect: npt.NDArray[np.bool_] | None = None
    region: Ints | None = None


@dataclass(frozen=True)
class Shared:
    """For each account of a group: objects it uses in the layer, those shared with other customers of the group,
    those expected, and the share of the shared ones that a whole set of accounts uses, as copies are.

    halves: [2, 3], over all accounts and the objects of even and of odd number: shared, expected, objects shared.
    """

    uses: Longs
    observed: Reals
    expected: Reals
    coverage: Reals
    halves: Reals


class Sharer:
    """Measures groups in one layer; holds scratch arrays as long as the layer's objects."""

    def __init__(self, layer: Layer, customer: Ints) -> None:
        self.layer, self.customer = layer, customer
        self._k = np.zeros(layer.size, dtype=np.int32)
        self._heads = np.zeros(layer.size, dtype=np.int32)
        self._last = np.full(layer.size, -1, dtype=np.int32)

    def share(
        self,
        group: Ints,
        exposure: Exposure,
        smooth: float,
        exclusive: float = 0.0,
        few: float = 1e9,
        copied: float = 1e9,
    ) -> Shared:
        """Measure one group.

        Parameters
        ----------
        group: sorted accounts; exclusive: objects of whose users a smaller share is in the group are common knowledge
        and count on neither side; few: objects of more accounts count less, of four times as many not at all;
        copied: an object that this share of the group uses, or twice as many accounts as few, is a copy.
        """
        order = np.argsort(self.customer[group], kind="stable")
        by_customer = group[order]
        each, regions = exposure.each[group], len(exposure.total)
        region = np.zeros(len(group), dtype=np.int32) if exposure.region is None else exposure.region[group]
        inside = np.bincount(region, weights=each, minlength=regions)
        clear = each if exposure.suspect is None else each * ~exposure.suspect[group]
        rest = np.maximum(exposure.total - np.bincount(region, weights=clear, minlength=regions), 1.0)
        clean = exposure.outside if exposure.outside is not None else self.layer.degree
        observed, expected, coverage, halves = _share(
            self.layer.start, self.layer.object, clean, exposure.outside is not None, by_customer,
            self.customer[by_customer], exposure.each, region[order], inside, rest, smooth, exclusive, few, copied,
            self._k, self._heads, self._last,
        )  # fmt: skip
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        uses = self.layer.start[group + 1] - self.layer.start[group]
        return Shared(uses, observed[back], expected[back], coverage[back], halves)

    def usage(
        self, group: Ints, exposure: Exposure, requests: Longs, share: float, customers: int
    ) -> tuple[Reals, Reals]:
        """How firmly each account uses an object that is the group's own: bits of lift (0..10) times the root of the
        share of the group's other customers that use it times the share of its requests (relative to `share`); and how
        often it used the best one.
        """
        order = np.argsort(self.customer[group], kind="stable")
        by_customer = group[order]
        clean = exposure.outside if exposure.outside is not None else self.layer.degree
        value, often = _usage(
            self.layer.start, self.layer.object, self.layer.count, clean, exposure.outside is not None, by_customer,
            self.customer[by_customer], requests, share, customers, self._k, self._heads, self._last,
        )  # fmt: skip
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        return value[back], often[back]

    def own(self, group: Ints, exposure: Exposure, exclusive: float, least: float) -> Ints:
        """Objects that are the group's own: used by at least three of its customers and a share `least` of them, of
        whose users a share `exclusive` is in it.
        """
        order = np.argsort(self.customer[group], kind="stable")
        by_customer = group[order]
        clean = exposure.outside if exposure.outside is not None else self.layer.degree
        return _own(
            self.layer.start, self.layer.object, clean, exposure.outside is not None, by_customer,
            self.customer[by_customer], exclusive, least, self._k, self._heads, self._last,
        )  # fmt: skip


@numba.njit(cache=True)
def _own(start, objects, degree, clean, group, owner, exclusive, least, k, heads, last):
    customers = _tally(start, objects, group, owner, k, heads, last)
    found = [np.int32(0) for _ in range(0)]
    for i in range(len(group)):
        for e in range(start[group[i]], start[group[i] + 1]):
            o = objects[e]
            if k[o] < 0:
                continue
            out = degree[o] if clean else degree[o] - k[o]
            if k[o] >= 3 and k[o] >= least * customers and k[o] >= exclusive * (k[o] + out):
                found.append(np.int32(o))
            k[o] = -1
    _clear(start, objects, group, k, heads, last)
    return np.array(found, dtype=np.int32)


@numba.njit(cache=True)
def carries(rows_start, carried, carried_start, group, own):
    """For each exchange of the group, account by account, whether it carries an object flagged in `own`."""
    n = 0
    for a in group:
        n += rows_start[a + 1] - rows_start[a]
    out = np.zeros(n, dtype=np.bool_)
    i = 0
    for a in group:
        for e in range(rows_start[a], rows_start[a + 1]):
            for j in range(carried_start[e], carried_start[e + 1]):
                if own[carried[j]]:
                    out[i] = True
                    break
            i += 1
    return out


@numba.njit(cache=True)
def _tally(start, objects, group, owner, k, heads, last):
    """Customers (k) and accounts (heads) of the group on each object; groups come ordered by customer."""
    customers = 0
    for i in range(len(group)):
        if i == 0 or owner[i] != owner[i - 1]:
            customers += 1
        for e in range(start[group[i]], start[group[i] + 1]):
            o = objects[e]
            heads[o] += 1
            if last[o] != owner[i]:
                last[o] = owner[i]
                k[o] += 1
    return customers


@numba.njit(cache=True)
def _clear(start, objects, group, k, heads, last):
    for i in range(len(group)):
        for e in range(start[group[i]], start[group[i] + 1]):
            o = objects[e]
            k[o], heads[o], last[o] = 0, 0, -1


@numba.njit(cache=True)
def _share(
    start, objects, degree, clean, group, owner, each, region, inside, rest, smooth, exclusive, few, copied,
    k, heads, last,
):  # fmt: skip
    n = len(group)
    _tally(start, objects, group, owner, k, heads, last)
    observed, expected, coverage, halves = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros((2, 3))
    i = 0
    while i < n:
        j, mass = i, 0.0
        while j < n and owner[j] == owner[i]:
            mass += each[group[j]]
            j += 1
        for a in range(i, j):
            ratio = max(inside[region[a]] - mass, 0.0) / rest[region[a]]
            shared = 0.0
            for e in range(start[group[a]], start[group[a] + 1]):
                o = objects[e]
                out = degree[o] if clean else degree[o] - k[o]
                own = k[o] >= exclusive * (k[o] + out)
                weight = min(max((4.0 * few - heads[o] - out) / (3.0 * few), 0.0), 1.0)
                if own or (k[o] < 2 and few < 1e8):
                    chance = weight * (1.0 - np.exp(-(out + smooth) * ratio))
                    expected[a] += chance
                    halves[o & 1, 1] += chance
                if own and k[o] >= 2:
                    observed[a] += weight
                    halves[o & 1, 0] += weight
                    halves[o & 1, 2] += weight / heads[o]
                    all_users = heads[o] + out
                    if all_users >= 2.0 * few or (all_users >= 3 and all_users >= copied * n):
                        coverage[a] += 1.0
                    shared += 1.0
            if shared > 0:
                coverage[a] /= shared
        i = j
    _clear(start, objects, group, k, heads, last)
    return observed, expected, coverage, halves


@numba.njit(cache=True)
def _usage(start, objects, count, degree, clean, group, owner, requests, least, everyone, k, heads, last):
    n = len(group)
    customers = _tally(start, objects, group, owner, k, heads, last)
    value, often = np.zeros(n), np.zeros(n)
    rest = max(everyone - customers, 1)
    for a in range(n):
        for e in range(start[group[a]], start[group[a] + 1]):
            o = objects[e]
            if k[o] < 2:
                continue
            out = degree[o] if clean else degree[o] - k[o]
            share = (k[o] - 1.0) / max(customers - 1, 1)
            lift = np.log2(share / ((out + 0.5) / rest))
            if lift <= 0.0:
                continue
            used = min(count[e] / (least * max(requests[group[a]], 1)), 1.0)
            v = min(lift, 10.0) * np.sqrt(share) * used
            if v > value[a]:
                value[a], often[a] = v, count[e]
    _clear(start, objects, group, k, heads, last)
    return value, often


def poisson_bits(observed: Reals | Longs, expected: Reals) -> Reals:
    """The signed Poisson log-likelihood ratio in bits: observed against expected, negative where fewer."""
    e = np.maximum(expected, 1e-6)
    o = np.asarray(observed, dtype=np.float64)
    bits = (o * np.log(np.maximum(o, 1e-12) / e) - (o - e)) / np.log(2.0)
    return np.asarray(np.where(o >= e, bits, -bits), dtype=np.float64)


def logistic(odds: float | Reals) -> npt.NDArray[np.float64]:
    """The probability that these log2 odds are; nobody is surer than 60 bits."""
    return np.asarray(1.0 / (1.0 + np.exp2(-np.clip(odds, -60.0, 60.0))), dtype=np.float64)
