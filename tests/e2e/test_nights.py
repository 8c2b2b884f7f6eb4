"""Several nights through the command line: a ring goes, comes back, and is replaced by a pool of new accounts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.e2e.conftest import Run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nights")]

NEW = "fresh-"


def night(world: Path, folder: Path, leave_out: set[str], replaced: set[str] = frozenset()) -> Path:  # type: ignore[assignment]
    """The world without some accounts; `replaced` ones go on under new names, five hours after their last exchange."""
    folder.mkdir()
    for path in sorted(world.glob("*.parquet")):
        if path.stem.startswith("truth"):
            continue
        table = pq.read_table(path)
        gone = pc.is_in(table["account_id"], value_set=pa.array(sorted(leave_out | replaced), pa.string()))
        kept = table.filter(pc.invert(gone))
        if replaced:
            again = table.filter(pc.is_in(table["account_id"], value_set=pa.array(sorted(replaced), pa.string())))
            kept = pa.concat_tables([kept, _renewed(again, later(world, replaced))])
        pq.write_table(kept, folder / path.name)
    return folder


def later(world: Path, accounts: set[str]) -> pa.Scalar:
    table = pq.read_table(world / "exchanges.parquet")
    times = table.filter(pc.is_in(table["account_id"], value_set=pa.array(sorted(accounts), pa.string())))["ts"]
    span = pc.subtract(pc.max(times), pc.min(times))
    return pc.add(span, pa.scalar(5 * 3_600_000_000, pa.duration("us")).cast(span.type))


def _renewed(table: pa.Table, shift: pa.Scalar) -> pa.Table:
    """The same work under new names, later."""
    for position, field in enumerate(table.schema):
        if field.name in {"account_id", "exchange_id", "conversation_id"}:
            names = pc.binary_join_element_wise(NEW, table[field.name], "")
            table = table.set_column(position, field, names.cast(field.type))
        elif pa.types.is_timestamp(field.type):
            table = table.set_column(position, field, pc.add(table[field.name], shift).cast(field.type))
    return table


def rings(graphring: Run, state: Path) -> dict[str, dict[str, Any]]:
    done = graphring("rings", "--format", "json", "--state", state)
    assert done.returncode == 0, done.stderr
    return {row["ring_id"]: row for row in json.loads(done.stdout)}


def members(graphring: Run, state: Path) -> dict[str, set[str]]:
    done = graphring("rings", "--members", "--format", "csv", "--state", state)
    found: dict[str, set[str]] = {}
    for line in done.stdout.splitlines()[1:]:
        ring, account = line.split(",")[:2]
        found.setdefault(ring, set()).add(account)
    return found


def test_a_ring_keeps_its_id_through_absence_and_its_replacement_names_it(
    graphring: Run, world: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"

    def refresh(logs: Path) -> dict[str, set[str]]:
        done = graphring("refresh", logs, "--state", state)
        assert done.returncode == 0, done.stderr
        return members(graphring, state)

    first = refresh(world)
    sure = rings(graphring, state)
    ring = max(first, key=lambda name: (sure[name]["score"], name))
    assert refresh(world) == first, "the same night again"
    assert {row["status"] for row in rings(graphring, state).values()} == {"continued"}

    without = refresh(night(world, tmp_path / "without", leave_out=first[ring]))
    assert ring not in without
    assert len(set(without) & set(first)) >= 0.8 * (len(first) - 1)

    refresh(world)
    assert rings(graphring, state)[ring]["status"] == "revived"
    back = members(graphring, state)[ring]
    assert len(back & first[ring]) >= 0.9 * len(back | first[ring])

    after = refresh(night(world, tmp_path / "replaced", leave_out=set(), replaced=first[ring]))
    assert ring not in after
    new = max(after, key=lambda name: (sum(account.startswith(NEW) for account in after[name]), name))
    assert new not in first
    row = rings(graphring, state)[new]
    assert (row["status"], row["predecessor"]) == ("succeeded", ring)
    shown = json.loads(graphring("show", new, "--format", "json", "--state", state).stdout)
    (event,) = shown["ledger"]
    assert (event["event"], event["related"]) == ("succeeded", [ring])
    assert f"were {ring}'s; most of it came" in event["note"]
    line = graphring("show", new, "--state", state).stdout
    assert f"History: Succeeded {ring} in run 5" in " ".join(line.split())
