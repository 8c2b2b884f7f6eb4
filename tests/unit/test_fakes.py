"""The fake snapshot keeps the promises of the protocol that others test against."""

from __future__ import annotations

import math

from graphring import model
from graphring.model import NodeRef
from graphring.store.protocol import Snapshot
from tests.fakes import FakeSnapshot


def test_the_sample_has_rings_of_every_tier_in_the_schemas_of_the_model() -> None:
    snapshot: Snapshot = FakeSnapshot.sample()
    assert snapshot.rings()["tier"].to_pylist() == ["high", "medium", "watch"]
    assert snapshot.rings().schema == model.RINGS
    assert snapshot.members("R-00003").num_rows == 5
    assert snapshot.accounts(["acct-770000", "nobody"]).schema == model.GRAPH_ACCOUNTS
    assert snapshot.objects([NodeRef("ip", "192.0.2.44")])["note"].to_pylist() == ["campus"]
    assert snapshot.neighbours(NodeRef("ip", "192.0.2.44"), limit=2).num_rows == 2
    assert snapshot.search("192.0.2") == [NodeRef("ip", "192.0.2.44")]


def test_the_bits_of_a_ring_add_up_to_its_score() -> None:
    snapshot = FakeSnapshot.sample()
    for ring in snapshot.rings().to_pylist():
        bits = snapshot.evidence(ring["ring_id"])["bits"].to_pylist()
        assert math.fsum(bits) == ring["score"]
