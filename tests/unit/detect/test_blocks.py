"""Which addresses are neighbours."""

from __future__ import annotations

import pyarrow as pa
import pytest

from graphring.detect.blocks import blocks


@pytest.mark.parametrize(
    ("one", "other", "neighbours"),
    [
        ("192.0.2.1", "192.0.2.254", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("2001:db8:7::1", "2001:db8:7:9::f", True),
        ("2001:db8:7::1", "2001:db8:8::1", False),
        ("2001:db8::1", "2001:0db8:0000::2", True),
        ("no address", "no address: 1", False),
        ("10.1.2", "10.1.2.3", False),
    ],
)
def test_neighbours_are_of_one_block(one: str, other: str, neighbours: bool) -> None:
    number = blocks(pa.array([one, other], pa.string()))
    assert (number[0] == number[1]) == neighbours


def test_no_addresses_have_no_blocks() -> None:
    assert len(blocks(pa.array([], pa.string()))) == 0
