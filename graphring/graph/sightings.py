"""Sightings: which account touched which object, how often and when. Ibis expressions over settled tables."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from graphring.model import ObjectType

__all__ = ["account_activity", "ip_sightings", "link_sightings", "payment_sightings", "template_sightings"]


def payment_sightings(payments: ir.Table) -> ir.Table:
    """Account × payment method; each payment counts once."""
    rows = payments.mutate(object_type=ibis.literal(ObjectType.PAYMENT.value), object_id=payments.payment_method)
    return _sightings(rows.mutate(n=ibis.literal(1, "int64")))


def ip_sightings(exchanges: ir.Table, ips: ir.Table) -> ir.Table:
    """Account × IP; each exchange counts once. Aggregated on codes first, so that text is joined to few rows."""
    seen = exchanges.filter(exchanges.ip >= 0).select("account", "ts", object_code="ip")
    names = ips.mutate(object_code=ibis.row_number().over(order_by=ips.ip).cast("int32"), object_id=ips.ip)
    rows = _by_code(seen).inner_join(names.select("object_code", "object_id"), "object_code")
    return rows.mutate(object_type=ibis.literal(ObjectType.IP.value)).select(*_COLUMNS)


def template_sightings(exchanges: ir.Table, assignments: ir.Table, families: ir.Table) -> ir.Table:
    """Account × template family; each exchange counts once."""
    named = families.mutate(object_code=ibis.row_number().over(order_by=families.family_id).cast("int32"))
    assigned = assignments.filter(assignments.family_id.notnull()).inner_join(named, "family_id")
    times = exchanges.select("exchange_id", "account", "ts")
    seen = times.inner_join(assigned.select("exchange_id", "object_code"), "exchange_id")
    rows = _by_code(seen.select("account", "ts", "object_code")).inner_join(
        named.select("object_code", object_id="family_id"), "object_code"
    )
    return rows.mutate(object_type=ibis.literal(ObjectType.TEMPLATE.value)).select(*_COLUMNS)


def link_sightings(links: ir.Table) -> ir.Table:
    """Account × linked object of whatever type; `count` adds up, times stay null where the links have none."""
    return _sightings(links.mutate(n=links["count"]))


def account_activity(exchanges: ir.Table) -> ir.Table:
    """account, requests, active_days, first_seen, last_seen: what traffic says of each account."""
    return exchanges.group_by("account").agg(
        requests=exchanges.count(),
        active_days=exchanges.ts.date().nunique().cast("int32"),
        first_seen=exchanges.ts.min(),
        last_seen=exchanges.ts.max(),
    )


_COLUMNS = ["account", "object_type", "object_id", "count", "first_seen", "last_seen", "active_days"]


def _sightings(rows: ir.Table) -> ir.Table:
    return (
        rows.group_by("account", "object_type", "object_id")
        .agg(
            count=rows.n.sum().cast("int64"),
            first_seen=rows.ts.min(),
            last_seen=rows.ts.max(),
            active_days=rows.ts.date().nunique().cast("int32"),
        )
        .select(*_COLUMNS)
    )


def _by_code(rows: ir.Table) -> ir.Table:
    return rows.group_by("account", "object_code").agg(
        count=rows.count(),
        first_seen=rows.ts.min(),
        last_seen=rows.ts.max(),
        active_days=rows.ts.date().nunique().cast("int32"),
    )
