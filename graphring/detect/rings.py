"""From candidates to rings: the best cores first, works told apart, members looked for, a second pass."""

from __future__ import annotations

import numpy as np

from graphring.detect.evidence import Flags, Meter
from graphring.detect.groups import candidates
from graphring.detect.judge import Verdict, core_of, judge, strong
from graphring.detect.layers import Ints
from graphring.detect.parameters import Parameters
from graphring.detect.partition import split_works
from graphring.detect.relations import Relations

__all__ = ["find_rings"]


def find_rings(r: Relations, p: Parameters) -> list[Verdict]:
    """The rings of a run: disjoint, each measured against itself, largest first."""
    meter = Meter(r, p)
    cores = [v for _, group in candidates(r, p) if (v := core_of(meter, group)) is not None]
    parts = _claimed(meter, cores)
    suspects = np.zeros(r.n, dtype=bool)
    for part in parts:
        suspects[part] = True
    meter = Meter(r, p, suspects, meter)
    grown = [_grown(meter, part, suspects) for part in parts]
    taken = np.zeros(r.n, dtype=bool)
    found = []
    for group in sorted(grown, key=lambda g: (-len(g), int(g[0]))):
        v = core_of(meter, group[~taken[group]])
        if v is not None:
            taken[v.group] = True
            found.append(v)
    return found


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


def _grown(meter: Meter, part: Ints, suspects: Flags) -> Ints:
    """The part with accounts outside all parts that share its own objects and stand up to its core."""
    r, p = meter.r, meter.p
    near = np.zeros(r.n, dtype=bool)
    inside = np.zeros(r.n, dtype=bool)
    inside[part] = True
    for layer in (r.content.items, r.content.wrappers, r.conversations, r.payments, *r.links):
        account = layer.accounts
        k = np.bincount(layer.object[inside[account]], minlength=layer.size)
        own = (k >= 2) & (k >= p.exclusive * layer.degree)
        near[account[own[layer.object]]] = True
    near &= ~suspects
    if not near.any():
        return part
    union = np.flatnonzero(near | inside).astype(np.int32)
    v = judge(meter, union)
    return union[strong(v, p, p.strong_bits) | inside[union]]
