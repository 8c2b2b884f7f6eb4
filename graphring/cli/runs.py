"""refresh, demo, serve, doctor: running the product."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from graphring.cli.common import (
    Config,
    Log,
    LogFormat,
    StateDir,
    counting,
    errors,
    must_exist,
    out,
    progress_bars,
    settings_of,
)
from graphring.cli.rings import rings_table
from graphring.config import Settings
from graphring.model import RunInfo, Tier
from graphring.refresh import open_state

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("refresh")(refresh)
    app.command("demo")(demo)
    app.command("serve")(serve)
    app.command("doctor")(doctor)


def refresh(
    logs: Annotated[
        list[str], typer.Argument(help="Folder, file or glob in the input contract; several are read as one")
    ],
    state: StateDir = None,
    config: Config = None,
    threads: Annotated[int | None, typer.Option("--threads", help="Worker threads [all processors]")] = None,
    log: Log = LogFormat.TEXT,
) -> None:
    """Read logs, find rings, publish the run. A killed refresh goes on where it was; the last run stays until then."""
    from graphring.refresh import refresh as run_refresh

    settings = settings_of(config, state, threads=threads)
    with progress_bars(log) as progress:
        run = run_refresh(logs, settings, progress=progress)
    _say(run, settings)


def _say(run: RunInfo, settings: Settings) -> None:
    counts = run.counts
    for warning in run.warnings:
        errors.print(f"warning: {warning}")
    took = (run.finished - run.started).total_seconds()
    out.print(
        f"{run.run_id}: {counts.get('accounts', 0):,} accounts, {counts.get('exchanges', 0):,} exchanges "
        f"({counts.get('duplicates', 0):,} duplicates dropped, {counts.get('quarantined', 0):,} rows in quarantine), "
        f"{counts.get('families', 0):,} template families, {counts.get('sightings', 0):,} sightings, {took:.1f} s"
    )
    tiers = ", ".join(f"{counts.get(f'rings_{tier}', 0)} {tier}" for tier in Tier)
    out.print(f"{counts.get('rings', 0):,} rings: {tiers}. See them with: graphring rings --state {settings.state}")


def demo(
    state: Annotated[Path, typer.Option("--state", help="State directory")] = Path("graphring-state"),
    accounts: Annotated[int, typer.Option("--accounts", help="Accounts in the sample world")] = 2_000,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same world")] = 7,
    serve_page: Annotated[bool, typer.Option("--serve/--no-serve", help="Open the page when done")] = True,
    port: Annotated[int, typer.Option("--port", help="First port to try")] = 8501,
    log: Log = LogFormat.TEXT,
) -> None:
    """Make a sample world, find its rings, print them, and serve the page."""
    from graphring.refresh import refresh as run_refresh
    from graphring.simulate import simulate

    settings = settings_of(None, state)
    with tempfile.TemporaryDirectory(prefix="graphring-demo-") as folder, progress_bars(log) as progress:
        out.print(f"Making a sample world of {accounts:,} accounts (seed {seed}) …")
        told = counting(progress, "writing exchanges")
        simulate(Path(folder), accounts=accounts, seed=seed, config=Path("sample"), progress=told)
        _say(run_refresh(folder, settings, progress=progress), settings)
    with open_state(settings) as opened:
        out.print()
        out.print(rings_table(opened, opened.snapshot()))
    if serve_page:
        _launch(settings, port)


def serve(
    state: StateDir = None,
    config: Config = None,
    port: Annotated[int, typer.Option("--port", help="First port to try")] = 8501,
) -> None:
    """Serve the page on 127.0.0.1; Ctrl-C ends it."""
    _launch(must_exist(settings_of(config, state)), port)


def _launch(settings: Settings, port: int) -> None:
    from graphring.ui import launch

    launch(settings, port=port)


def doctor(state: StateDir = None, config: Config = None) -> None:
    """Check this installation, the settings, the state, the store and the casebook; exit 1 where something is wrong."""
    from graphring.refresh.doctor import examine

    findings = examine(settings_of(config, state))
    for finding in findings:
        out.print(f"{'ok  ' if finding.ok else 'BAD '} {finding.what}: {finding.detail}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
