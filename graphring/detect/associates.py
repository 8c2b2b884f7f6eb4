"""Accounts that show too little to stand by themselves, and hold what is a ring's own: members, too.

Under camouflage, or of a handful of requests, an account shows next to nothing of what is asked of a core. It still
pays with the ring's card, or comes through its exits with its wrapper. They are looked for once the rings stand, and
change nothing of what is said of these.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from graphring.detect.belonging import belonging
from graphring.detect.evidence import Meter
from graphring.detect.judge import Verdict, judge, summed
from graphring.detect.layers import Flags, Ints, Longs, Reals, busiest, numbered
from graphring.detect.parameters import Parameters
from graphring.detect.relations import Relations
from graphring.detect.signals import Signal

__all__ = ["associates", "with_associates"]


def with_associates(meter: Meter, rings: list[Verdict]) -> list[Verdict]:
    """The rings with their associates."""
    found = associates(meter.r, [v.group for v in rings], meter.p)
    return [_joined(meter, v, more) if len(more) else v for v, more in zip(rings, found, strict=True)]


def associates(r: Relations, rings: list[Ints], p: Parameters) -> list[Ints]:
    """For each ring the accounts of no ring that belong to it; sorted. Who belongs to several is the likeliest one's.

    What is found owns things, too: a card is known by the second member that pays with it, and shows a third. Where
    more would belong to a ring than stand (`belonging_most`), what they hold is a hall's or a tool's, and nobody does.
    """
    before = numbered(r.n, rings)
    ring = before.copy()
    for _ in range(p.passes):
        account, to = _belong(r, ring, p)
        if not len(account):
            break
        ring[account] = to
    found = [np.flatnonzero((ring == i) & (before < 0)).astype(np.int32) for i in range(len(rings))]
    return [
        more if len(more) <= p.belonging_most * len(of) else more[:0] for more, of in zip(found, rings, strict=True)
    ]


def _belong(r: Relations, ring: Longs, p: Parameters) -> tuple[Longs, Longs]:
    """(account, ring) of the accounts of no ring that belong to one."""
    b = belonging(r, ring, p)
    enough = np.flatnonzero(b.several(p) | b.paid(p))
    likeliest = enough[busiest(b.account[enough], np.round(b.odds[enough], 6))]
    return b.account[likeliest], b.ring[likeliest]


def _joined(meter: Meter, core: Verdict, more: Ints) -> Verdict:
    """A ring with its associates, which weigh nothing in what is said of it, while each is told what it shows."""
    whole = judge(meter, np.union1d(core.group, more).astype(np.int32))
    inside = np.isin(whole.group, core.group)
    signals = [_spliced(s, all_, inside) for s, all_ in zip(core.signals, whole.signals, strict=True)]
    tied, weight = _both(core.tied, whole.tied, inside), _both(core.weight, np.zeros(len(inside)), inside)
    return summed(whole.group, signals, tied, weight, meter.p)


def _spliced(core: Signal, whole: Signal, inside: Flags) -> Signal:
    """A signal of the core with what associates show of it."""
    chances = None
    if core.chances is not None and whole.chances is not None:
        chances = _both(core.chances, whole.chances, inside)
    return replace(
        core, bits=_both(core.bits, whole.bits, inside), observed=_both(core.observed, whole.observed, inside),
        expected=_both(core.expected, whole.expected, inside), chances=chances,
    )  # fmt: skip


def _both(core: Reals, whole: Reals, inside: Flags) -> Reals:
    """The values of the whole, and those of the core where they are the core's."""
    values = whole.astype(np.float64)
    values[inside] = core
    return values
