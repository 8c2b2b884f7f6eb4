"""neo4j init, status, export: the graph in Neo4j."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graphring.cli.common import Config, Format, StateDir, out, settings_of
from graphring.cli.render import as_json, as_table
from graphring.config import Settings
from graphring.errors import ConfigError
from graphring.refresh import open_state

if TYPE_CHECKING:
    from graphring.store.neo4j import Neo4jStatus

__all__ = ["register"]

neo4j = typer.Typer(no_args_is_help=True, help="The graph in Neo4j (set GRAPHRING_STORE to its address).")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(neo4j, name="neo4j")


@neo4j.command("init")
def init(state: StateDir = None, config: Config = None) -> None:
    """Make constraints and indexes, or bring them up to date; may be repeated."""
    from graphring.store.neo4j import neo4j_init

    _say(neo4j_init(_configured(config, state)), Format.TABLE)


@neo4j.command("status")
def status(
    output: Annotated[Format, typer.Option("--format", help="table or json")] = Format.TABLE,
    state: StateDir = None,
    config: Config = None,
) -> None:
    """Say how the database stands: version, schema, published run, counts. Changes nothing."""
    from graphring.store.neo4j import neo4j_status

    _say(neo4j_status(_configured(config, state)), output)


@neo4j.command("export")
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write")],
    state: StateDir = None,
    config: Config = None,
) -> None:
    """Write the last run's graph as files for neo4j-admin database import: a first load of tens of millions."""
    from graphring.store.neo4j import export_for_import

    settings = settings_of(config, state)
    embedded = settings.model_copy(update={"store": ""})
    with open_state(embedded) as opened:
        files = export_for_import(opened.store.read_graph(), folder, database=settings.neo4j.database)
    out.print(f"{len(files)} files in {folder}; docs/neo4j.md says how to import them")


def _configured(config: Path | None, state: Path | None) -> Settings:
    settings = settings_of(config, state)
    if not settings.store:
        raise ConfigError("no Neo4j is configured", "Set GRAPHRING_STORE=bolt://host:7687")
    return settings


def _say(found: Neo4jStatus, output: Format) -> None:
    facts = {name: getattr(found, name) for name in found.__dataclass_fields__}
    if output is Format.JSON:
        out.file.write(as_json(facts) + "\n")
        return
    rows = [(name, str(value)) for name, value in facts.items() if name not in ("nodes", "relationships")]
    counts = {**found.nodes, **found.relationships}
    rows += [(name, f"{count:,}") for name, count in counts.items()]
    out.print(as_table("", [("what", ""), ("value", "")], rows))
