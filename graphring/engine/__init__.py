"""Where tables are computed: one Ibis expression, run by DuckDB here."""

from graphring.engine.duck import Engine

__all__ = ["Engine"]
