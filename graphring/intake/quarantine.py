"""Rows that were left out, and when there are too many of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from graphring.errors import SourceError
from graphring.intake.discover import SourceFile
from graphring.intake.rows import Numbers, Reject
from graphring.model import QUARANTINE

__all__ = ["Quarantine"]


class Quarantine:
    """Collects bad rows: 20 bytes for each, because reasons are few and never quote the log."""

    def __init__(self) -> None:
        self._reasons: dict[str, int] = {}
        self._parts: dict[SourceFile, list[tuple[Numbers, Numbers]]] = {}
        self.bad: Counter[str] = Counter()
        self.read: Counter[str] = Counter()

    def forget(self, table: str) -> None:
        """Start over with a table that is read again."""
        self._parts = {file: parts for file, parts in self._parts.items() if file.table != table}
        del self.bad[table], self.read[table]

    def add(self, file: SourceFile, rows: int, rejects: Iterable[Reject], swallowed: int = 0) -> None:
        """Count `rows` rows of a file, of which these are bad, and lines that bad rows swallowed."""
        refused = list(rejects)
        self.read[file.table] += rows + swallowed
        self.bad[file.table] += swallowed
        if refused:
            self.bad[file.table] += len(refused)
            codes = [self._reasons.setdefault(reason, len(self._reasons)) for _, reason in refused]
            numbers = np.array([number for number, _ in refused], dtype=np.int64)
            self._parts.setdefault(file, []).append((numbers, np.array(codes, dtype=np.int64)))

    def table(self) -> pa.Table:
        """QUARANTINE, sorted by table, file, row and reason."""
        names = pa.array(list(self._reasons), pa.string())
        parts = [QUARANTINE.empty_table()]
        for file, batches in self._parts.items():
            numbers = np.concatenate([batch[0] for batch in batches])
            codes = np.concatenate([batch[1] for batch in batches])
            same = [
                pa.array([text], pa.string()).take(pa.array(np.zeros(len(numbers), np.int64)))
                for text in (file.table, file.name)
            ]
            parts.append(
                pa.Table.from_arrays([*same, pa.array(numbers), names.take(pa.array(codes))], schema=QUARANTINE)
            )
        return pa.concat_tables(parts).sort_by([(name, "ascending") for name in QUARANTINE.names])

    def judge(self, table: str, share: float) -> None:
        """Refuse a table with too many bad rows.

        Raises
        ------
        SourceError: more than `share` of the rows are bad; says the commonest reasons and where the first one is.
        """
        bad, read = self.bad[table], self.read[table]
        if bad <= share * read:
            return
        reasons: Counter[int] = Counter()
        first = ""
        for file, batches in sorted(self._parts.items(), key=lambda item: item[0].number):
            if file.table == table:
                first = first or f"{file.path}, row {batches[0][0].min()}"
                for _, codes in batches:
                    reasons.update(codes.tolist())
        names = list(self._reasons)
        commonest = sorted(reasons.items(), key=lambda item: (-item[1], names[item[0]]))[:3]
        said = "; ".join(f"{names[code]} ({count} rows)" for code, count in commonest)
        raise SourceError(
            f"{table}: {bad} of {read} rows are bad, more than the share of {share:.2%} that is allowed: {said}; "
            f"the first is in {first}",
            "Mend the export, map the columns that are meant, or raise intake.quarantine_share in graphring.toml",
        )
