"""Settings: `graphring.toml`, then environment, then options; the last one that speaks wins.

`Settings` is the border: pydantic checks what people wrote. `columns`, `templates` and `detect` are passed on to
the packages that own them, which reject names that they do not know.
"""

from __future__ import annotations

import os
import tomllib
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from graphring.errors import ConfigError

__all__ = ["IntakeSettings", "Neo4jSettings", "Settings", "load_settings"]

CONFIG_NAME = "graphring.toml"

_from_file: ContextVar[dict[str, Any]] = ContextVar("_from_file", default={})  # noqa: B039 (read only)


class IntakeSettings(BaseModel):
    """How logs are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    quarantine_share: float = Field(default=0.01, ge=0.0, le=1.0)
    """A run fails when more than this share of a table's rows is bad."""
    batch_rows: int = Field(default=65_536, ge=1_024)
    """Rows of one streamed batch; memory grows with it, not with the logs."""


class Neo4jSettings(BaseModel):
    """Credentials and sizes for a Neo4j store; the address is `Settings.store`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: str = "neo4j"
    password: SecretStr = SecretStr("")
    database: str = "neo4j"
    batch_rows: int = Field(default=10_000, ge=100)
    """Rows of one write transaction."""


class Settings(BaseSettings):
    """Everything that a run can be told. Environment names: `GRAPHRING_` + the field, `__` or `_` for nesting."""

    model_config = SettingsConfigDict(
        env_prefix="GRAPHRING_", env_nested_delimiter="_", env_nested_max_split=1, extra="forbid", frozen=True
    )

    state: Path = Path("graphring-state")
    """The state directory: snapshots, casebook, lock."""
    store: str = ""
    """Empty: embedded snapshots in the state; `bolt://…` or `neo4j://…`: Neo4j."""
    casebook: str = ""
    """A SQLAlchemy URL; empty: SQLite in the state."""
    threads: int = Field(default=0, ge=0)
    """Worker threads; 0: as many as there are processors."""
    memory_limit: str = "2GB"
    """What the table engine may hold before it spills to disk."""
    keep_runs: int = Field(default=30, ge=1)
    """How many published snapshots stay; older ones are removed after a successful refresh."""
    neo4j: Neo4jSettings = Neo4jSettings()
    intake: IntakeSettings = IntakeSettings()
    columns: dict[str, dict[str, str]] = Field(default_factory=dict)
    """table → our column → the name that it has in the logs."""
    templates: dict[str, Any] = Field(default_factory=dict)
    """Overrides of templates.parameters, by name."""
    detect: dict[str, Any] = Field(default_factory=dict)
    """Overrides of detect.parameters, by name."""

    @property
    def worker_threads(self) -> int:
        """The number of threads to use, never 0."""
        return self.threads or os.cpu_count() or 1

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options (the arguments), then environment, then what `load_settings` read from the file."""
        return init_settings, env_settings, InitSettingsSource(settings_cls, init_kwargs=_from_file.get())


def load_settings(config: Path | None = None, **options: Any) -> Settings:
    """Read the settings.

    Parameters
    ----------
    config: a TOML file; None: `graphring.toml` in the working directory where it exists.
    options: what the command line says; None values do not count.

    Raises
    ------
    ConfigError: the file is missing or broken, a name is unknown, a value impossible.
    """
    path = config or Path(CONFIG_NAME)
    values: dict[str, Any] = {}
    if path.exists():
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path} is not valid TOML: {error}") from error
    elif config is not None:
        raise ConfigError(f"there is no settings file {path}", "Check the path given with --config")
    token = _from_file.set(values)
    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"setting '{name}' ({path.name}, environment or options): {first['msg']}",
            "Known settings are listed in docs/operations.md",
        ) from error
    finally:
        _from_file.reset(token)
