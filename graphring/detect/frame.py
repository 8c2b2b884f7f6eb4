"""What detection looks at: accounts, customers and the account–object edges, as arrays over dense codes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graphring.detect.customers import Customers, resolve_customers
from graphring.model import Family, GraphTables, ObjectType, Traffic

__all__ = ["Frame", "family_of", "read_frame"]

_FAMILIES = {
    ObjectType.PAYMENT: Family.PAYMENT,
    ObjectType.IP: Family.NETWORK,
    ObjectType.TEMPLATE: Family.CONTENT,
}


def family_of(object_type: str) -> Family:
    """The evidence family that an object type speaks for."""
    return next((family for kind, family in _FAMILIES.items() if kind == object_type), Family.OTHER)


@dataclass(frozen=True)
class Frame:
    """E edges between N accounts and M objects.

    ids: account ids, sorted; object_type, object_id, label: [M], sorted by the first two; account, object: edge ends
    [E], sorted by (object, account); degree: customers of each object [M].
    """

    accounts: pa.Table
    ids: npt.NDArray[np.object_]
    customers: Customers
    object_type: npt.NDArray[np.object_]
    object_id: npt.NDArray[np.object_]
    label: npt.NDArray[np.object_]
    account: npt.NDArray[np.int32]
    object: npt.NDArray[np.int32]
    degree: npt.NDArray[np.int64]

    @property
    def n(self) -> int:
        """Number of accounts."""
        return len(self.ids)


def read_frame(traffic: Traffic, graph: GraphTables) -> Frame:
    """Read accounts and payments from the traffic, edges from the graph.

    Accounts that only the graph knows (another system wrote them) are left out: nothing is known of them.
    """
    accounts = pq.read_table(traffic.accounts)
    ids = np.asarray(accounts["account_id"].to_numpy(zero_copy_only=False), dtype=object)
    customers = resolve_customers(accounts, pq.read_table(traffic.payments), max_domain=max(50, len(ids) // 200))
    sightings = graph.sightings.select(["account_id", "object_type", "object_id"])
    code = pc.index_in(sightings["account_id"], value_set=accounts["account_id"].combine_chunks())
    sightings = sightings.append_column("account", code).filter(pc.is_valid(code))
    keys = sightings.group_by(["object_type", "object_id"]).aggregate([])
    keys = keys.sort_by([("object_type", "ascending"), ("object_id", "ascending")])
    keys = keys.append_column("object", pa.array(np.arange(keys.num_rows, dtype=np.int32)))
    edges = sightings.join(keys, ["object_type", "object_id"]).select(["object", "account"])
    edges = edges.group_by(["object", "account"]).aggregate([])
    edges = edges.sort_by([("object", "ascending"), ("account", "ascending")])
    account, obj = edges["account"].to_numpy().astype(np.int32), edges["object"].to_numpy().astype(np.int32)
    pairs = np.unique(obj.astype(np.int64) * max(customers.count, 1) + customers.code[account])
    degree = np.bincount(pairs // max(customers.count, 1), minlength=keys.num_rows)
    labelled = keys.join(graph.objects.select(["object_type", "object_id", "label"]), ["object_type", "object_id"])
    labelled = labelled.sort_by("object")
    return Frame(
        accounts, ids, customers, _objects(keys["object_type"]), _objects(keys["object_id"]),
        _objects(pc.fill_null(labelled["label"], "")), account, obj, degree,
    )  # fmt: skip


def _objects(column: pa.ChunkedArray) -> npt.NDArray[np.object_]:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=object)
