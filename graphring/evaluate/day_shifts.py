"""Whole-day shifts: every account keeps its hours and its rhythm, but who acts on the same day becomes chance."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphring.evaluate.curveball import generator

__all__ = ["DAY", "day_shifts", "shifted"]

Ints = npt.NDArray[np.int64]

DAY: Final = 86_400_000_000
"""Microseconds."""
MOST_DAYS: Final = 14
"""Farther shifts would move accounts out of the observed time altogether; these leave one pair in 29 in step."""


def day_shifts(accounts: int, ts: Ints, seed: int) -> Ints:
    """Microseconds by which each account's times move: whole days, drawn alike from -k..k.

    Parameters
    ----------
    accounts: how many.
    ts: times of all exchanges, microseconds; k is `MOST_DAYS`, or half of their span if that is less.
    """
    span = int(ts.max() - ts.min()) // DAY if len(ts) else 0
    k = min(MOST_DAYS, span // 2)
    return np.asarray(generator(seed, "days").integers(-k, k + 1, accounts) * DAY, dtype=np.int64)


def shifted(table: pa.Table, account: npt.NDArray[Any], shift: Ints, *names: str) -> pa.Table:
    """The table with these columns of times moved; nulls stay.

    Parameters
    ----------
    account: code of each row's account, -1: nobody's.
    """
    move = pa.array(np.where(account >= 0, shift[account] if len(shift) else 0, 0), pa.duration("us"))
    for name in names:
        column = table.schema.get_field_index(name)
        kind = table.schema.field(name).type
        moved = pc.add(table[name].cast(pa.timestamp("us", kind.tz)), move).cast(kind)
        table = table.set_column(column, table.schema.field(name), moved)
    return table
