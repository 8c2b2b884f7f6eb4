"""Which column of a file is which column of the contract."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence

from graphring.config import Settings
from graphring.errors import ConfigError, SourceError
from graphring.intake.contract import CONTRACT, IGNORED_TABLES
from graphring.intake.discover import SourceFile

__all__ = ["check_mapping", "match_columns"]


def check_mapping(settings: Settings) -> None:
    """Refuse `[columns]` that name a table or column which the contract does not have.

    Raises
    ------
    ConfigError: names it and the nearest that exists.
    """
    for table, columns in settings.columns.items():
        if table in IGNORED_TABLES:
            continue
        if table not in CONTRACT:
            raise ConfigError(f"[columns.{table}]: there is no table {table}{_nearest(table, list(CONTRACT))}")
        known = [column.name for column in CONTRACT[table]]
        for name in columns:
            if name not in known:
                raise ConfigError(
                    f"[columns.{table}]: the contract has no column {name}{_nearest(name, known)}",
                    "Write our name on the left and the name in your logs on the right",
                )


def match_columns(file: SourceFile, present: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Our name → the file's name, for every column that the file has.

    Parameters
    ----------
    present: the names of the file's columns; those of its hive partitions count as well.
    mapping: our name → the name in the logs, from the settings.

    Raises
    ------
    SourceError: a required or mapped column is missing, or one is there twice; names table, file, column and the
        nearest column that exists.
    """
    times = Counter([*present, *(name for name in file.partitions if name not in present)])
    matched: dict[str, str] = {}
    for column in CONTRACT[file.table]:
        theirs = mapping.get(column.name, column.name)
        if times[theirs] == 1:
            matched[column.name] = theirs
        elif times[theirs] > 1:
            raise SourceError(f"{file.table} in {file.path} has the column {theirs} {times[theirs]} times")
        elif column.required or column.name in mapping:
            called = f"{column.name} (called {theirs} by the settings)" if theirs != column.name else column.name
            raise SourceError(
                f"{file.table} in {file.path} has no column {called}{_nearest(theirs, list(times))}",
                f"If it goes by another name, say so in graphring.toml: [columns.{file.table}] "
                f'{column.name} = "name in your logs"',
            )
    return matched


def _nearest(name: str, others: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, others, n=1, cutoff=0.0)
    return f"; the nearest is {near[0][:80]}" if near else ""
