"""From overlapping cores to rings: cores of one work are one ring, works that only share infrastructure are several.

Cores that overlap are joined first. The union is then cut along its *work graph*: payloads, rare wrappers,
conversations and links, but neither addresses nor payment methods, which tenants of one provider share. Parts with less
than a set share of the cross connections that their degrees would give at random are rings of their own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphring.detect.cuts import communities_of, connections, crossings, merged, own_objects, parts_of, ratios, told
from graphring.detect.layers import Flags, Ints, Layer
from graphring.detect.parameters import Parameters
from graphring.detect.pools import held_by, pools
from graphring.detect.relations import Relations

__all__ = ["in_common", "joined_works", "split_works", "torn_works"]


def split_works(r: Relations, group: Ints, p: Parameters) -> list[Ints]:
    """The works of a group; accounts without any go to the largest part."""
    return _parted(own_objects(_work(r), group, p), group, p, p.apart, 0.0)


def torn_works(r: Relations, group: Ints, p: Parameters, layers: Sequence[Layer] = ()) -> list[Ints]:
    """Works of a group that have next to nothing in common, in all that is work or in `layers`, though by their degrees
    they should have `torn_least` connections: groups that a candidate brought together, so that one convicts the other.
    """
    share = p.torn_payloads if layers else p.torn
    return _parted(own_objects(layers or _work(r), group, p), group, p, share, p.torn_least)


def in_common(r: Relations, group: Ints, inside: Flags, p: Parameters) -> float:
    """Connections of a part of a group with the others by conversations, addresses, payment methods and links.

    Parameters
    ----------
    inside: for each account of the group, whether it is in the part.
    """
    return crossings((r.conversations, *held_by(r)), group, inside, p)


def joined_works(r: Relations, parts: list[Ints], p: Parameters) -> list[Ints]:
    """Parts that are one work together: candidates that each held a piece of it have claimed it piecemeal."""
    parts = sorted(parts, key=lambda part: (-len(part), part.tobytes()))
    done: list[Ints] = []
    while parts:
        whole = parts.pop(0)
        while (near := next((i for i, x in enumerate(parts) if _one_work(r, whole, x, p)), None)) is not None:
            whole = np.sort(np.concatenate([whole, parts.pop(near)]))
        done.append(whole)
    return done


def _one_work(r: Relations, one: Ints, other: Ints, p: Parameters) -> bool:
    """Whether two parts do the same, or much of it where one hand holds both: a search that knows half of a queue finds
    its pieces.
    """
    work = _common(_work(r), one, other, p)
    if work < p.together and (work < p.one_work or _common(held_by(r), one, other, p) < p.one_hand):
        return False
    return len(pools(r, [one, other], p)) == 1


def _common(layers: Sequence[Layer], one: Ints, other: Ints, p: Parameters) -> float:
    """Cross connections of two parts by `layers`, as a share of what their degrees give at random."""
    union = np.sort(np.concatenate([one, other]))
    common = own_objects(layers, union, p)
    if not common.size:
        return 0.0
    return float(ratios(connections(common, np.isin(union, other).astype(np.int64)))[0, 1])


def _parted(work: Layer, group: Ints, p: Parameters, apart: float, least: float) -> list[Ints]:
    label = communities_of(work, group, p)
    if label.max() < 1:
        return [group]
    label = merged(label, [connections(work, label)], lambda c, _: told(c, apart, least), apart)
    return parts_of(group, label)


def _work(r: Relations) -> tuple[Layer, ...]:
    return (r.content.items, r.content.wrappers, r.conversations, *r.links)
