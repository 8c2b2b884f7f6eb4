"""From files to validated rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graphring.config import Settings
from graphring.engine import Engine
from graphring.engine.duck import atomic, writing
from graphring.intake.cards import refuse_card_numbers
from graphring.intake.contract import RAW_SCHEMAS
from graphring.intake.csvfile import csv_rows
from graphring.intake.discover import SourceFile, Sources
from graphring.intake.jsonfile import JsonLines
from graphring.intake.mapping import check_mapping
from graphring.intake.parquetfile import parquet_row_count, parquet_rows
from graphring.intake.quarantine import Quarantine
from graphring.intake.rows import Reject, Rows
from graphring.intake.rules import Rules
from graphring.model import RAW_EXCHANGES

__all__ = ["TEXTS", "Progress", "Reader"]

Progress = Callable[[str, int, int | None], None]
"""Called with a table's name, the rows done and the rows in all (None where no footer says)."""

TEXTS = pa.schema([("exchange_id", pa.string()), ("system_prompt", pa.string()), ("prompt", pa.string())])
_SMALL = ("payments", "accounts", "links")


class Reader:
    """Reads the logs of one run.

    Parameters
    ----------
    engine: checks the rows.
    progress: told after each batch; None: nobody is.

    Raises
    ------
    ConfigError: `settings.columns` names what the contract does not have.
    """

    def __init__(self, engine: Engine, sources: Sources, settings: Settings, progress: Progress | None = None) -> None:
        check_mapping(settings)
        self._engine, self._sources, self._settings = engine, sources, settings
        self._progress = progress or _silent
        self._json = JsonLines(engine)
        self._quarantine = Quarantine()
        self._warnings: dict[str, None] = {}

    def read_tables(self, out: Path) -> Mapping[str, int]:
        """Write accounts.parquet, payments.parquet and links.parquet (RAW_…, in the order of the files) into `out`.

        Returns
        -------
        The number of good rows of each; a table that the logs do not have is written empty.

        Raises
        ------
        SourceError: a file cannot be read, a required column is missing, too many rows are bad, or a payment method
            looks like a card number (CardNumberError).
        DiskFullError: `out` is full.
        """
        out.mkdir(parents=True, exist_ok=True)
        counts: dict[str, int] = {}
        for table in _SMALL:
            path, schema = out / f"{table}.parquet", RAW_SCHEMAS[table]
            counts[table] = 0
            with writing(path), atomic(path) as part, pq.ParquetWriter(part, schema, compression="zstd") as writer:
                for good in self._read(table):
                    writer.write_table(good)
                    counts[table] += good.num_rows
        return counts

    def stream_exchanges(self) -> Iterator[pa.RecordBatch]:
        """The good exchanges as batches of RAW_EXCHANGES, in the order of the files; duplicates are still in.

        Raises
        ------
        SourceError: as in `read_tables`, and where no table of the logs has a row; at the end of the stream.
        """
        for good in self._read("exchanges"):
            yield from good.combine_chunks().to_batches()

    def texts(self, exchange_ids: Sequence[str]) -> pa.Table:
        """The prompts of a few exchanges, in a second pass over the logs.

        Returns
        -------
        exchange_id, system_prompt, prompt; sorted by exchange_id, ids that the logs do not have left out. Where an
        id has several rows, the later file's counts, and within a file the latest.
        """
        wanted = pa.array(sorted(set(exchange_ids)), pa.string())
        if not len(wanted):
            return TEXTS.empty_table()
        found = [RAW_EXCHANGES.empty_table()]
        rules = Rules(self._engine, "exchanges")
        for file in self._sources.tables["exchanges"]:
            for rows in self._rows(file, ("exchange_id", wanted)):
                if not rows.table.num_rows:
                    continue
                mask = pc.is_in(rows.table.column("exchange_id").cast(pa.string()), wanted)
                some = Rows(rows.table.filter(mask), rows.numbers[mask.to_numpy(zero_copy_only=False)])
                if some.table.num_rows:
                    found.append(self._sourced(file, rules.check(some)[0]))
        order = [("exchange_id", "ascending"), ("source", "descending"), ("ts", "descending")]
        rest = [(name, "descending") for name in ("account_id", "ip", "system_prompt", "prompt")]
        rows_by_id = pa.concat_tables(found).sort_by([*order, *rest])
        ids = rows_by_id.column("exchange_id")
        first = pa.array([True]), pc.not_equal(ids[1:], ids[:-1]).combine_chunks()
        mask = pa.concat_arrays(first) if len(ids) else pa.array([], pa.bool_())
        return rows_by_id.filter(mask).select(TEXTS.names).combine_chunks()

    def quarantine(self) -> pa.Table:
        """QUARANTINE of what was read so far."""
        return self._quarantine.table()

    def counts(self) -> Mapping[str, int]:
        """Rows read so far, good and bad, by table, and `quarantined` for the bad ones of all."""
        return {**self._quarantine.read, "quarantined": self._quarantine.bad.total()}

    def warnings(self) -> tuple[str, ...]:
        """What people should know of the logs, what `discover` had to say included."""
        return (*self._sources.warnings, *self._warnings)

    def _read(self, table: str) -> Iterator[pa.Table]:
        self._quarantine.forget(table)
        rules = Rules(self._engine, table)
        total = _row_count(self._sources.tables[table])
        for file in self._sources.tables[table]:
            before = self._quarantine.read[table]
            for rows in self._rows(file):
                good, bad = self._checked(file, rules, rows)
                refused = (*rows.rejects, *bad)
                self._quarantine.add(file, rows.table.num_rows + len(rows.rejects), refused, rows.swallowed)
                self._progress(table, self._quarantine.read[table], total)
                self._warnings.update(dict.fromkeys([rows.warning] if rows.warning else []))
                if good.num_rows:
                    yield self._sourced(file, good)
            if self._quarantine.read[table] == before:
                self._warnings[f"{file.path} has no rows"] = None
        self._quarantine.judge(table, self._settings.intake.quarantine_share)

    def _rows(self, file: SourceFile, only: tuple[str, pa.Array] | None = None) -> Iterator[Rows]:
        mapping = self._settings.columns.get(file.table, {})
        size = self._settings.intake.batch_rows
        if file.format == "parquet":
            stream = parquet_rows(file, mapping, size, only)
        elif file.format == "csv":
            stream = csv_rows(file, mapping, size)
        else:
            stream = self._json.rows(file, mapping, size)
        for rows in stream:
            yield _with_partitions(file, mapping, rows)

    def _checked(self, file: SourceFile, rules: Rules, rows: Rows) -> tuple[pa.Table, tuple[Reject, ...]]:
        if not rows.table.num_rows:
            return RAW_SCHEMAS[file.table].empty_table(), ()
        refuse_card_numbers(file, rows)
        return rules.check(rows)

    def _sourced(self, file: SourceFile, good: pa.Table) -> pa.Table:
        number = pa.repeat(pa.scalar(file.number, pa.int32()), good.num_rows)
        return good.append_column("source", number).select(RAW_SCHEMAS[file.table].names)


def _silent(_table: str, _done: int, _total: int | None) -> None:
    pass


def _with_partitions(file: SourceFile, mapping: Mapping[str, str], rows: Rows) -> Rows:
    """Columns that only the path of a hive-partitioned file says."""
    table = rows.table
    if not file.partitions or not table.num_rows:
        return rows
    for field in RAW_SCHEMAS[file.table]:
        value = file.partitions.get(mapping.get(field.name, field.name))
        if value is not None and field.name not in table.column_names:
            table = table.append_column(field.name, pa.repeat(pa.scalar(value), table.num_rows))
    return replace(rows, table=table)


def _row_count(files: Sequence[SourceFile]) -> int | None:
    if any(file.format != "parquet" for file in files):
        return None
    return sum(parquet_row_count(file) for file in files)
