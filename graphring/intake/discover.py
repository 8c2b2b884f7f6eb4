"""Where the logs lie: from what the caller names to a sorted list of files for each table."""

from __future__ import annotations

import difflib
import glob
import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote

from graphring.config import Settings
from graphring.errors import SourceError
from graphring.intake.contract import CONTRACT, IGNORED_TABLES
from graphring.intake.faults import reading

__all__ = ["SourceFile", "Sources", "discover"]

_FORMATS = {
    ".parquet": "parquet",
    ".csv": "csv", ".csv.gz": "csv",
    ".jsonl": "jsonl", ".jsonl.gz": "jsonl", ".ndjson": "jsonl", ".ndjson.gz": "jsonl",
}  # fmt: skip
_LABELS = {"parquet": "Parquet", "csv": "CSV", "jsonl": "JSON Lines"}
_TABLE = re.compile(rf"({'|'.join([*CONTRACT, *IGNORED_TABLES])})(?:[-_. ].*)?", re.IGNORECASE | re.ASCII)
_TRAFFIC = ("payments", "exchanges", "links")


@dataclass(frozen=True)
class SourceFile:
    """One file of the logs."""

    table: str
    path: Path
    name: str
    """Path below what the caller named, with `/`: the same wherever the logs lie."""
    format: str
    """parquet, csv or jsonl."""
    number: int = 0
    """Place among the files of its table, from 0; a later file's row replaces an earlier one's of the same id."""

    @property
    def label(self) -> str:
        """The format's name for people."""
        return _LABELS[self.format]

    @property
    def compressed(self) -> bool:
        """Whether it is a gzip stream."""
        return self.path.name.lower().endswith(".gz")

    @cached_property
    def partitions(self) -> Mapping[str, str]:
        """What a hive-partitioned path says: `date=2026-01-31/part-0.parquet` has date 2026-01-31."""
        pairs = (part.split("=", 1) for part in self.path.parts[:-1] if "=" in part)
        return MappingProxyType({unquote(key): unquote(value) for key, value in pairs})


@dataclass(frozen=True)
class Sources:
    """The files of every table, and what is worth saying about them."""

    tables: Mapping[str, tuple[SourceFile, ...]]
    """Every table of the contract → its files in order; empty where there are none."""
    ignored: tuple[Path, ...] = ()
    """Files of a known format that belong to no table."""
    warnings: tuple[str, ...] = ()
    _digests: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """All files, by table and number."""
        return tuple(file for table in CONTRACT for file in self.tables[table])

    def fingerprint(self) -> str:
        """SHA-256 over table, name, size and content of each file, in hexadecimal digits.

        The content counts, not the time of change: a copy of the logs is the same input, and a file that was
        rewritten in place at the same size is not, so that a killed run never resumes over other rows. It costs one
        read of the files (about a second per gigabyte), once.
        """
        if "all" not in self._digests:
            total = hashlib.sha256()
            for file in self.files:
                with reading(file.path, file.label), file.path.open("rb") as stream:
                    digest = hashlib.file_digest(stream, "sha256").hexdigest()
                    size = os.fstat(stream.fileno()).st_size
                total.update(f"{file.table}\0{file.name}\0{size}\0{digest}\n".encode())
            self._digests["all"] = total.hexdigest()
        return self._digests["all"]


@dataclass(frozen=True)
class _Found:
    path: Path
    root: Path
    """What names are relative to; its own name may also name the table."""


def discover(logs: Sequence[str | Path], settings: Settings) -> Sources:
    """Find the files of every table.

    Parameters
    ----------
    logs: folders (searched with their subfolders), files and globs. Hidden names (`.` or `_` first) and the state
        directory are passed over.
    settings: names the state directory.

    Raises
    ------
    SourceError: a path does not exist or may not be read, or what is there makes no usable set of tables.
    """
    if not logs:
        raise SourceError("no logs were named", "Name a folder, file or glob with the tables")
    state = settings.state.resolve()
    found = {item.path.resolve(): item for entry in logs for item in _expand(os.fspath(entry), state)}
    common = _common([item.root for item in found.values()])
    tables: dict[str, list[SourceFile]] = {table: [] for table in (*CONTRACT, *IGNORED_TABLES)}
    ignored: list[Path] = []
    for item in found.values():
        kind, table = _format(item.path), _table(item)
        if kind is None or table is None:
            ignored.extend([item.path] if kind else [])
            continue
        tables[table].append(SourceFile(table, item.path, _name(item.path, common), kind))
    numbered = {table: tuple(_numbered(tables[table])) for table in CONTRACT}
    warnings = _judge(logs, numbered, sorted(ignored))
    return Sources(MappingProxyType(numbered), tuple(sorted(ignored)), tuple(warnings))


