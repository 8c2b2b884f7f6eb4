"""What every command shares: options, settings, progress, and the border where errors become one line."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from graphring.cli.render import as_csv, as_json, as_table, number
from graphring.config import Settings, load_settings
from graphring.errors import InputError

__all__ = [
    "Config",
    "Format",
    "Log",
    "LogFormat",
    "Output",
    "StateDir",
    "configure_log",
    "counting",
    "errors",
    "must_exist",
    "out",
    "print_rows",
    "progress_bars",
    "settings_of",
]

out = Console(soft_wrap=False, highlight=False, markup=False, width=None if sys.stdout.isatty() else 180)
errors = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)


class Format(StrEnum):
    """How a result is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class LogFormat(StrEnum):
    """How a run tells what it does: bars and lines for people, JSON lines for machines."""

    TEXT = "text"
    JSON = "json"


StateDir = Annotated[
    Path | None, typer.Option("--state", help="State directory [GRAPHRING_STATE, else ./graphring-state]")
]
Config = Annotated[Path | None, typer.Option("--config", help="Settings file [./graphring.toml where it exists]")]
Log = Annotated[
    LogFormat, typer.Option("--log", help="text: progress bars on a terminal; json: one JSON line an event")
]
Output = Annotated[Format, typer.Option("--format", help="How to print")]


def settings_of(config: Path | None, state: Path | None, **options: Any) -> Settings:
    """Settings from file, environment and the options given."""
    return load_settings(config, state=state, **options)


def must_exist(settings: Settings) -> Settings:
    """Refuse a state directory that is not there, before anything is opened in it."""
    if not settings.store and not settings.state.is_dir():
        raise InputError(
            f"there is no state directory {settings.state}", "Name it with --state, or run graphring refresh first"
        )
    return settings


def print_rows(output: Format, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Rows as the option --format asks for them."""
    if output is Format.CSV:
        out.file.write(as_csv(columns, rows))
    elif output is Format.JSON:
        out.file.write(as_json([dict(zip(columns, row, strict=True)) for row in rows]) + "\n")
    else:
        sides = [
            (name, "right" if rows and isinstance(rows[0][i], int | float) else "") for i, name in enumerate(columns)
        ]
        out.print(as_table(title, sides, [[number(value) for value in row] for row in rows]))


def configure_log(kind: LogFormat) -> None:
    """Events go to standard error; results alone go to standard output."""
    level = logging.INFO if kind is LogFormat.JSON else logging.WARNING
    renderer = (
        structlog.processors.JSONRenderer(sort_keys=True)
        if kind is LogFormat.JSON
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


@contextmanager
def progress_bars(kind: LogFormat) -> Iterator[Callable[[str, int, int | None], None]]:
    """A callback for progress: bars on a terminal, a line where a stage begins elsewhere, nothing with JSON lines."""
    configure_log(kind)
    if kind is LogFormat.JSON:
        yield lambda _what, _done, _total: None
        return
    if not errors.is_terminal:
        yield _lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True) as bars:
        yield _bars(bars)


def counting(progress: Callable[[str, int, int | None], None], what: str) -> Callable[[int], None]:
    """A callback for parts of an unknown whole: adds them up."""
    done = 0

    def report(part: int) -> None:
        nonlocal done
        done += part
        progress(what, done, None)

    return report


def _lines() -> Callable[[str, int, int | None], None]:
    seen: set[str] = set()

    def report(what: str, _done: int, _total: int | None) -> None:
        if what not in seen:
            seen.add(what)
            errors.print(f"  {what} …")

    return report


def _bars(bars: Progress) -> Callable[[str, int, int | None], None]:
    tasks: dict[str, TaskID] = {}

    def report(what: str, done: int, total: int | None) -> None:
        if what not in tasks:
            tasks[what] = bars.add_task(what, total=total)
        bars.update(tasks[what], completed=done, total=total)

    return report
