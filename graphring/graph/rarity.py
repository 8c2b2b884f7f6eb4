"""What an object weighs: rarity, not sharing, is evidence."""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from graphring.engine import Engine
from graphring.model import OBJECTS, ObjectType

__all__ = ["HUB_ACCOUNTS", "describe_objects"]

HUB_ACCOUNTS: Final = 200
"""Accounts above which an object counts as a hub: carrier NAT, VPN exit, popular agent. Its weight shrinks by
HUB_ACCOUNTS/degree, so that the bits which a hub hands out in total stay bounded; it is marked as damped and listed,
never dropped. 200 is the size above which address pairs carried no information in measured worlds."""

LABEL_CHARACTERS: Final = 120


def describe_objects(engine: Engine, sightings: pa.Table, accounts: int, families: ir.Table) -> pa.Table:
    """OBJECTS for all objects in `sightings`.

    An object used by d of N accounts weighs log2(N/d) bits: the information in the event "a random account uses it"
    (C. E. Shannon, A Mathematical Theory of Communication, 1948).
    """
    if sightings.num_rows == 0:
        return OBJECTS.empty_table()
    edges = engine.arrow(sightings)
    degrees = edges.group_by("object_type", "object_id").agg(
        accounts=edges.account_id.nunique(), count=edges["count"].sum().cast("int64")
    )
    hub = degrees.accounts > HUB_ACCOUNTS
    rarity = (ibis.literal(float(max(accounts, 1))) / degrees.accounts).log2()
    weighed = degrees.mutate(weight=hub.ifelse(rarity * HUB_ACCOUNTS / degrees.accounts, rarity), damped=hub)
    names = families.select(
        object_id="family_id",
        object_type=ibis.literal(ObjectType.TEMPLATE.value),
        exemplar=families.exemplar,
        family_kind=families.kind,
    )
    named = weighed.left_join(names, ["object_type", "object_id"])
    described = named.mutate(
        label=ibis.coalesce(named.exemplar.substr(0, LABEL_CHARACTERS), named.object_id),
        note=named.family_kind,
    )
    return engine.table(described.select(*OBJECTS.names), order_by=["object_type", "object_id"])
