"""accounts.csv: every account of the ring, for a spreadsheet. Text cells cannot act as formulas."""

from __future__ import annotations

import csv
import io
from typing import Any, Final

from graphring.cases.case import Case
from graphring.cases.text import neutral_cell

__all__ = ["COLUMNS", "FILE_NAME", "render"]

FILE_NAME: Final = "accounts.csv"

COLUMNS: Final = (
    "account_id", "role", "confidence", "bits", "created_at", "status", "closed_at", "email_domain", "organisation",
    "verified", "country", "plan", "requests", "active_days", "first_seen", "last_seen",
)  # fmt: skip


def render(case: Case) -> bytes:
    """UTF-8, comma, header, CRLF as RFC 4180 has it; sorted by account id; empty cells where nothing is known."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in case.accounts:
        writer.writerow([_cell(row.get(name)) for name in COLUMNS])
    return out.getvalue().encode("utf-8")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return neutral_cell(value) if isinstance(value, str) else repr(value)
