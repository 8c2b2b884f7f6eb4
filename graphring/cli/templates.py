"""templates: the wrappers that prompts were found to share."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

from graphring.cli.common import Config, Format, Output, StateDir, must_exist, out, print_rows, settings_of
from graphring.cli.render import as_json, number, plain
from graphring.errors import GraphringError, InputError
from graphring.refresh import State, open_state

__all__ = ["register"]

_COLUMNS = ("family_id", "kind", "accounts", "exchanges", "first_seen", "last_seen", "rarity", "exemplar")


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("templates")(templates)


def templates(
    family: Annotated[
        str | None, typer.Argument(help="Family id, such as F000001: show its whole text and its variants")
    ] = None,
    assignments: Annotated[
        Path | None, typer.Option(help="Write exchange_id, family_id (null: none) to this .parquet file")
    ] = None,
    output: Output = Format.TABLE,
    state: StateDir = None,
    config: Config = None,
) -> None:
    """List prompt template families, most accounts first; with --assignments write each exchange's family.

    Counts are those of the exchanges of the last run; first seen is the first run that knew the family. A family
    without exchanges in the last run is remembered, but not listed.
    """
    if assignments is not None:
        _check(assignments)
    with open_state(must_exist(settings_of(config, state))) as opened:
        snapshot = opened.snapshot()
        order = [("accounts", "descending"), ("exchanges", "descending"), ("family_id", "ascending")]
        rows = snapshot.families().sort_by(order).to_pylist()
        found = [row for row in rows if family in {None, row["family_id"]}]
        if family is not None and not found:
            raise InputError(
                f"run {snapshot.run.run_id} has no template family {family}", "graphring templates lists them"
            )
        if assignments is not None:
            _write(opened, assignments)
    if family is not None and output is not Format.CSV:
        _show(found[0], output)
        return
    columns = (*_COLUMNS, "variants") if output is Format.JSON else _COLUMNS
    title = f"{len(found)} template families ({snapshot.run.run_id})"
    print_rows(output, title, columns, [[row[name] for name in columns] for row in found])


def _check(path: Path) -> None:
    if path.suffix != ".parquet":
        raise InputError(f"'{path}' would be a Parquet file under another name", "Let its name end with .parquet")
    if path.is_dir():
        raise InputError(f"'{path}' is a directory", "Name a file in it")
    if not path.absolute().parent.is_dir():
        raise GraphringError(f"'{path}' cannot be written: its directory does not exist", "Make the directory first")


def _write(state: State, path: Path) -> None:
    from graphring.engine import atomic, writing

    with writing(path), atomic(path) as part:
        shutil.copyfile(state.traffic().assignments, part)


def _show(row: dict[str, Any], output: Format) -> None:
    if output is Format.JSON:
        out.file.write(as_json(row) + "\n")
        return
    out.print(
        f"{row['family_id']}  {row['kind']}  {row['accounts']:,} accounts  {row['exchanges']:,} exchanges  "
        f"{number(row['rarity'])} bits  {row['first_seen']:%Y-%m-%d} to {row['last_seen']:%Y-%m-%d}"
    )
    for title, texts in (("Redacted example, slots marked ⟨…⟩", [row["exemplar"]]), ("Variants", row["variants"])):
        if texts:
            out.print()
            out.print(title)
        for text in texts:
            out.print()
            for line in text.splitlines():
                out.print(f"  {plain(line.expandtabs(4))}")
