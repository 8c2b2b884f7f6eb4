"""The store that the settings name."""

from __future__ import annotations

from graphring.config import Settings
from graphring.store.protocol import GraphStore
from graphring.store.snapshot import SnapshotStore

__all__ = ["open_store"]


def open_store(settings: Settings) -> GraphStore:
    """Embedded snapshots in the state, or Neo4j where `settings.store` is its address.

    Raises
    ------
    ConfigError: `settings.store` is neither.
    StoreError: (when the store is first used) Neo4j does not answer, refuses us, or is too old.
    """
    if not settings.store:
        return SnapshotStore(
            settings.state,
            keep_runs=settings.keep_runs,
            threads=settings.worker_threads,
            memory_limit=settings.memory_limit,
        )
    from graphring.store.neo4j import open_neo4j  # noqa: PLC0415 - the driver loads only where it is used

    return open_neo4j(settings)
