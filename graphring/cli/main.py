"""The application and its border: a GraphringError becomes one line on standard error and an exit code."""

from __future__ import annotations

import errno
import os
import sys
from typing import Annotated

import typer

import graphring
from graphring.cli import calibrate, cases, graphs, rings, runs, templates, worlds
from graphring.cli.common import errors
from graphring.errors import DiskFullError, GraphringError

__all__ = ["app", "main"]

app = typer.Typer(
    name="graphring",
    help="Find rings of coordinated, fraudulent accounts, see the evidence, decide, and export case files.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (worlds, runs, rings, templates, cases, calibrate, graphs):
    module.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"graphring {graphring.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version")
    ] = False,
) -> None:
    """Find rings of coordinated, fraudulent accounts, see the evidence, decide, and export case files."""


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 failed, 2 wrong usage or input, 3 another run holds the lock."""
    try:
        app()
    except GraphringError as error:
        errors.print(f"graphring: {error}")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # the reader of our output left, as `head` does; nobody is there to be told
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.EMFILE):
            raise
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        failed = DiskFullError if full else GraphringError
        errors.print(f"graphring: {failed(f'{error.strerror}: {error.filename}')}")
        sys.exit(1)
