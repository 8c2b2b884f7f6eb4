"""The same world gives the same tables, byte for byte, however it is delivered."""

from __future__ import annotations

import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.intake.worlds import encode, intake

START = datetime(2026, 1, 1, tzinfo=UTC)
FORMATS = ("parquet", "csv", "csv.gz", "jsonl", "jsonl.gz")

# no surrogates (no format can hold them) and no NUL (refused)
characters = st.characters(exclude_categories=("Cs",), exclude_characters="\0")
text = st.text(characters, min_size=1, max_size=12)
ids = text.filter(lambda value: value.strip() != "" and not value.isdigit())
maybe = st.none() | text
moments = st.integers(0, 30 * 86_400 * 10**6).map(lambda us: START + timedelta(microseconds=us))
counts = st.none() | st.integers(0, 2**53)
few = st.sampled_from(["a", "b", "ü", "Z"])

accounts = st.fixed_dictionaries(
    {
        "account_id": few | ids, "created_at": moments, "plan": maybe, "email_domain": maybe, "country": maybe,
        "organisation": maybe, "verified": st.none() | st.booleans(), "status": maybe, "closed_at": st.none() | moments,
    }
)  # fmt: skip
payments = st.fixed_dictionaries(
    {"account_id": few, "payment_method": ids, "ts": moments, "kind": maybe, "issuer": maybe}
)
links = st.fixed_dictionaries(
    {
        "account_id": few, "object_type": ids.filter(lambda kind: kind != "account"), "object_id": ids,
        "ts": st.none() | moments, "count": st.none() | st.integers(1, 9),
    }
)  # fmt: skip
exchanges = st.fixed_dictionaries(
    {
        "exchange_id": st.sampled_from(["e1", "e2"]) | ids, "account_id": few | ids, "ts": moments, "ip": ids,
        "model": maybe, "system_prompt": maybe, "prompt": maybe, "template_id": maybe, "input_tokens": counts,
        "output_tokens": counts, "conversation_id": maybe, "user_agent": maybe,
    }
)  # fmt: skip
worlds = st.fixed_dictionaries(
    {
        "accounts": st.lists(accounts, min_size=1, max_size=6),
        "payments": st.lists(payments, max_size=6),
        "links": st.lists(links, max_size=6),
        "exchanges": st.lists(exchanges, min_size=1, max_size=12),
    }
)


def delivered(world: dict[str, list[dict[str, Any]]], kinds: dict[str, str], order: random.Random, threads: int) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        logs = Path(folder) / "logs"
        logs.mkdir()
        for table, rows in world.items():
            shuffled = order.sample(rows, len(rows))
            if rows:
                (logs / f"{table}.{kinds[table]}").write_bytes(encode(table, shuffled, kinds[table]))
        files, made, reader = intake(logs, Path(folder) / "work", threads=threads, part_rows=order.randint(1, 9))
        assert reader.quarantine().num_rows == 0
        return files, made


@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=worlds, seed=st.integers(0, 2**32), data=st.data())
def test_the_same_world_gives_the_same_bytes(
    world: dict[str, list[dict[str, Any]]], seed: int, data: st.DataObject
) -> None:
    order = random.Random(seed)
    first = delivered(world, dict.fromkeys(world, "parquet"), order, threads=1)
    mixed = {table: data.draw(st.sampled_from(FORMATS)) for table in world}
    assert delivered(world, mixed, order, threads=2) == first
