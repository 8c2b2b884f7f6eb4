"""What can be wrong with a file, said in one line. The text of a parser's error is never passed on: it quotes rows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from graphring.errors import SourceError

__all__ = ["ROW_BYTES", "empty_file", "not_utf8", "reading"]

ROW_BYTES = 16 * 1024 * 1024
"""The longest row of a text file, in bytes: the size of the block that is parsed at a time."""


def not_utf8(path: Path, encoding: str = "") -> SourceError:
    """The file is text in another encoding."""
    what = f"{path} is {encoding}, not UTF-8" if encoding else f"{path} is not valid UTF-8"
    command = f"iconv -f {encoding or 'LATIN1'} -t UTF-8"
    return SourceError(what, f"Convert it first, such as with `{command}` and the encoding it was written in")


def empty_file(path: Path) -> SourceError:
    """The file has no bytes, so not even a header."""
    return SourceError(f"{path} is empty, without even a header", "Deliver the file again, or remove it")


@contextlib.contextmanager
def reading(path: Path, format_name: str) -> Iterator[None]:
    """Turn what goes wrong while a file is read into one clear line that names the file.

    Raises
    ------
    SourceError: the file is missing, may not be read, is damaged, cut short or in another encoding.
    """
    try:
        yield
    except UnicodeDecodeError:
        raise not_utf8(path) from None
    except pa.ArrowInvalid as error:
        raise _invalid(path, format_name, str(error)) from None
    except pa.ArrowNotImplementedError:
        raise SourceError(
            f"{path} uses a feature of {format_name} that this version cannot read", "Write it again more plainly"
        ) from None
    except PermissionError:
        raise SourceError(f"{path} may not be read: permission denied", "Allow this user to read it") from None
    except FileNotFoundError:
        raise SourceError(f"{path} is not there (any more)", "Run again once the logs are complete") from None
    except (OSError, EOFError) as error:
        raise _broken(path, format_name, error) from None


def _invalid(path: Path, format_name: str, text: str) -> SourceError:
    if "UTF8" in text or "UTF-8" in text:
        return not_utf8(path)
    if "Empty CSV file" in text:
        return empty_file(path)
    if "straddling object" in text:
        return SourceError(
            f"{path} has a row of more than {ROW_BYTES // 2**20} MiB, or a quote that never closes",
            "Look for an unbalanced quote, or shorten the longest row",
        )
    return _damaged(path, format_name)


def _broken(path: Path, format_name: str, error: BaseException) -> SourceError:
    if "Truncated" in str(error):
        return SourceError(f"{path} is cut short: its gzip stream has no end", "Copy the file again, whole")
    return _damaged(path, format_name)


def _damaged(path: Path, format_name: str) -> SourceError:
    return SourceError(
        f"{path} is not a readable {format_name} file: it is damaged or cut short", "Copy or export it again"
    )
