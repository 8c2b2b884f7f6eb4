"""How good is detection? Figures against a truth, null runs, baselines and sweeps over made worlds."""

from graphring.evaluate.baselines import bipartite_leiden, union_find
from graphring.evaluate.judge import evaluate, score
from graphring.evaluate.judged import Findings, findings_of
from graphring.evaluate.nulls import null_runs
from graphring.evaluate.present import to_json, to_table
from graphring.evaluate.present_sweep import sweep_json, sweep_markdown
from graphring.evaluate.results import Evaluation, NullResult, TruthScores
from graphring.evaluate.shuffle import shuffle
from graphring.evaluate.sweep import Outcome, Plan, Sweep, World, sweep
from graphring.evaluate.truth import Truth, read_truth

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
    "bipartite_leiden",
    "evaluate",
    "findings_of",
    "null_runs",
    "read_truth",
    "score",
    "shuffle",
    "sweep",
    "sweep_json",
    "sweep_markdown",
    "to_json",
    "to_table",
    "union_find",
]
