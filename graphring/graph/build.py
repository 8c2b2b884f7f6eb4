"""Compact traffic ▶ the graph that a store keeps: accounts, objects, sightings."""

from __future__ import annotations

import ibis

from graphring.engine import Engine
from graphring.graph.rarity import describe_objects
from graphring.graph.sightings import (
    account_activity,
    ip_sightings,
    link_sightings,
    payment_sightings,
    template_sightings,
)
from graphring.model import GRAPH_ACCOUNTS, OBJECTS, SIGHTINGS, GraphTables, Traffic, conform

__all__ = ["build_graph"]


def build_graph(engine: Engine, traffic: Traffic) -> GraphTables:
    """The graph of a run.

    Every account is a node, also one without traffic; every payment method, IP, template family and linked object
    that an account touched is a node; each (account, object) pair is one sighting.

    Returns
    -------
    GraphTables: sorted as their schemas say; the same traffic gives the same bytes.
    """
    accounts = engine.parquet(traffic.accounts)
    accounts = accounts.mutate(account=ibis.row_number().over(order_by=accounts.account_id).cast("int32"))
    exchanges = engine.parquet(traffic.exchanges)
    families = engine.parquet(traffic.families)
    by_code = ibis.union(
        payment_sightings(engine.parquet(traffic.payments)),
        ip_sightings(exchanges, engine.parquet(traffic.ips)),
        template_sightings(exchanges, engine.parquet(traffic.assignments), families),
        link_sightings(engine.parquet(traffic.links)),
    )
    sightings = by_code.inner_join(accounts.select("account", "account_id"), "account").select(*SIGHTINGS.names)
    edges = conform(engine.table(sightings, order_by=["account_id", "object_type", "object_id"]), SIGHTINGS)
    people = accounts.left_join(account_activity(exchanges), "account")
    people = people.mutate(requests=people.requests.fill_null(0), active_days=people.active_days.fill_null(0))
    nodes = conform(engine.table(people.select(*GRAPH_ACCOUNTS.names), order_by=["account_id"]), GRAPH_ACCOUNTS)
    objects = conform(describe_objects(engine, edges, nodes.num_rows, families), OBJECTS)
    return GraphTables(accounts=nodes, objects=objects, sightings=edges)
