"""Where tables are computed: one Ibis expression, run by DuckDB here."""

from graphring.engine.duck import Engine, atomic, writing

__all__ = ["Engine", "atomic", "writing"]
