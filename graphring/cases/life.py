"""A ring's life in one line, from its rows of the ledger."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = ["life"]

_RUN: Final = re.compile(r"run-0*(\d+)(?:-.*)?")
_LATEST: Final = 6
"""Events that are told beside the first."""


def life(ledger: Sequence[Mapping[str, Any]]) -> str:
    """`Born in run 1; grown in run 4 (from 40 to 60 accounts); dormant from run 7; revived in run 12 (…).`

    Runs in which nothing changed are left out, and of a long life the middle. Notes can hold text from logs (the names
    of object types): the reader neutralises the line as any such text.

    Parameters
    ----------
    ledger: rows of LEDGER of one ring, in order; empty: an empty line. `related` may be any sequence.
    """
    told = [row for row in ledger if row["event"] != "continued" or row["note"]]
    pieces = [_piece(row) for row in told]
    if len(pieces) > _LATEST + 1:
        left = len(pieces) - _LATEST - 1
        pieces = [pieces[0], f"{left:,} more event{'s' if left > 1 else ''}", *pieces[-_LATEST:]]
    line = "; ".join(pieces)
    return line[:1].upper() + line[1:] + "." if line else ""


def _piece(row: Mapping[str, Any]) -> str:
    event, related = str(row["event"]), " and ".join(() if row["related"] is None else row["related"])
    if event == "merged" and related:
        event = f"merged {'with' if row['accounts'] else 'into'} {related}"
    elif event == "succeeded" and related:
        event = f"succeeded {related}"
    when = "from" if event == "dormant" else "in"
    note = f" ({row['note']})" if row["note"] else ""
    return f"{event} {when} {_run(str(row['run_id']))}{note}"


def _run(run_id: str) -> str:
    match = _RUN.fullmatch(run_id)
    return f"run {match[1]}" if match else run_id
