"""Rows of a text file: CSV, and the bare lines that JSON Lines are read from."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from graphring.errors import SourceError
from graphring.intake.discover import SourceFile
from graphring.intake.faults import ROW_BYTES, empty_file, not_utf8, reading
from graphring.intake.mapping import match_columns
from graphring.intake.rows import Numbers, Reject, Rows

__all__ = ["csv_rows", "line_rows"]

_DELIMITERS = (",", ";", "\t")
_HEADER_BYTES = 1 << 20
_BYTE_ORDER_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32", b"\x00\x00\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16",
}  # fmt: skip


def csv_rows(file: SourceFile, mapping: Mapping[str, str], batch_rows: int) -> Iterator[Rows]:
    """Stream the rows of a CSV file with a header; comma, semicolon or tab, whichever splits the header into more."""
    with reading(file.path, file.label):
        names, delimiter = _header(_head(file))
        matched = match_columns(file, names, mapping)
        inside = {ours: theirs for ours, theirs in matched.items() if theirs in names}
        columns = sorted(set(inside.values()))
        rejects = _Rejects(len(names), header=True)
        options = {
            "read_options": pacsv.ReadOptions(use_threads=False, block_size=ROW_BYTES),
            "parse_options": pacsv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=rejects
            ),
            "convert_options": pacsv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()),
                include_columns=columns,
                null_values=[""],
                strings_can_be_null=True,
            ),
        }
        for table, numbers, refused in _stream(file, rejects, batch_rows, options):
            yield Rows(pa.table({ours: table.column(theirs) for ours, theirs in inside.items()}), numbers, refused)
        yield rejects.last(file)


def line_rows(file: SourceFile, batch_rows: int) -> Iterator[Rows]:
    """Stream the lines of a text file as one column, `line`."""
    with reading(file.path, file.label):
        _head(file)
        rejects = _Rejects(1, header=False)
        options = {
            "read_options": pacsv.ReadOptions(use_threads=False, block_size=ROW_BYTES, column_names=["line"]),
            "parse_options": pacsv.ParseOptions(
                # a control character cannot stand bare in JSON, so the line is never split where it is sound
                delimiter="\x01", quote_char=False, double_quote=False, escape_char=False,
                ignore_empty_lines=False, invalid_row_handler=rejects,
            ),
            "convert_options": pacsv.ConvertOptions(column_types={"line": pa.string()}),
        }  # fmt: skip
        for table, numbers, refused in _stream(file, rejects, batch_rows, options):
            yield Rows(table, numbers, refused)
        yield rejects.last(file)


class _Rejects:
    """Collects the rows that the parser skips: their numbers, and nothing of their text."""

    def __init__(self, columns: int, *, header: bool) -> None:
        self.columns, self.header = columns, header
        self.pending: list[Reject] = []
        self.swallowed = 0
        self.odd_quotes = False

    def __call__(self, row: Any) -> str:
        lines = row.text.count("\n")
        if self.columns == 1:
            reason = "the line holds a bare control character"
        else:
            count = "more" if row.actual_columns > row.expected_columns else "fewer"
            reason = f"the row has {count} fields than the header" + (", and may miss a closing quote" if lines else "")
        self.swallowed += lines
        self.pending.append((row.number - self.header, reason))
        return "skip"

    def until(self, first: int, rows: int) -> tuple[Numbers, tuple[Reject, ...]]:
        """The numbers of `rows` good rows from row `first` on, and the rejects among and right after them."""
        taken = 0
        while taken < len(self.pending) and self.pending[taken][0] <= first + rows + taken:
            taken += 1
        refused, self.pending = tuple(self.pending[:taken]), self.pending[taken:]
        span = np.arange(first, first + rows + taken, dtype=np.int64)
        numbers = span[~np.isin(span, [number for number, _ in refused])] if refused else span
        return numbers, refused

    def last(self, file: SourceFile) -> Rows:
        """What is left to say at the end of the file."""
        warning = ""
        if self.header and self.odd_quotes:
            warning = f"{file.path} has an odd number of quotes: one may not be closed, and its field hold further rows"
        return Rows(pa.table({}), np.empty(0, dtype=np.int64), tuple(self.pending), self.swallowed, warning)


class _CountingQuotes(io.RawIOBase):
    """Passes bytes on and keeps whether the number of quotes is odd: then one of them was never closed."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.odd = False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        data: bytes = self._stream.read(size)
        self.odd ^= data.count(b'"') % 2 == 1
        return data


def _stream(
    file: SourceFile, rejects: _Rejects, batch_rows: int, options: Mapping[str, Any]
) -> Iterator[tuple[pa.Table, Numbers, tuple[Reject, ...]]]:
    """Blocks of the file, their rows' numbers and what was refused among them."""
    with pa.input_stream(str(file.path), compression="gzip" if file.compressed else None) as stream:
        counting = _CountingQuotes(stream)
        first = 1
        with pacsv.open_csv(counting, **options) as reader:
            for block in reader:
                for start in range(0, block.num_rows, batch_rows):
                    table = pa.Table.from_batches([block.slice(start, batch_rows)])
                    numbers, refused = rejects.until(first, table.num_rows)
                    first += table.num_rows + len(refused)
                    yield table, numbers, refused
        rejects.odd_quotes = counting.odd


def _head(file: SourceFile) -> bytes:
    """The first bytes, uncompressed, without a byte order mark."""
    with _binary(file.path, compressed=file.compressed) as stream:
        head: bytes = stream.read(_HEADER_BYTES)
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            raise not_utf8(file.path, encoding)
    head = head.removeprefix(b"\xef\xbb\xbf")
    if not head.strip():
        raise empty_file(file.path)
    return head


@contextlib.contextmanager
def _binary(path: Path, *, compressed: bool) -> Iterator[Any]:
    try:
        with gzip.open(path, "rb") if compressed else path.open("rb") as stream:
            yield stream
    except EOFError:
        raise SourceError(f"{path} is cut short: its gzip stream has no end", "Copy the file again, whole") from None


def _header(head: bytes) -> tuple[list[str], str]:
    line = next(line for line in head.splitlines() if line.strip()).decode("utf-8")
    split = {delimiter: next(csv.reader([line], delimiter=delimiter)) for delimiter in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda d: len(split[d]))
    return split[delimiter], delimiter
