"""What people say of rings, and the case files that they hand on."""

from __future__ import annotations

from graphring.cases.casebook import Casebook, Head
from graphring.cases.entry import Entry, Kind, ring_number
from graphring.cases.export import export_case
from graphring.cases.life import life
from graphring.cases.outcome import Outcome, parse_outcome
from graphring.cases.verify import VerifiedCase, verify_case

__all__ = [
    "Casebook",
    "Entry",
    "Head",
    "Kind",
    "Outcome",
    "VerifiedCase",
    "export_case",
    "life",
    "parse_outcome",
    "ring_number",
    "verify_case",
]
