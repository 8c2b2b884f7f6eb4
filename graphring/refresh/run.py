"""One refresh, from logs to a published run."""

from __future__ import annotations

import hashlib
import json
import logging
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import structlog

import graphring
from graphring.cases import ring_number
from graphring.config import Settings, load_settings
from graphring.engine import Engine
from graphring.errors import NoRunError
from graphring.intake import Reader, Sources, discover
from graphring.model import RunInfo
from graphring.refresh.calibration import calibrated
from graphring.refresh.rings import first_free_number
from graphring.refresh.stages import STAGES, Context, Progress, found_tables
from graphring.refresh.state import State
from graphring.store import Snapshot

__all__ = ["refresh"]

log = structlog.get_logger("graphring.refresh")


def refresh(
    logs: str | Path | Sequence[str | Path],
    settings: Settings | None = None,
    *,
    progress: Progress | None = None,
    **options: Any,
) -> RunInfo:
    """Read logs, find rings, publish them as one run.

    A run that was killed goes on from its last finished stage when the same logs are given with the same settings.
    Until the new run is published, readers see the last one.

    Parameters
    ----------
    logs: a folder, file or glob in the input contract, or several.
    settings: what load_settings gives; None: graphring.toml, environment and `options` decide.
    progress: called with (what, done, total or None) as the run goes on.

    Raises
    ------
    SourceError: the logs cannot be used; LockHeldError: another run is at work; DiskFullError, StoreError.
    """
    _log_to_standard_error()
    settings = settings or load_settings(**options)
    entries = [logs] if isinstance(logs, str | Path) else list(logs)
    sources = discover(entries, settings)
    with State(settings) as state, state.store.lock():
        return _locked(state, sources, progress or _silent)


def _locked(state: State, sources: Sources, progress: Progress) -> RunInfo:
    started = datetime.now(UTC)
    settings = calibrated(state.settings)
    last = _last(state)
    number = last.run.number + 1 if last else 1
    key = _fingerprint(sources, settings)
    run_id = f"run-{number:05d}-{key[:8]}"
    work = state.workspace(run_id)
    counts: dict[str, int] = {}
    seconds: dict[str, float] = {}
    with Engine(
        threads=settings.worker_threads, memory_limit=settings.memory_limit, scratch=work.fresh(work.scratch)
    ) as engine:
        context = Context(
            settings=settings,
            engine=engine,
            sources=sources,
            reader=Reader(engine, sources, settings, progress=progress),
            work=work,
            store=state.store,
            run_id=run_id,
            known_families=state.workspace(last.run.run_id).templates if last else None,
            previous=_previous(last),
            first_number=first_free_number(state, last),
            progress=progress,
        )
        for position, stage in enumerate(STAGES):
            progress(stage.title, position, len(STAGES))
            done = work.counts_of(stage.name) if stage.resumable else None
            if done is None:
                before = time.monotonic()
                done = stage.run(context)
                work.finish(stage.name, done)
                seconds[stage.name] = round(time.monotonic() - before, 3)
                log.info("stage finished", stage=stage.name, seconds=seconds[stage.name], peak_mib=_peak_mib(), **done)
            else:
                log.info("stage was finished by an earlier, interrupted run", stage=stage.name)
            counts.update(done)
    tables = found_tables(work)
    warnings = context.reader.warnings()
    counts["quarantined"] = tables["quarantine"].num_rows
    info = RunInfo(
        run_id=run_id, number=number, started=started, finished=datetime.now(UTC), version=graphring.__version__,
        fingerprint=key, counts=counts, stages=seconds, warnings=warnings,
    )  # fmt: skip
    state.store.publish(info, tables)
    _protect_ring_numbers(state, tables["rings"])
    work.remove_others()
    progress("published", len(STAGES), len(STAGES))
    return info


def _log_to_standard_error() -> None:
    """Where nobody configured logging: warnings only, and never among results on standard output."""
    if not structlog.is_configured():
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        )


def _peak_mib() -> int:
    """The most memory that this process held so far, MiB (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _silent(_what: str, _done: int, _total: int | None) -> None:
    """Progress for nobody."""


def _last(state: State) -> Snapshot | None:
    try:
        return state.snapshot()
    except NoRunError:
        return None


def _previous(last: Snapshot | None) -> Mapping[str, pa.Table] | None:
    """What the last run found, and what it remembered of every ring before."""
    if last is None:
        return None
    return {"rings": last.rings(), "members": last.members(), "ledger": last.ledger(), "lineage": last.lineage()}


def _protect_ring_numbers(state: State, rings: pa.Table) -> None:
    """Enter the highest ring id in the casebook, so that ids are not given again where the graph's state is lost."""
    highest = max(rings["ring_id"].to_pylist(), key=ring_number, default=None)
    if highest is not None:
        state.casebook.record("refresh", "published", highest, detail=f"{rings.num_rows} rings")


def _fingerprint(sources: Sources, settings: Settings) -> str:
    """SHA-256 over what decides the result: inputs, version, and the settings that change rings."""
    decisive = settings.model_dump(mode="json", include={"intake", "columns", "templates", "detect", "store"})
    text = json.dumps([graphring.__version__, sources.fingerprint(), decisive], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