def _numbered(files: Sequence[SourceFile]) -> Iterator[SourceFile]:
    for number, file in enumerate(sorted(files, key=lambda f: (f.name.split("/"), str(f.path)))):
        yield SourceFile(file.table, file.path, file.name, file.format, number)


def _expand(entry: str, state: Path) -> Iterator[_Found]:
    path = Path(entry)
    if path.is_dir():
        yield from _walk(path, path, state)
    elif path.exists():
        if _format(path) is None:
            raise SourceError(
                f"{path} is of no format that graphring reads", f"Use one of {', '.join(_FORMATS)}, or name a folder"
            )
        yield _Found(path, path.parent)
    elif glob.has_magic(entry):
        root = Path(*_before_magic(path.parts))
        # Path.glob cannot start from an absolute pattern
        matches = [Path(match) for match in sorted(glob.glob(entry, recursive=True))]  # noqa: PTH207
        if not matches:
            raise SourceError(f"nothing matches {entry}", "Check the pattern, and quote it in the shell")
        for match in matches:
            yield from _walk(match, root, state) if match.is_dir() else [_Found(match, root)]
    else:
        raise SourceError(f"there is no file or folder {path}{_nearest_path(path)}", "Check the path of the logs")


def _before_magic(parts: Sequence[str]) -> list[str]:
    kept: list[str] = []
    for part in parts[:-1]:
        if glob.has_magic(part):
            break
        kept.append(part)
    return kept or ["."]


def _walk(folder: Path, root: Path, state: Path) -> Iterator[_Found]:
    def refuse(error: OSError) -> None:
        raise SourceError(f"{error.filename} may not be read: {error.strerror}", "Allow this user to read it")

    for place, folders, files in os.walk(folder, onerror=refuse):
        here = Path(place)
        folders[:] = [name for name in folders if not _hidden(name) and (here / name).resolve() != state]
        if not files and not folders and _format(here) is not None:
            raise SourceError(f"{here} is a directory without files", "Copy or export it again")
        yield from (_Found(here / name, root) for name in files if not _hidden(name))


def _hidden(name: str) -> bool:
    return name.startswith((".", "_"))


def _format(path: Path) -> str | None:
    lower = path.name.lower()
    return next((kind for ending, kind in _FORMATS.items() if lower.endswith(ending)), None)


def _table(item: _Found) -> str | None:
    """By the file's own name, else by the nearest folder's, up to the folder that the caller named."""
    inside = item.path.relative_to(item.root) if item.path.is_relative_to(item.root) else Path(item.path.name)
    for name in (inside.name, *reversed(inside.parts[:-1]), item.root.resolve().name):
        match = _TABLE.fullmatch(name)
        if match:
            return match[1].lower()
    return None


def _common(roots: Sequence[Path]) -> Path:
    resolved = {root.resolve() for root in roots}
    return Path(os.path.commonpath(resolved)) if resolved else Path()


def _name(path: Path, common: Path) -> str:
    whole = path.parent.resolve() / path.name
    name = whole.relative_to(common).as_posix() if whole.is_relative_to(common) else path.name
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _judge(
    logs: Sequence[str | Path], tables: Mapping[str, Sequence[SourceFile]], ignored: Sequence[Path]
) -> list[str]:
    """What is missing: an error where nothing can be found without it, a warning otherwise."""
    where = ", ".join(str(entry) for entry in logs)
    traffic = [table for table in _TRAFFIC if tables[table]]
    passed_over = _passed_over(ignored)
    if not traffic:
        raise SourceError(
            f"{where} has no table of payments, exchanges or links{passed_over}",
            "Name files or their folders after the tables: accounts, payments, exchanges, links",
        )
    warnings = [passed_over.removeprefix("; ")] if ignored else []
    if not tables["accounts"]:
        if len(traffic) > 1 or traffic == ["payments"]:
            raise SourceError(
                f"{where} has no table of accounts beside {' and '.join(traffic)}{passed_over}",
                "Add accounts.parquet, .csv or .jsonl with account_id and created_at",
            )
        warnings.append(
            f"there is no table of accounts: the accounts that {traffic[0]} name are taken as they are, without "
            "creation times, which weakens lifecycle evidence"
        )
    return warnings


def _passed_over(ignored: Sequence[Path]) -> str:
    if not ignored:
        return ""
    name = ignored[0].name
    near = difflib.get_close_matches(name.split(".")[0].lower(), CONTRACT, n=1)
    more = f" and {len(ignored) - 1} more" if len(ignored) > 1 else ""
    return f"; {name}{more} belongs to no table and was passed over" + (f" (meant: {near[0]}?)" if near else "")


def _nearest_path(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return ""
    near = difflib.get_close_matches(path.name, names, n=1)
    return f" (meant: {path.parent / near[0]}?)" if near else ""
