"""Compile the numeric loops once, so that the first refresh does not spend its first half minute on it.

numba keeps what it compiles beside the modules (or in its user cache where they cannot be written).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from graphring.config import Settings
from graphring.refresh import refresh
from graphring.simulate import simulate

ACCOUNTS = 300

with tempfile.TemporaryDirectory(prefix="graphring-warm-up-") as folder:
    logs = Path(folder) / "logs"
    print("Compiling the numeric loops …")
    simulate(logs, accounts=ACCOUNTS, seed=1)
    refresh(logs, Settings(state=Path(folder) / "state"))
