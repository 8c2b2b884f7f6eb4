"""calibrate: what a score is worth as a probability, learned from made worlds, labelled logs or decisions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graphring.cli.common import (
    Config,
    Format,
    Log,
    LogFormat,
    StateDir,
    must_exist,
    out,
    progress_bars,
    settings_of,
)
from graphring.cli.render import as_json, as_table
from graphring.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphring.config import Settings
    from graphring.evaluate.results import Calibration as Reliability
    from graphring.refresh.calibrate import Result

__all__ = ["register"]

DECISIONS, WORLDS = "decisions", "worlds"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("calibrate")(calibrate)


def calibrate(
    source: Annotated[
        list[str] | None,
        typer.Option("--from", help="decisions (of the casebook), worlds (made), or a folder of logs with their truth"),
    ] = None,
    presets: Annotated[
        list[str] | None, typer.Option("--preset", help="worlds: presets [default, easy, hard, benign]")
    ] = None,
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="worlds: seeds [1 2 3]")] = None,
    accounts: Annotated[int, typer.Option("--accounts", help="worlds: accounts of each")] = 4_000,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print only; write nothing")] = False,
    output: Annotated[Format, typer.Option("--format", help="table or json")] = Format.TABLE,
    state: StateDir = None,
    config: Config = None,
    log: Log = LogFormat.TEXT,
) -> None:
    """Fit the curve from scores to probabilities, and say how well it held before and holds now.

    The next refresh goes by it. Without --from it learns from the decisions in the casebook.
    """
    if output is Format.CSV:
        raise InputError("calibrate prints a table or JSON", "Use --format json")
    wanted = source or [DECISIONS]
    if DECISIONS in wanted and len(wanted) > 1:
        raise InputError("decisions and worlds are learned from one after the other", "Give --from worlds first")
    settings = settings_of(config, state)
    if DECISIONS in wanted or not dry_run:
        settings = must_exist(settings)
    with progress_bars(log) as progress:
        result = (
            _from_decisions(settings)
            if DECISIONS in wanted
            else _from_worlds(
                settings,
                wanted,
                presets or ["default", "easy", "hard", "benign"],
                seeds or [1, 2, 3],
                accounts,
                progress,
            )
        )
    if output is Format.JSON:
        from dataclasses import asdict

        out.file.write(as_json(asdict(result)) + "\n")
    else:
        _say(result)
    if not dry_run:
        from graphring.refresh.calibration import write_calibration

        path = write_calibration(settings, result.calibration)
        if output is not Format.JSON:
            out.print(f"Written to {path}; the next refresh goes by it. Without the file the packaged curve holds.")


def _from_decisions(settings: Settings) -> Result:
    from graphring.detect.overrides import parameters
    from graphring.refresh import open_state
    from graphring.refresh.calibrate import from_decisions

    with open_state(settings) as opened:
        return from_decisions(opened, parameters(settings.detect))


def _from_worlds(
    settings: Settings,
    wanted: list[str],
    presets: list[str],
    seeds: list[int],
    accounts: int,
    progress: Callable[[str, int, int | None], None],
) -> Result:
    import tempfile

    from graphring.detect.overrides import parameters
    from graphring.refresh.calibrate import from_worlds, made_worlds, outcomes_of

    known = []
    for name in wanted:
        if name == WORLDS:
            known += list(made_worlds(presets, seeds, accounts, settings, progress))
        elif not Path(name).exists():
            raise InputError(
                f"there is no folder {name}", f"--from takes {DECISIONS}, {WORLDS} or a folder of labelled logs"
            )
        else:
            with tempfile.TemporaryDirectory(prefix="graphring-calibrate-") as folder:
                known.append(outcomes_of(Path(name), settings, Path(name).name, Path(folder) / "state"))
    return from_worlds(known, parameters(settings.detect))


def _say(result: Result) -> None:
    found = result.calibration
    where = f"{len(found.worlds)} worlds" if found.worlds else "the casebook"
    rings = "1 ring" if found.rings == 1 else f"{found.rings} rings"
    out.print(f"{rings} with a known outcome in {where}, {found.right} right.")
    if result.skipped:
        out.print(f"{result.skipped} decided rings were left out: what they scored is no longer known.")
    _table("Rings", result.before, result.after)
    if result.members_before.count:
        _table("Members", result.members_before, result.members_after)
    for name, value in found.curve.items():
        out.print(f"{name} = {value:g}")


def _table(title: str, before: Reliability, after: Reliability) -> None:
    """Reliability before and after, side by side by tenths of the stated probability."""
    tenths = sorted({round(b.lower, 1) for part in (before, after) for b in part.bins})
    rows = []
    for lower in tenths:
        row = [f"{lower:.0%} to {lower + 0.1:.0%}"]
        for part in (before, after):
            one = next((b for b in part.bins if round(b.lower, 1) == lower), None)
            row += ["", "", ""] if one is None else [
                f"{one.count:,}", f"{one.predicted:.1%}",
                f"{one.observed:.1%} ({one.observed_low:.0%} to {one.observed_high:.0%})",
            ]  # fmt: skip
        rows.append(row)
    columns = [("probability", "")]
    for when in ("before", "after"):
        columns += [(when, "right"), ("stated", "right"), ("came true (95 %)", "right")]
    out.print(as_table(title, columns, rows))
    out.print(
        f"Brier score {before.brier or 0.0:.4f} before, {after.brier or 0.0:.4f} after (each world or decision judged "
        "by a fit on all others; 0 is best, 0.25 a coin)."
    )
    out.print()
