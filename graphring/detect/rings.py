"""From candidates to rings: the best cores first, works told apart, members looked for, a second pass."""

from __future__ import annotations

import numpy as np

from graphring.detect.associates import with_associates
from graphring.detect.convincing import convincing
from graphring.detect.cores import core_of
from graphring.detect.evidence import Meter
from graphring.detect.groups import candidates, large_enough
from graphring.detect.judge import Verdict, judge, strong
from graphring.detect.layers import Flags, Ints, numbered
from graphring.detect.parameters import Parameters
from graphring.detect.partition import in_common, joined_works, split_works, torn_works
from graphring.detect.pools import pools, run_together, split_pools
from graphring.detect.relations import Relations
from graphring.detect.tiers import medium_bits

__all__ = ["find_rings"]


def find_rings(r: Relations, p: Parameters) -> list[Verdict]:
    """The rings of a run: disjoint, each measured against itself, largest first."""
    meter = Meter(r, p)
    meter.searched()
    cores = [v for _, group in candidates(r, p) if (v := core_of(meter, group)) is not None]
    parts = _claimed(meter, cores)
    suspects = np.zeros(r.n, dtype=bool)
    for part in parts:
        suspects[part] = True
    meter = Meter(r, p, suspects, meter)
    second = [v for whole in joined_works(r, _reunited(meter, parts), p) for v in _together(meter, whole, parts)]
    taken = np.zeros(r.n, dtype=bool)
    for v in second:
        taken[v.group] = True
    found = []
    for v in sorted(second, key=lambda v: (-round(float(v.bits.mean()), 6), int(v.group[0]))):
        found.append(_complete(meter, v, taken))
        taken[found[-1].group] = True
    told = _told_apart(meter, found)
    held = (_holding(meter, core, whole) for core, whole in zip(told, with_associates(meter, told), strict=True))
    return sorted((v for v in held if v is not None), key=lambda v: (-len(v.group), int(v.group[0])))


def _together(meter: Meter, whole: Ints, parts: list[Ints]) -> list[Verdict]:
    """The core of reunited parts, and of those that it lost; if they do not stand as a whole, or the core holds works
    that have next to nothing in common, of each of them.
    """
    pieces = [part for part in parts if np.isin(part[0], whole)]
    stands = _standing(meter, whole, [whole])
    if not stands or (len(pieces) > 1 and len(torn_works(meter.r, stands[0].group, meter.p)) > 1):
        return _standing(meter, whole, pieces)
    held = stands[0].group
    lost = [np.setdiff1d(part, held) for part in pieces if np.isin(part, held).mean() < 0.5]
    return stands + [v for part in lost if (v := core_of(meter, part)) is not None]


def _complete(meter: Meter, core: Verdict, taken: Flags) -> Verdict:
    """A core with the accounts that stand up to it, again and again: wordings of one work are found one by another."""
    for _ in range(meter.p.passes):
        pieces = _torn(meter, _grown(meter, core.group, taken))  # what came along may only know its like
        members = np.union1d(max(pieces, key=lambda part: np.isin(part, core.group).sum()), core.group)
        if len(members) == len(core.group) or not convincing(meter, whole := judge(meter, members)):
            break
        core = whole
    return core


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
        for piece in _torn(meter, free):
            for work in _standing(meter, piece, split_works(r, piece, p)):
                for v in _apart(meter, work, split_pools(r, work.group, p)):
                    claimed[v.group] = True
                    parts.append(v.group)
    return parts


def _torn(meter: Meter, group: Ints) -> list[Ints]:
    """What a candidate brought together, apart. Users of one wrapper that divide different payloads are apart where
    some of them stand without the others, and the others show nothing but payloads: strangers may have a ring's
    wrapper. A ring that works through several queues shows the same of its cards, addresses and hours in each.
    """
    pieces = []
    for piece in torn_works(meter.r, group, meter.p):
        parts = torn_works(meter.r, piece, meter.p, (meter.r.content.items,))
        alone = [core_of(meter, part) is not None for part in parts] if len(parts) > 1 else [True]
        if all(alone) or not any(alone):
            pieces.append(piece)
            continue
        v = judge(meter, piece)
        shown = [_beside(meter, v, part, stands) for part, stands in zip(parts, alone, strict=True)]
        least = meter.p.bears_out * max(x for x, stands in zip(shown, alone, strict=True) if stands)
        ring = [stands or x >= least for x, stands in zip(shown, alone, strict=True)]
        pieces.append(np.sort(np.concatenate([x for x, of in zip(parts, ring, strict=True) if of])))
        pieces += [x for x, of in zip(parts, ring, strict=True) if not of]
    return pieces


def _beside(meter: Meter, whole: Verdict, part: Ints, stands: bool) -> float:
    """Bits of what a part of a group shows beside what it sends: measured in the group, or, where it has nothing in
    common with the others and does not stand without them, by itself. A class that did the same exercises, in its room,
    looks like a queue in company that is larger.
    """
    inside = np.isin(whole.group, part)
    measured = whole if stands or in_common(meter.r, whole.group, inside, meter.p) > 0.0 else judge(meter, part)
    return float(measured.beside_content[np.isin(measured.group, part)].mean())


