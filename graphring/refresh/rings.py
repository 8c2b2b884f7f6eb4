"""Ring numbers: never given twice, even where the graph's state was lost and the casebook was not."""

from __future__ import annotations

from graphring.cases import ring_number
from graphring.refresh.state import State
from graphring.store import Snapshot

__all__ = ["first_free_number"]


def first_free_number(state: State, last: Snapshot | None) -> int:
    """One more than every number in the ledger and in the casebook."""
    known = [ring_number(ring_id) for ring_id in last.ledger()["ring_id"].to_pylist()] if last else []
    return max([0, state.casebook.highest_ring_number(), *known]) + 1
