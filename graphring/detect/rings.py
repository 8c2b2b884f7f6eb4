"""From candidates to rings: the best cores first, works told apart, members looked for, a second pass."""

from __future__ import annotations

import numpy as np

from graphring.detect.evidence import Flags, Meter
from graphring.detect.groups import candidates
from graphring.detect.judge import Verdict, convincing, core_of, judge, strong
from graphring.detect.layers import Ints
from graphring.detect.parameters import Parameters
from graphring.detect.partition import joined_works, split_works
from graphring.detect.relations import Relations

__all__ = ["find_rings"]


def find_rings(r: Relations, p: Parameters) -> list[Verdict]:
    """The rings of a run: disjoint, each measured against itself, largest first."""
    meter = Meter(r, p)
    cores = [v for _, group in candidates(r, p) if (v := core_of(meter, group)) is not None]
    parts = joined_works(r, _reunited(meter, _claimed(meter, cores)), p)
    suspects = np.zeros(r.n, dtype=bool)
    for part in parts:
        suspects[part] = True
    meter = Meter(r, p, suspects, meter)
    second = [v for part in parts if (v := core_of(meter, part)) is not None]
    taken = np.zeros(r.n, dtype=bool)
    for v in second:
        taken[v.group] = True
    found = []
    for v in sorted(second, key=lambda v: (-round(float(v.bits.mean()), 6), int(v.group[0]))):
        members = _grown(meter, v.group, taken)
        grown = len(members) > len(v.group) and convincing(meter, whole := judge(meter, members))
        found.append(whole if grown else v)
        taken[found[-1].group] = True
    return sorted(found, key=lambda v: (-len(v.group), int(v.group[0])))


def _claimed(meter: Meter, cores: list[Verdict]) -> list[Ints]:
    """Disjoint parts: the core with the most bits claims its accounts, what is left of the others is judged again."""
    r, p = meter.r, meter.p
    order = sorted(cores, key=lambda v: (-round(float(v.bits.sum()), 6), v.group.tobytes()))
    claimed = np.zeros(r.n, dtype=bool)
    parts: list[Ints] = []
    for core in order:
        free = core.group[~claimed[core.group]]
        if len(free) < p.min_ring or len(free) < 0.5 * len(core.group):
            continue
        for part in split_works(r, free, p):
            v = core_of(meter, part)
            if v is not None:
                claimed[v.group] = True
                parts.append(v.group)
    return parts


def _reunited(meter: Meter, parts: list[Ints]) -> list[Ints]:
    """Parts of one campaign, such as a pool and the one that replaced it: most of each use the same wrapper, and most
    users of that wrapper are in one of them.
    """
    r, p = meter.r, meter.p
    root = np.arange(len(parts))
    label = np.full(r.n, -1)
    for i, part in enumerate(parts):
        label[part] = i
    for layer in (r.content.wrappers, r.families):
        account = layer.accounts
        inside = label[account] >= 0
        pair, heads = np.unique(
            layer.object[inside].astype(np.int64) * len(parts) + label[account[inside]], return_counts=True
        )
        of, part = pair // max(len(parts), 1), pair % max(len(parts), 1)
        size = np.array([len(x) for x in parts])
        suspected = np.bincount(of, weights=heads, minlength=layer.size)
        users = np.bincount(layer.object, minlength=layer.size)
        own = (heads >= 0.5 * size[part]) & (suspected[of] >= p.exclusive * users[of])
        for o in np.unique(of[own]):
            same = np.unique(root[part[own & (of == o)]])
            root[np.isin(root, same)] = same[0]
    return [np.sort(np.concatenate([parts[i] for i in np.flatnonzero(root == k)])) for k in np.unique(root)]


def _grown(meter: Meter, core: Ints, taken: Flags) -> Ints:
    """The core with accounts that share its own objects and stand up to it: users of its wrappers by what its members
    show (`strong`), any other with as many bits as most of the core have.
    """
    r, p = meter.r, meter.p
    inside = np.zeros(r.n, dtype=bool)
    inside[core] = True
    near = np.zeros(r.n, dtype=bool)
    for layer in (r.content.wrappers, r.families, r.content.items, r.conversations, r.payments, *r.links):
        account = layer.accounts
        heads = np.bincount(layer.object[inside[account]], minlength=layer.size)
        users = np.bincount(layer.object, minlength=layer.size)
        own = (heads >= 3) & (heads >= p.exclusive * users)
        near[account[own[layer.object]]] = True
    near &= ~taken
    if not near.any():
        return core
    union = np.flatnonzero(near | inside).astype(np.int32)
    v = judge(meter, union)
    like = float(np.quantile(v.bits[inside[union]], 0.25))
    alike = (v.bits >= like) | (v.tied >= 0.5)
    return np.asarray(union[inside[union] | (strong(v, p) & alike)], dtype=np.int32)
