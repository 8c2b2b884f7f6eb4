"""What each account is to a ring: a member, the victim of a stolen key, or an honest customer of a reseller.

The rules are strict on purpose: whoever is not clearly something else is what the evidence made of it, a member. A
ring of which too few members would be left is left as it is. And who holds what is the ring's own is a member again:
a thief uses a key through his exits and with his wrapper, but its owner's card is not his, and a reseller's customers
come through its exits with work of their own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphring.detect.belonging import belonging
from graphring.detect.judge import Verdict
from graphring.detect.layers import numbered
from graphring.detect.parameters import Parameters
from graphring.detect.relations import Relations
from graphring.detect.victims import victims
from graphring.model import Role

__all__ = ["roles", "roles_of"]


def roles_of(r: Relations, rings: Sequence[Verdict], p: Parameters) -> list[tuple[Role, ...]]:
    """The role of each account of each ring: as `roles`, but a victim that pays with a ring's card is a member, and so
    is a customer who has two things of the ring's own, one of them its work: exits and wrapper, say.
    """
    found = [roles(r, v, p) for v in rings]
    sure = [v.group[[x is Role.MEMBER for x in role]] for v, role in zip(rings, found, strict=True)]
    b = belonging(r, numbered(r.n, sure), p)
    enough = {Role.VICTIM: b.paid(p), Role.CUSTOMER: b.several(p)}
    told = []
    for i, (v, role) in enumerate(zip(rings, found, strict=True)):
        members = {x: set(b.account[(b.ring == i) & flags].tolist()) for x, flags in enough.items()}
        accounts = zip(v.group.tolist(), role, strict=True)
        told.append(tuple(Role.MEMBER if account in members.get(x, ()) else x for account, x in accounts))
    return told


def roles(r: Relations, v: Verdict, p: Parameters) -> tuple[Role, ...]:
    """The role of each account of a ring, by what it does.

    victim: see `victims`.

    customer: an account with requests enough to show joint work (`customer_requests`) that shows none, in a ring whose
    accounts typically do, as the customers of one reseller do who come through its exits.
    """
    victim = victims(r, v, p)
    typical = float(np.median(v.joint)) if len(v.group) else 0.0
    idle = (v.joint < 0.1) & (r.requests[v.group] >= p.customer_requests)
    customer = idle & (typical >= p.joint_bits) & ~victim
    if int((~victim & ~customer).sum()) < p.min_ring:
        return (Role.MEMBER,) * len(v.group)
    return tuple(
        Role.VICTIM if hurt else Role.CUSTOMER if served else Role.MEMBER
        for hurt, served in zip(victim.tolist(), customer.tolist(), strict=True)
    )
