"""simulate, evaluate: worlds with a known truth, and how well a run finds it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from graphring.cli.common import (
    Config,
    Format,
    Log,
    LogFormat,
    StateDir,
    counting,
    must_exist,
    out,
    progress_bars,
    settings_of,
)
from graphring.errors import InputError
from graphring.refresh import open_state

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("simulate")(simulate)
    app.command("evaluate")(evaluate)


def simulate(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to write")],
    accounts: Annotated[int, typer.Option("--accounts", help="Accounts in the world")] = 20_000,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same bytes")] = 1,
    world: Annotated[
        str | None, typer.Option("--config", help="Preset (easy, default, hard, benign) or a TOML file of parameters")
    ] = None,
    days: Annotated[int | None, typer.Option("--days", help="Days of traffic")] = None,
    nights: Annotated[int | None, typer.Option("--nights", help="Write the world as this many nightly folders")] = None,
    log: Log = LogFormat.TEXT,
) -> None:
    """Make a world of accounts, payments, exchanges and links, with the truth beside it."""
    from graphring.simulate import simulate as make

    config = Path(world) if world is not None else None
    with progress_bars(log) as progress:
        told = counting(progress, "writing exchanges")
        summary = make(folder, accounts=accounts, seed=seed, config=config, days=days, nights=nights, progress=told)
    out.print(
        f"{summary.out}: {summary.accounts:,} accounts, {summary.exchanges:,} exchanges in {summary.days} days, "
        f"{summary.rings} rings of {summary.ring_accounts:,} accounts (seed {summary.seed})"
    )


def evaluate(
    truth: Annotated[
        Path | None, typer.Argument(metavar="[TRUTH]", help="Table of account_id, ring (empty: benign), kind")
    ] = None,
    null: Annotated[int, typer.Option("--null", help="Also detect on this many degree-preserving shuffles")] = 0,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the shuffles")] = 1,
    html: Annotated[Path | None, typer.Option("--html", help="Write a plotted, self-contained report")] = None,
    output: Annotated[Format, typer.Option("--format", help="table or json")] = Format.TABLE,
    state: StateDir = None,
    config: Config = None,
    log: Log = LogFormat.TEXT,
) -> None:
    """Judge the last run against a truth, and against chance: on a shuffled graph no ring should be found."""
    from graphring.evaluate import evaluate as judge
    from graphring.evaluate import to_json, to_table

    if output is Format.CSV:
        raise InputError("evaluate prints a table or JSON", "Use --format json")
    with open_state(must_exist(settings_of(config, state))) as opened, progress_bars(log) as progress:
        if null:
            from graphring.refresh.nulls import null_result

        shuffles = null_result(opened, shuffles=null, seed=seed, progress=progress) if null else None
        judged = judge(opened.snapshot(), truth, null=shuffles)
        if html is not None:
            from graphring.engine import atomic, writing
            from graphring.evaluate import report_html, world_stats

            world = world_stats(opened.traffic(), opened.store.read_graph(), truth)
            with writing(html), atomic(html) as part:
                part.write_text(report_html(judged, world), encoding="utf-8")
    if output is Format.JSON:
        out.file.write(to_json(judged))
    else:
        out.print(to_table(judged))
