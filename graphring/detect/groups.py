"""Candidate groups: who might belong together. Generous on purpose: evidence decides later.

Groups come from wrappers, template families and linked objects, and from communities of the account–object graph at
several resolutions: of each layer, of all layers of work, of all layers. Payloads are searched in two halves, so that
of each community the other half can say whether it is more than luck (`luck`).
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence

import igraph
import numpy as np
import numpy.typing as npt

from graphring.detect.layers import Ints, Layer, Longs, Reals, build_layer, keep_objects
from graphring.detect.parameters import Parameters
from graphring.detect.relations import Relations

__all__ = ["Candidate", "candidates", "communities", "halves", "large_enough"]

Candidate = tuple[str, Ints]
"""Where a group comes from and its accounts, sorted."""


def candidates(r: Relations, p: Parameters) -> list[Candidate]:
    """All candidate groups; no group twice; ordered by origin, size and first account."""
    found: list[Candidate] = []
    for layer, name, top in _layers(r, p):
        found += [(name, g) for g in by_object(layer, top)]
        hub = p.hub_link if name.startswith("link ") else p.hub_customers
        for resolution in p.resolutions:
            found += [(f"{name} community", g) for g in communities(layer, resolution, hub, p.seed)]
    if not r.exchanges.rows:
        for layer, linked in zip(r.links, r.linked, strict=True):
            met = _meetings(layer, linked.first, p.hub_link, r.customers.code)
            for resolution in p.resolutions:
                found += [(f"{met.name} community", g) for g in communities(met, resolution, p.hub_link, p.seed)]
    for name, union in _joined(r, p):
        for resolution in p.resolutions:
            found += [(f"{name} community", g) for g in _leiden(*union, resolution, p.seed)]
    seen: set[bytes] = set()
    kept = []
    for name, group in sorted(found, key=lambda c: (c[0], -len(c[1]), c[1].tobytes())):
        key = group.tobytes()
        if key not in seen and large_enough(group, r, p):
            seen.add(key)
            kept.append((name, group))
    return kept


def _meetings(layer: Layer, first: Reals, hub: int, customer: Ints) -> Layer:
    """The uses of an object by accounts that came to it within a day of one another, as an object of their own.

    Parameters
    ----------
    first: [E], the day of each edge; NaN: unknown. hub: objects of more customers are left out.
    """
    use = np.flatnonzero(np.isfinite(first) & (layer.degree[layer.object] <= hub) & (layer.degree[layer.object] >= 2))
    account = layer.accounts
    order = use[np.lexsort((account[use], first[use], layer.object[use]))]
    obj, day = layer.object[order], first[order]
    new = np.ones(len(order), dtype=bool)
    if len(order):
        new[1:] = (obj[1:] != obj[:-1]) | (day[1:] - day[:-1] > 1.0)
    return build_layer(f"{layer.name} meeting", account[order], np.cumsum(new), customer)


def halves(items: Layer) -> tuple[Layer, Layer]:
    """Payloads of even and of odd number: numbers go by hashes, and say nothing of what is a payload."""
    even = np.arange(items.size) % 2 == 0
    return keep_objects(items, even), keep_objects(items, ~even)


def _layers(r: Relations, p: Parameters) -> Iterator[tuple[Layer, str, int]]:
    yield r.content.wrappers, "wrapper", p.group_accounts
    yield r.families, "template", p.group_accounts
    for half in halves(r.content.items):
        yield half, "payload", 0
    yield r.conversations, "conversation", 0
    yield r.roaming, "address", 0
    yield r.payments, "payment", 0
    for layer in r.links:
        yield layer, f"link {layer.name}", p.hub_link


def _joined(r: Relations, p: Parameters) -> Iterator[tuple[str, tuple[Ints, Longs, Reals]]]:
    work = [r.content.wrappers, r.families, r.conversations, *r.links]
    for half in halves(r.content.items):
        yield "work", _union([half, *work], p)
        yield "any", _union([half, *work, r.roaming, r.payments], p)


def large_enough(group: Ints, r: Relations, p: Parameters) -> bool:
    """Whether a group could be a ring at all: accounts, and customers that pretend to be strangers. Where most accounts
    are one customer's, that one and some stray accounts are no ring, nor are two firms that a candidate joined.
    """
    sizes = np.sort(np.unique(r.customers.code[group], return_counts=True)[1])[::-1]
    if len(group) < p.min_ring or len(sizes) < p.min_customers:
        return False
    most = np.array([p.one_customer, 1.0 - (1.0 - p.one_customer) ** 2])  # two: and half of the rest
    return bool((np.cumsum(sizes[:2]) <= most[: len(sizes[:2])] * len(group)).all())


def by_object(layer: Layer, top: int) -> Iterable[Ints]:
    """The users of each object with at least three and at most `top` customers."""
    use = (layer.degree >= 3) & (layer.degree <= top)
    if not use.any():
        return []
    small = keep_objects(layer, use)
    account = small.accounts
    order = np.lexsort((account, small.object))
    parts = np.split(account[order], np.flatnonzero(np.diff(small.object[order])) + 1)
    return [part.astype(np.int32) for part in parts]


def communities(layer: Layer, resolution: float, hub: int, seed: int) -> list[Ints]:
    """Leiden communities (Traag et al. 2019) of the bipartite graph; edges weigh rarity log2(accounts / degree)."""
    account, obj, weight = _edges(layer, hub)
    return _leiden(account, obj, weight, resolution, seed)


def _edges(layer: Layer, hub: int) -> tuple[Ints, Longs, Reals]:
    small = keep_objects(layer, (layer.degree >= 2) & (layer.degree <= hub))
    weight = np.log2(len(layer.start) / np.maximum(small.degree[small.object], 1.0)) + 0.01
    return small.accounts, small.object.astype(np.int64), weight


def _union(layers: Sequence[Layer], p: Parameters) -> tuple[Ints, Longs, Reals]:
    """Edges of several layers in one graph. Each layer's edges of an account weigh together what one edge weighs times
    the root of their number, so that a thousand addresses do not silence two cards.
    """
    accounts, objects, weights = [], [], []
    base = 0
    for layer in layers:
        account, obj, weight = _edges(layer, p.hub_address)
        often = np.bincount(account, minlength=len(layer.start))
        accounts.append(account)
        objects.append(obj + base)
        weights.append(weight / np.sqrt(np.maximum(often[account], 1)))
        base += layer.size
    return np.concatenate(accounts), np.concatenate(objects), np.concatenate(weights)


def _leiden(account: Ints, obj: Longs, weight: Reals, resolution: float, seed: int) -> list[Ints]:
    if not len(obj):
        return []
    people, vertex = np.unique(account, return_inverse=True)
    _, thing = np.unique(obj, return_inverse=True)
    ends = np.column_stack([vertex, len(people) + thing])
    # multiples of 2^-10 add up exactly; where sums are rounded igraph may move a vertex between two equals forever
    weight = np.round(weight * 1024.0) / 1024.0
    igraph.set_random_number_generator(random.Random(seed))  # noqa: S311
    graph = igraph.Graph(n=len(people) + int(thing.max()) + 1, edges=ends)
    found = graph.community_leiden(
        objective_function="modularity", weights=weight, resolution=resolution, n_iterations=4
    )
    label = np.asarray(found.membership, dtype=np.int64)[: len(people)]
    order = np.lexsort((people, label))
    parts: list[npt.NDArray[np.int32]] = np.split(people[order], np.flatnonzero(np.diff(label[order])) + 1)
    return [part.astype(np.int32) for part in parts]
