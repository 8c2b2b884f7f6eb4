"""Worlds for tests, and their tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from graphring.simulate import simulate

TABLES = ("accounts", "payments", "exchanges", "links", "truth", "truth_rings")


class Tables:
    """The tables of a world, for queries in SQL."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.con = duckdb.connect()
        self.con.execute("SET TimeZone = 'UTC'; SET threads = 1")
        for name in TABLES:
            if (folder / f"{name}.parquet").exists():
                self.con.execute(f"CREATE VIEW {name} AS FROM '{folder}/{name}.parquet'")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The result of a query."""
        return self.con.sql(query).fetchall()

    def one(self, query: str) -> Any:
        """The only value of a query."""
        ((value,),) = self.rows(query)
        return value


def made(folder: Path, accounts: int = 700, seed: int = 5, days: int | None = 28, **config: Any) -> Tables:
    """A world in `folder`."""
    simulate(folder, accounts=accounts, seed=seed, config=config, days=days)
    return Tables(folder)


def only(folder: Path, ring: str, *, size: int = 100, seed: int = 5, **dials: Any) -> Tables:
    """A world whose only ring is one of `size` accounts, with dials as given."""
    settings = {"accounts": 10 * size, **dials}
    return made(
        folder, accounts=600, seed=seed, rings=[ring], ring_share=(size + 0.5) / 600, lookalikes=["family"],
        lookalike_share=0.02, parameters={ring: settings},
    )  # fmt: skip
