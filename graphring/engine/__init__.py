"""Where tables are computed: one Ibis expression, run by DuckDB here."""

from graphring.engine.duck import Engine, atomic, parquet_writer, writing

__all__ = ["Engine", "atomic", "parquet_writer", "writing"]
