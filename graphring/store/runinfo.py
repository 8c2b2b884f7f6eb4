"""A run's description as JSON, the same in every store."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from graphring.model import RunInfo

__all__ = ["run_from_json", "run_to_json"]


def run_to_json(run: RunInfo) -> str:
    """One line of JSON, keys sorted, times in ISO 8601."""
    values: dict[str, Any] = {**asdict(run), "started": run.started.isoformat(), "finished": run.finished.isoformat()}
    return json.dumps(values, sort_keys=True, ensure_ascii=False)


def run_from_json(text: str) -> RunInfo:
    """The run that `run_to_json` wrote.

    Raises
    ------
    ValueError: the text is something else.
    """
    values = json.loads(text)
    if not isinstance(values, dict):
        raise ValueError("a run is described by an object")  # noqa: TRY004 - callers catch one kind
    try:
        return RunInfo(
            **{
                **values,
                "started": datetime.fromisoformat(values["started"]),
                "finished": datetime.fromisoformat(values["finished"]),
                "warnings": tuple(values["warnings"]),
            }
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a run: {error}") from error
