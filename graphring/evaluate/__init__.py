"""How good is detection? Figures against a truth, null runs, baselines and sweeps over made worlds.

Modules are loaded when one of their names is first asked for: plots, graph libraries and compiled loops take seconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphring.evaluate.baselines import bipartite_leiden, union_find
    from graphring.evaluate.judge import evaluate, score
    from graphring.evaluate.judged import Findings, findings_of
    from graphring.evaluate.nulls import null_runs
    from graphring.evaluate.present import to_json, to_table
    from graphring.evaluate.present_sweep import sweep_json, sweep_markdown
    from graphring.evaluate.report import report_html
    from graphring.evaluate.results import Evaluation, NullResult, TruthScores
    from graphring.evaluate.shuffling import shuffle
    from graphring.evaluate.sweeping import Outcome, Plan, Sweep, World, sweep
    from graphring.evaluate.truth import Truth, read_truth
    from graphring.evaluate.worldstats import WorldStats, world_stats

__all__ = [
    "Evaluation",
    "Findings",
    "NullResult",
    "Outcome",
    "Plan",
    "Sweep",
    "Truth",
    "TruthScores",
    "World",
    "WorldStats",
    "bipartite_leiden",
    "evaluate",
    "findings_of",
    "null_runs",
    "read_truth",
    "report_html",
    "score",
    "shuffle",
    "sweep",
    "sweep_json",
    "sweep_markdown",
    "to_json",
    "to_table",
    "union_find",
    "world_stats",
]

_HOME = {
    "Evaluation": "results",
    "Findings": "judged",
    "NullResult": "results",
    "Outcome": "sweeping",
    "Plan": "sweeping",
    "Sweep": "sweeping",
    "Truth": "truth",
    "TruthScores": "results",
    "World": "sweeping",
    "WorldStats": "worldstats",
    "bipartite_leiden": "baselines",
    "evaluate": "judge",
    "findings_of": "judged",
    "null_runs": "nulls",
    "read_truth": "truth",
    "report_html": "report",
    "score": "judge",
    "shuffle": "shuffling",
    "sweep": "sweeping",
    "sweep_json": "present_sweep",
    "sweep_markdown": "present_sweep",
    "to_json": "present",
    "to_table": "present",
    "union_find": "baselines",
    "world_stats": "worldstats",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'graphring.evaluate' has no attribute '{name}'")
    return getattr(import_module(f"graphring.evaluate.{_HOME[name]}"), name)
