"""Everything that accounts share, one layer for each kind of object, with what each account does alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graphring.detect.blocks import blocks
from graphring.detect.content import Content, read_content
from graphring.detect.customers import Customers, joined_customers, parted_customers, resolve_customers
from graphring.detect.layers import Flags, Ints, Layer, Longs, Reals, build_layer, busiest, keep_objects
from graphring.detect.parameters import Parameters
from graphring.detect.sightings import Linked, read_sightings
from graphring.detect.traffic import Exchanges, read_exchanges
from graphring.model import GraphTables, ObjectType, Traffic

__all__ = ["Relations", "by_use", "read_relations"]


@dataclass(frozen=True)
class Relations:
    """N accounts and their layers.

    items, wrappers: from the prompts; addresses: all IPs; roaming: IPs beyond an account's two busiest; lines: those;
    conversations: those that several customers continue; payments; links: one layer for each type; linked: what else
    is known of each of these; families: template families.
    address_code: what each address is called in the exchanges, -1: only another system saw it; address_block: the
    network block that each is of.
    requests: exchanges of each account; churn: bits for keeping no address; created: days since the
    traffic's origin, NaN where unknown; trust: bits against, from the account's profile alone;
    country: a number for each, 0 where it is not known.
    """

    accounts: pa.Table
    customers: Customers
    exchanges: Exchanges
    content: Content
    addresses: Layer
    address_code: Ints
    address_block: Ints
    roaming: Layer
    lines: Layer
    conversations: Layer
    payments: Layer
    links: tuple[Layer, ...]
    linked: tuple[Linked, ...]
    families: Layer
    requests: Longs
    created: Reals
    churn: Reals
    trust: Reals
    country: Ints

    @property
    def n(self) -> int:
        """Number of accounts."""
        return int(self.accounts.num_rows)


def read_relations(traffic: Traffic, graph: GraphTables, p: Parameters) -> Relations:
    """Read a run's traffic and graph.

    Sightings of accounts that the traffic does not know (another system wrote them) are left out: nothing is known of
    who they are.
    """
    accounts = pq.read_table(traffic.accounts)
    n = accounts.num_rows
    customers = resolve_customers(accounts, pq.read_table(traffic.payments), max_domain=max(50, n // 200))
    exchanges = read_exchanges(traffic.exchanges, n)
    customers = joined_customers(customers, pq.read_table(traffic.payments), _busiest(exchanges, n))
    customers = parted_customers(customers, accounts, exchanges.account, exchanges.ip, p)
    content = read_content(traffic.exchanges, exchanges, customers.code, p)
    kinds, linked = read_sightings(graph, accounts, customers.code)
    nothing = build_layer("none", np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int64), customers.code)
    addresses = kinds.pop(ObjectType.IP, nothing)
    payments = kinds.pop(ObjectType.PAYMENT, nothing)
    families = kinds.pop(ObjectType.TEMPLATE, nothing)
    created = accounts["created_at"].cast(pa.int64())
    days = (pc.cast(created, pa.float64()).to_numpy() / 1e6 - exchanges.origin) / 86_400.0
    return Relations(
        accounts, customers, exchanges, content, addresses,
        *_named(traffic, graph, accounts, addresses), *by_use(addresses, p),
        _conversations(exchanges, customers.code, p), payments,
        tuple(kinds[name] for name in sorted(kinds)), tuple(linked[name] for name in sorted(kinds)),
        _narrow(families, p), np.diff(exchanges.start), days,
        _churn(addresses, np.diff(exchanges.start)), _trust(accounts, customers, addresses),
        _countries(accounts),
    )  # fmt: skip


def _narrow(families: Layer, p: Parameters) -> Layer:
    """Template families that few customers use: a family joins wordings, and where it joins those of hundreds of
    customers, it tells a topic or a habit of the language as often as a hand.
    """
    return keep_objects(families, families.degree <= p.family_customers) if families.size else families


def _named(traffic: Traffic, graph: GraphTables, accounts: pa.Table, addresses: Layer) -> tuple[Ints, Ints]:
    """The code that the exchanges have for each address of the layer, whose keys number the sorted ids; its block."""
    ip = graph.sightings.filter(pc.equal(graph.sightings["object_type"], ObjectType.IP))
    known = pc.is_in(ip["account_id"], value_set=accounts["account_id"].combine_chunks())
    names = pc.unique(ip["object_id"].filter(known)).to_numpy(zero_copy_only=False).astype(str)
    ids = pa.array(np.sort(names)[addresses.key] if addresses.size else [], pa.string())
    code = pc.index_in(ids, value_set=pq.read_table(traffic.ips)["ip"].combine_chunks())
    return np.asarray(pc.fill_null(code, -1).to_numpy(zero_copy_only=False), dtype=np.int32), blocks(ids)


def by_use(addresses: Layer, p: Parameters) -> tuple[Layer, Layer]:
    """(addresses beyond an account's two busiest: home and office say nothing of rotation; those two), hubs and larger
    sites left out.
    """
    account = addresses.accounts
    order = np.lexsort((addresses.object, -addresses.count, account))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - addresses.start[account[order]]
    users = addresses.degree[addresses.object]
    roaming = _part("roaming", addresses, (users <= p.hub_address) & (rank >= 2))
    usual = (users <= p.line_customers) & (rank < 2)
    return roaming, _part("line", addresses, usual)


def _part(name: str, layer: Layer, use: Flags) -> Layer:
    """The layer with only some of its edges, and all its objects."""
    start = np.concatenate([[0], np.cumsum(use)])[layer.start].astype(np.int64)
    return Layer(name, start, layer.object[use], layer.count[use], layer.degree, layer.key)


def _conversations(exchanges: Exchanges, customer: Ints, p: Parameters) -> Layer:
    has = exchanges.conversation != 0
    account, key = exchanges.account[has], exchanges.conversation[has]
    if not len(key):
        return build_layer("conversation", account, key.astype(np.int64), customer)
    order = np.argsort(key, kind="stable")
    k, a = key[order], customer[account[order]]
    change = (k[1:] == k[:-1]) & (a[1:] != a[:-1])
    shared = np.unique(k[1:][change])
    keep = np.isin(key, shared)
    layer = build_layer("conversation", account[keep], np.searchsorted(shared, key[keep]), customer)
    return keep_objects(layer, (layer.degree >= 2) & (layer.degree <= p.conversation_customers))


def _churn(addresses: Layer, requests: Longs) -> Reals:
    """Bits for using more addresses than accounts of like activity: -log2 of the share of them that use as many."""
    used = np.diff(addresses.start)
    bits = np.zeros(len(requests))
    bucket = np.where(requests > 0, np.floor(np.log2(np.maximum(requests, 1)) * 2), -1)
    for b in np.unique(bucket[bucket >= 2]):
        mine = np.flatnonzero(bucket == b)
        ordered = np.sort(used[mine])
        tail = (len(mine) - np.searchsorted(ordered, used[mine]) + 0.5) / (len(mine) + 1.0)
        bits[mine] = np.maximum(-np.log2(tail) - 1.0, 0.0)
    return bits


def _trust(accounts: pa.Table, customers: Customers, addresses: Layer) -> Reals:
    """Bits against, from who the account is: declared or verified, own domain, a closed site."""
    verified = pc.fill_null(accounts["verified"], False).to_numpy(zero_copy_only=False)
    bits = 1.5 * customers.declared[customers.code] + 1.0 * customers.own_domain[customers.code] + 0.8 * verified
    alone = np.bincount(
        addresses.accounts, weights=addresses.count * (addresses.degree[addresses.object] == 1), minlength=len(bits)
    )
    total = np.bincount(addresses.accounts, weights=addresses.count, minlength=len(bits))
    several = customers.size[customers.code] >= 3
    closed = np.bincount(customers.code, weights=alone) / np.maximum(np.bincount(customers.code, weights=total), 1.0)
    bits += 8.0 * (several & (closed[customers.code] > 0.8) & (total > 0))
    return np.asarray(bits, dtype=np.float64)


def _countries(accounts: pa.Table) -> Ints:
    """Numbers in alphabetical order; 0 is the unknown one."""
    names = pc.fill_null(accounts["country"], "").to_numpy(zero_copy_only=False).astype(str)
    known = np.unique(names[names != ""])
    return np.where(names == "", 0, np.searchsorted(known, names) + 1).astype(np.int32)


def _busiest(x: Exchanges, n: int) -> Longs:
    """The address that each account uses most (the lowest of equals); -1: none."""
    has = x.ip >= 0
    width = int(x.ip.max(initial=0)) + 1
    pair, count = np.unique(x.account[has].astype(np.int64) * width + x.ip[has], return_counts=True)
    most = busiest(pair // width, count)
    found = np.full(n, -1, dtype=np.int64)
    found[(pair // width)[most]] = (pair % width)[most]
    return found
