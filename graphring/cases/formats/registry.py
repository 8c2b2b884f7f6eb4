"""Which files a case file has. A new format is a module with `FILE_NAME` and `render`, and a line here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from graphring.cases.case import Case
from graphring.cases.formats import accounts_csv, case_json, report_html

__all__ = ["FORMATS", "Format"]


@dataclass(frozen=True)
class Format:
    """One file."""

    file_name: str
    render: Callable[[Case], bytes]
    """The same case gives the same bytes."""


FORMATS: Final[Sequence[Format]] = (
    Format(accounts_csv.FILE_NAME, accounts_csv.render),
    Format(case_json.FILE_NAME, case_json.render),
    Format(report_html.FILE_NAME, report_html.render),
)
"""Sorted by file name."""
