from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from graphring.config import Settings
from graphring.engine import Engine
from graphring.intake import Reader, discover
from graphring.intake.tools import canonical, with_tools
from graphring.templates import fingerprint
from tests.unit.intake.worlds import exchange, write_logs

ONE = '[{"name": "search", "parameters": {"type": "object", "properties": {}}}]'
SAME = '[{"parameters":{"properties":{},"type":"object"},"name":"search"}]'
OTHER = '[{"name": "browse", "parameters": {"type": "object", "properties": {}}}]'


def test_key_order_and_white_space_do_not_matter():
    assert canonical(ONE) == canonical(SAME) != canonical(OTHER)


@pytest.mark.parametrize("text", ["not JSON", "[" * 100_000, '{"a":', "NaN,"])
def test_what_is_no_json_stays_as_it_is(text):
    assert canonical(text) == text


def test_rows_without_tools_stay_as_they_are():
    system, none = (
        pa.chunked_array([["Be brief.", None, "Be kind.", None]]),
        pa.chunked_array([pa.nulls(4, pa.string())]),
    )
    assert with_tools(system, none) is system
    tools = pa.chunked_array([[None, "{}", "{ }", None]])
    assert with_tools(system, tools).to_pylist() == ["Be brief.", "{}", "Be kind.\n{}", None]


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl.gz"])
def test_tools_are_hashed_with_the_system_prompt(tmp_path: Path, kind: str):
    rows = [exchange(i, tools=tools) for i, tools in enumerate((ONE, SAME, OTHER, None))]
    logs = write_logs(tmp_path, {"exchanges": rows}, kind)
    with Engine(threads=1) as engine:
        (batch,) = Reader(engine, discover([logs], Settings()), Settings()).stream_exchanges()
    one, same, other, none = fingerprint(batch).column("system").to_pylist()
    assert one == same
    assert len({one, other, none}) == 3
    assert "tools" not in batch.schema.names
