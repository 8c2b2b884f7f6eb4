"""The graph in Neo4j: the only package that knows the driver."""

from graphring.store.neo4j.admin import Neo4jStatus, neo4j_init, neo4j_status, open_neo4j
from graphring.store.neo4j.export import export_for_import
from graphring.store.neo4j.store import Neo4jStore

__all__ = ["Neo4jStatus", "Neo4jStore", "export_for_import", "neo4j_init", "neo4j_status", "open_neo4j"]
