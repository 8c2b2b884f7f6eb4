"""What an on-call wants to know first: does this installation stand, and can its state be read?"""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from graphring.config import Settings
from graphring.errors import GraphringError, NoRunError
from graphring.refresh.calibration import read_calibration
from graphring.refresh.state import State

__all__ = ["Finding", "examine"]

_LIBRARIES = ("duckdb", "ibis-framework", "igraph", "leidenalg", "pyarrow", "numba", "streamlit", "sqlalchemy", "neo4j")
_LOW_SPACE = 2 * 1024**3


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    detail: str


def examine(settings: Settings) -> list[Finding]:
    """Look at Python, libraries, disk, store, last run, casebook and calibration; nothing is created or changed."""
    findings = list(_installation())
    findings.append(_disk(settings))
    with State(settings) as state:
        if not settings.store and not settings.state.is_dir():
            findings.append(Finding("state", False, f"there is no directory {settings.state}; run graphring refresh"))
            return findings
        findings.append(_checked("store", lambda: _run_of(state)))
        findings.append(_checked("casebook", lambda: _casebook_of(state)))
        findings.append(_checked("calibration", lambda: _calibration_of(settings)))
    return findings


def _installation() -> Iterator[Finding]:
    yield Finding("Python", sys.version_info >= (3, 11), sys.version.split()[0])
    for name in _LIBRARIES:
        module = "ibis" if name == "ibis-framework" else name
        try:
            importlib.import_module(module)
            yield Finding(name, True, version(name))
        except (ImportError, PackageNotFoundError, OSError) as error:
            yield Finding(name, False, f"cannot be loaded: {error}")


def _disk(settings: Settings) -> Finding:
    place = settings.state.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    return Finding("disk", free > _LOW_SPACE, f"{free / 1024**3:.1f} GiB free at {place}")


def _checked(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except GraphringError as error:
        return Finding(what, isinstance(error, NoRunError), str(error))


def _run_of(state: State) -> str:
    run = state.snapshot().run
    rings = run.counts.get("rings", 0)
    where = state.settings.store or "embedded"
    return f"{where}, last run {run.run_id} of {run.finished:%Y-%m-%d %H:%M} UTC, {rings} rings"


def _calibration_of(settings: Settings) -> str:
    found = read_calibration(settings)
    if found is None:
        return "none: the packaged curve holds"
    newest = f", the newest of {found.as_of[:10]}" if found.as_of else ""
    known = f"{found.rings} known outcome{'' if found.rings == 1 else 's'}{newest}"
    return f"from {found.source} ({known}): even at {found.even_bits:g} bits, slope {found.slope:g}"


def _casebook_of(state: State) -> str:
    if not state.settings.casebook and not (state.settings.state / "casebook.db").exists():
        return "none yet; it is made with the first decision"
    state.casebook.verify()
    return f"{len(state.casebook.entries())} entries, the hash chain is whole"
