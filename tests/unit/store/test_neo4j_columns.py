"""Arrow columns as parameters, and collected lists as columns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa

from graphring.model import TIME
from graphring.store.neo4j.columns import SENTINELS, collected, parameters, property_map, table

SCHEMA = pa.schema(
    [
        ("name", pa.string()), ("n", pa.int32()), ("x", pa.float64()), ("at", TIME), ("ok", pa.bool_()),
        ("tags", pa.list_(pa.string())),
    ]
)  # fmt: skip


def test_columns_become_lists() -> None:
    early = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    data = pa.table(
        {
            "name": ["a", None, "c"], "n": [1, None, -3], "x": [0.5, None, -1.0],
            "at": [early, None, early + timedelta(microseconds=2)], "ok": [True, None, False],
            "tags": [["t"], None, []],
        },
        schema=SCHEMA,
    )  # fmt: skip
    halves = pa.concat_tables([data.slice(0, 1), data.slice(1)])
    assert parameters(halves) == {
        "name": ["a", None, "c"], "n": [1, None, -3], "x": [0.5, None, -1.0], "at": [-1, None, 0],
        "at:ns": [999_999_000, 0, 1_000], "ok": [True, None, False], "tags": [["t"], None, []],
    }  # fmt: skip


def test_a_map_takes_each_property_from_its_list() -> None:
    assert property_map(SCHEMA, ["name", "at"]) == (
        "`name`: $c.`name`[i], "
        "`at`: CASE WHEN $c.`at`[i] IS NULL THEN null ELSE datetime.fromEpoch($c.`at`[i], $c.`at:ns`[i]) END"
    )


def test_sentinels_and_numbers_that_do_not_fit_are_null() -> None:
    text, number, real = SENTINELS["none_text"], SENTINELS["none_int"], SENTINELS["none_real"]
    page = {
        "name": ["a", text, ""], "n": [1, number, 2**40], "x": [0.5, real, 0.0], "at": [-1, number, 0],
        "ok": [1, number, 0], "tags": [["t"], [text], []],
    }  # fmt: skip
    assert table(SCHEMA, [page]).to_pylist() == [
        {
            "name": "a", "n": 1, "x": 0.5, "at": datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), "ok": True,
            "tags": ["t"],
        },
        dict.fromkeys(SCHEMA.names),
        {"name": "", "n": None, "x": 0.0, "at": datetime(1970, 1, 1, tzinfo=UTC), "ok": False, "tags": []},
    ]  # fmt: skip
    assert table(SCHEMA, [{name: [] for name in SCHEMA.names}]).equals(SCHEMA.empty_table())


def test_a_property_is_read_once() -> None:
    query = collected(SCHEMA, "n")
    assert all(query.count(f"n.`{name}`") == 1 for name in SCHEMA.names)
