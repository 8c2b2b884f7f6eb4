"""Logs become validated tables: `discover` the files, read them with a `Reader`, `settle` the run's tables."""

from graphring.intake.compact import compact, text_hash
from graphring.intake.contract import COMPACT, CONTRACT, RAW_ACCOUNTS, RAW_LINKS, RAW_PAYMENTS
from graphring.intake.discover import SourceFile, Sources, discover
from graphring.intake.reader import TEXTS, Progress, Reader
from graphring.intake.settle import settle

__all__ = [
    "COMPACT",
    "CONTRACT",
    "RAW_ACCOUNTS",
    "RAW_LINKS",
    "RAW_PAYMENTS",
    "TEXTS",
    "Progress",
    "Reader",
    "SourceFile",
    "Sources",
    "compact",
    "discover",
    "settle",
    "text_hash",
]
