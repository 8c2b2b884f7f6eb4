"""decide, note, history, case: what people do about a ring."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import graphring
from graphring.cli.common import Config, Format, Output, StateDir, must_exist, out, settings_of
from graphring.cli.render import as_csv, as_json, as_table, plain
from graphring.cli.rings import ring_row
from graphring.refresh import open_state

__all__ = ["register"]

Ring = Annotated[str, typer.Argument(help="Ring id, such as R-00001")]
By = Annotated[str, typer.Option("--by", help="Who: a name or an e-mail address; kept in the casebook")]

case = typer.Typer(no_args_is_help=True, help="Export case files and verify them.")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("decide")(decide)
    app.command("note")(note)
    app.command("history")(history)
    app.add_typer(case, name="case")


def decide(
    ring: Ring,
    outcome: Annotated[str, typer.Argument(help="confirmed, benign, watch, or reopen to undo")],
    by: By,
    reason: Annotated[str, typer.Option("--reason", help="Why, in a sentence; kept in the casebook")],
    state: StateDir = None,
    config: Config = None,
) -> None:
    """Record a decision on a ring. Nothing is ever deleted: a later decision undoes an earlier one."""
    from graphring.cases import parse_outcome

    decided = parse_outcome(outcome)
    with open_state(must_exist(settings_of(config, state))) as opened:
        snapshot = opened.snapshot()
        ring_row(snapshot, ring)
        accounts = snapshot.members(ring)["account_id"].to_pylist()
        entry = opened.casebook.decide(
            ring, decided, by=by, reason=reason, run_id=snapshot.run.run_id, accounts=accounts
        )
        out.print(f"{ring}: {decided} by {plain(entry.by)}, recorded as entry {entry.seq}")


def note(
    ring: Ring,
    text: Annotated[str, typer.Argument(help="The note")],
    by: By,
    state: StateDir = None,
    config: Config = None,
) -> None:
    """Add a note to a ring."""
    with open_state(must_exist(settings_of(config, state))) as opened:
        ring_row(opened.snapshot(), ring)
        entry = opened.casebook.note(ring, by=by, text=text)
        out.print(f"{ring}: note recorded as entry {entry.seq}")


def history(
    ring: Annotated[str | None, typer.Argument(help="Ring id; none: the whole casebook")] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Check the hash chain first")] = False,
    output: Output = Format.TABLE,
    state: StateDir = None,
    config: Config = None,
) -> None:
    """List what people said and did: decisions, notes, views, exports."""
    with open_state(must_exist(settings_of(config, state))) as opened:
        if verify:
            opened.casebook.verify()
        entries = opened.casebook.history(ring) if ring else opened.casebook.entries()
        columns = ("entry", "at", "ring_id", "kind", "by", "what", "text")
        rows: list[list[object]] = [
            [e.seq, f"{e.at:%Y-%m-%dT%H:%M:%SZ}", e.ring_id, e.kind.value, e.by, e.outcome or e.action, e.text]
            for e in entries
        ]
        if output is Format.JSON:
            out.file.write(as_json([dict(zip(columns, row, strict=True)) for row in rows]) + "\n")
        elif output is Format.CSV:
            out.file.write(as_csv(columns, rows))
        else:
            out.print(as_table(f"{len(rows)} entries", [(name, "") for name in columns], rows))


@case.command("export")
def export(
    ring: Ring,
    folder: Annotated[Path, typer.Option("--out", help="Folder that will hold the case folder")],
    redacted: Annotated[bool, typer.Option("--redacted", help="Pseudonyms for accounts and payment methods")] = False,
    by: By = "command line",
    state: StateDir = None,
    config: Config = None,
) -> None:
    """Write the case file of a ring: report, data, manifest."""
    from graphring.cases import export_case

    with open_state(must_exist(settings_of(config, state))) as opened:
        snapshot = opened.snapshot()
        ring_row(snapshot, ring)
        written = export_case(
            snapshot, opened.casebook, ring, folder, by=by, redacted=redacted, version=graphring.__version__
        )
        out.file.write(f"{written}\n")


@case.command("verify")
def verify(folder: Annotated[Path, typer.Argument(help="The case folder")]) -> None:
    """Check that no file of a case folder was changed, removed or added since its export."""
    from graphring.cases import verify_case

    verified = verify_case(folder)
    out.print(f"{folder}: {len(verified.files)} files are as they were exported")
