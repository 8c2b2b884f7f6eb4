"""Where runs are published and read: embedded snapshots by default, Neo4j in production."""

from graphring.store.factory import open_store
from graphring.store.protocol import GraphStore, Snapshot

__all__ = ["GraphStore", "Snapshot", "open_store"]
