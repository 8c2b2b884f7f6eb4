"""What was written to the database, kept beside the state, so that a night's delta is found without reading it all."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from graphring.engine.duck import writing
from graphring.store.neo4j.stored import SCHEMAS, Stored

__all__ = ["Mirror"]


class Mirror:
    """Copies, beside the state, of what was written to the database, each under a token made of its content.

    The database says which of them it holds, so that a mirror that is missing or of another database is noticed and
    nothing is assumed.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def write(self, stored: Stored) -> str:
        """Keep a copy; returns its token.

        One that is whole already stays where it is: the night's changes are looked for in it meanwhile.
        """
        part = self._directory / ".part"
        with writing(self._directory):
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            for name, data in [*stored.tables.items(), ("weights", stored.weights)]:
                pq.write_table(data, part / f"{name}.parquet", compression="snappy", write_statistics=False)
            token = _token(part)
            if self.read(token) is None:
                shutil.rmtree(self._directory / token, ignore_errors=True)
                part.rename(self._directory / token)
            else:
                shutil.rmtree(part)
        return token

    def find(self, stored: Stored, tokens: Sequence[str]) -> str | None:
        """Which of `tokens` is a copy of just this graph, though not necessarily of the same bytes."""
        for token in tokens:
            files = self.read(token)
            if files is not None and all(pq.read_table(files[name]).equals(stored.tables[name]) for name in SCHEMAS):
                return token
        return None

    def read(self, token: str) -> dict[str, Path] | None:
        """Parquet files by the names of `SCHEMAS`; None where there is no copy, or one that is not what it was."""
        directory = self._directory / token
        try:
            if _token(directory) != token:
                return None
        except OSError:
            return None
        return {name: directory / f"{name}.parquet" for name in SCHEMAS}

    def keep(self, tokens: Sequence[str]) -> None:
        """Remove every other copy; with none, all of them."""
        if self._directory.is_dir():
            for path in sorted(self._directory.iterdir()):
                if path.name not in tokens:
                    shutil.rmtree(path, ignore_errors=True)


def _token(directory: Path) -> str:
    digest = hashlib.sha256()
    for name in (*SCHEMAS, "weights"):
        with (directory / f"{name}.parquet").open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
