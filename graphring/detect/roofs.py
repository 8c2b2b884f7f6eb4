"""Strangers who work under one roof: what each does with the group's wrapper comes from one address, which a few share.

People find one tool on the provider's exits, or run it on machines that are handed out to everybody: then the address
changes from request to request. A pool that gives each account a line of its own has more accounts than lines.
"""

from __future__ import annotations

import numpy as np

from graphring.detect.layers import Flags, Ints, Longs, busiest, edges_of
from graphring.detect.parameters import Parameters
from graphring.detect.relations import Relations

__all__ = ["address_customers", "under_one_roof"]


def address_customers(r: Relations) -> Longs:
    """Customers of each address, by its code in the exchanges."""
    known = r.address_code >= 0
    users = np.zeros(int(max(r.address_code.max(initial=-1), r.exchanges.ip.max(initial=-1))) + 1, dtype=np.int64)
    users[r.address_code[known]] = r.addresses.degree[known]
    return users


def under_one_roof(r: Relations, users: Longs, group: Ints, focus: Flags | None, p: Parameters) -> float:
    """The share of a group's accounts that send at least two of their requests with the group's own wrapper, and
    `roof_steady` of them, from one address, which another customer of the group uses for it as well and at most
    `line_customers` use at all.

    Parameters
    ----------
    users: as `address_customers` gives them; focus: for each exchange of the group, account by account, whether it
    carries the wrapper; None: there is none.
    """
    if focus is None:
        return 0.0
    local, row = edges_of(r.exchanges.start, group)
    ip = r.exchanges.ip[row]
    use = focus & (ip >= 0)
    if not use.any():
        return 0.0
    pair, often = np.unique(local[use].astype(np.int64) * len(users) + ip[use], return_counts=True)
    who, address = pair // len(users), pair % len(users)
    owner = r.customers.code[group[who]].astype(np.int64)
    met = np.bincount(np.unique(owner * len(users) + address) % len(users), minlength=len(users))
    best = busiest(who, often)
    steady = (often[best] >= 2) & (often[best] >= p.roof_steady * np.bincount(who, weights=often)[who[best]])
    shared = (met[address[best]] >= 2) & (users[address[best]] <= p.line_customers)
    return float((steady & shared).sum() / len(group))
