"""simulate, evaluate: worlds with a known truth, and how well a run finds it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from graphring.cli.common import Log, LogFormat, out, progress_bars

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("simulate")(simulate)


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
        summary = make(folder, accounts=accounts, seed=seed, config=config, days=days, nights=nights, progress=progress)
    out.print(str(summary))
