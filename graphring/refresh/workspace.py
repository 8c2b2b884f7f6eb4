"""Where the stages of one run keep their outputs, and which of them are done."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from graphring.model import Traffic

__all__ = ["Workspace"]


@dataclass(frozen=True)
class Workspace:
    """A folder of typed stage outputs. A stage is done when its marker is there, never before its outputs are."""

    root: Path

    @property
    def tables(self) -> Path:
        """Accounts, payments and links as read, and their quarantine."""
        return self.root / "tables"

    @property
    def exchange_quarantine(self) -> Path:
        """Exchanges that were left out."""
        return self.root / "quarantine-exchanges.parquet"

    @property
    def settled(self) -> Path:
        """Validated, compact tables."""
        return self.root / "settled"

    @property
    def parts(self) -> Path:
        """Compact exchanges as they stream by, before duplicates are dropped."""
        return self.root / "parts"

    @property
    def templates(self) -> Path:
        """Template families, assignments and what the next night needs."""
        return self.root / "templates"

    @property
    def graph(self) -> Path:
        """The graph as built from the logs."""
        return self.root / "graph"

    @property
    def found(self) -> Path:
        """What detection found."""
        return self.root / "found"

    @property
    def scratch(self) -> Path:
        """Where the table engine spills."""
        return self.root / "scratch"

    @property
    def traffic(self) -> Traffic:
        """Paths of the compact traffic."""
        return Traffic(
            accounts=self.settled / "accounts.parquet",
            payments=self.settled / "payments.parquet",
            links=self.settled / "links.parquet",
            exchanges=self.settled / "exchanges.parquet",
            ips=self.settled / "ips.parquet",
            families=self.templates / "families.parquet",
            assignments=self.templates / "assignments.parquet",
        )

    def counts_of(self, stage: str) -> Mapping[str, int] | None:
        """What a finished stage counted; None: it is not done."""
        marker = self._marker(stage)
        if not marker.exists():
            return None
        counts: dict[str, int] = json.loads(marker.read_text(encoding="utf-8"))
        return counts

    def finish(self, stage: str, counts: Mapping[str, int]) -> None:
        """Mark a stage as done."""
        from graphring.engine import atomic, writing  # noqa: PLC0415 (reading a state needs no table engine)

        marker = self._marker(stage)
        with writing(marker), atomic(marker) as part:
            part.write_text(json.dumps(dict(sorted(counts.items()))), encoding="utf-8")

    def fresh(self, folder: Path) -> Path:
        """`folder`, empty: what a killed stage left behind is removed."""
        from graphring.engine import writing  # noqa: PLC0415 (as above)

        with writing(folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        return folder

    def remove_others(self) -> None:
        """Remove the work of other runs beside this one."""
        for other in self.root.parent.iterdir():
            if other != self.root and other.is_dir():
                shutil.rmtree(other, ignore_errors=True)

    def _marker(self, stage: str) -> Path:
        return self.root / f"{stage}.done.json"