def _apart(meter: Meter, whole: Verdict, parts: list[Ints]) -> list[Verdict]:
    """The pools of a work that stand by themselves; accounts of the others stay with the largest, as far as they stand
    with it.
    """
    cores = [core_of(meter, part) for part in parts] if len(parts) > 1 else []
    found = [v for v in cores if v is not None]
    if len(found) < 2:
        return [whole]
    rest = [part for part, v in zip(parts, cores, strict=True) if v is None]
    largest = max(range(len(found)), key=lambda i: len(found[i].group))
    if rest and (more := core_of(meter, np.sort(np.concatenate([found[largest].group, *rest])))) is not None:
        found[largest] = more
    return found


def _told_apart(meter: Meter, rings: list[Verdict]) -> list[Verdict]:
    """The pools of rings that have grown, since what grows from one takes in others that send its wrapper. Nobody is
    lost: a pool that would be worth no measure by itself goes to the ring that it is run with, or stays.
    """
    told: list[Verdict] = []
    loose: list[tuple[Ints, int]] = []  # with the place of the ring that it stays with
    for whole in rings:
        parts = split_pools(meter.r, whole.group, meter.p)
        apart = [judge(meter, part) for part in parts] if len(parts) > 1 else []
        stands = [_worth_a_measure(meter, v) for v in apart]
        if not any(stands):
            told.append(whole)
            continue
        loose += [(v.group, len(told)) for v, x in zip(apart, stands, strict=True) if not x]
        told += sorted((v for v, x in zip(apart, stands, strict=True) if x), key=lambda v: len(v.group), reverse=True)
    for part, home in loose:
        run = [run_together(meter.r, part, v.group, meter.p) for v in told]
        most = int(np.argmax(run))
        to = most if run[most] >= meter.p.pool_told and run[most] > run[home] else home
        told[to] = judge(meter, np.union1d(told[to].group, part).astype(np.int32))
    return told


def _holding(meter: Meter, core: Verdict, whole: Verdict) -> Verdict | None:
    """A ring with its associates, if it is one with them, too: they may make it one firm's, and where all together
    visibly came by their payloads each for itself (of a few accounts too few are known to tell), the whole must
    convince. If only the associates did so, it is without them: a call centre, say, some of whom its core held.
    """
    if not large_enough(whole.group, meter.r, meter.p):
        return None
    if meter.dealing(whole.group).each_for_itself(meter.p):
        return whole if convincing(meter, judge(meter, whole.group)) else None
    more = np.setdiff1d(whole.group, core.group)
    strangers = len(more) > 0 and meter.dealing(more).each_for_itself(meter.p)
    return core if strangers and large_enough(core.group, meter.r, meter.p) else whole


def _worth_a_measure(meter: Meter, v: Verdict) -> bool:
    """Whether a part of a ring would be one of the tier medium."""
    return convincing(meter, v) and float(v.mean(v.bits)) >= medium_bits(len(v.group), meter.p)


def _standing(meter: Meter, whole: Ints, parts: list[Ints]) -> list[Verdict]:
    """The cores of the parts, or that of the whole where more of it stands together than in its parts: a cut through
    one work leaves pieces that show too little. A part that came by its payloads each for itself is no such piece: a
    tool's users show a ring's exits and wrapper in the ring's company.
    """
    cores = [core_of(meter, part) for part in parts]
    apart = [v for v in cores if v is not None]
    stand = sum(len(v.group) for v in apart)
    if len(parts) == 1 or stand >= meter.p.settled * len(whole):
        return apart
    if apart:
        weak = (part for part, v in zip(parts, cores, strict=True) if v is None)
        strangers = [part for part in weak if meter.dealing(part).each_for_itself(meter.p)]
        whole = np.setdiff1d(whole, np.concatenate([whole[:0], *strangers]))
    together = core_of(meter, whole)
    return [together] if together is not None and stand < meter.p.standing * len(together.group) else apart


def _reunited(meter: Meter, parts: list[Ints]) -> list[Ints]:
    """Parts of one campaign, such as a pool and the one that replaced it: most of each use the same wrapper, and most
    users of that wrapper are in one of them.
    """
    r, p = meter.r, meter.p
    root, label = np.arange(len(parts)), numbered(r.n, parts)
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
        own = (heads >= 0.5 * size[part]) & (suspected[of] >= p.reunited * users[of])
        for o in np.unique(of[own]):
            same = np.unique(root[part[own & (of == o)]])
            root[np.isin(root, same)] = same[0]
    same_work = [[parts[i] for i in np.flatnonzero(root == k)] for k in np.unique(root)]
    return [whole for work in same_work for whole in pools(r, work, p)]


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
        if layer is r.content.items:  # two or three have sent each
            sent = (heads >= 1) & (heads + 1 >= p.exclusive * users)
            near |= np.bincount(account[sent[layer.object]], minlength=r.n) >= p.near_payloads
    near &= ~taken
    if not near.any():
        return core
    union = np.flatnonzero(near | inside).astype(np.int32)
    v = judge(meter, union)
    like = float(np.quantile(v.bits[inside[union]], 0.25))
    alike = (v.bits >= like) | (v.tied >= 0.5)
    return np.asarray(union[inside[union] | (strong(v, p) & alike)], dtype=np.int32)
