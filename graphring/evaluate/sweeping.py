"""Many made worlds: figures with intervals over seeds, ablations, camouflage, baselines, and worlds without rings.

How a world is made and refreshed is the caller's: `run_world` hides it, so that nothing here depends on either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from graphring.errors import InputError
from graphring.evaluate.baselines import bipartite_leiden, union_find
from graphring.evaluate.dials import recall_by_dial
from graphring.evaluate.intervals import Interval, interval
from graphring.evaluate.judge import score
from graphring.evaluate.judged import findings_of
from graphring.evaluate.results import DialStep, TruthScores
from graphring.evaluate.truth import read_truth
from graphring.model import Family, GraphTables
from graphring.store import Snapshot

__all__ = ["FIGURES", "Line", "Outcome", "Plan", "RunWorld", "Sweep", "World", "sweep"]


@dataclass(frozen=True)
class World:
    """One world to make and refresh."""

    seed: int
    preset: str
    dials: Mapping[str, Any] = field(default_factory=dict)
    """Overrides of the simulator's configuration."""
    detect: Mapping[str, Any] = field(default_factory=dict)
    """Overrides of `settings.detect`."""


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    found: Snapshot | Mapping[str, pa.Table]
    """A published run, or the tables that `detect` returned."""
    truth: Path | pa.Table
    graph: GraphTables | None = None
    """For the baselines; None: they are left out."""


RunWorld = Callable[[World], Outcome]


@dataclass(frozen=True)
class Plan:
    """Which worlds."""

    seeds: Sequence[int]
    presets: Sequence[str]
    ringless: str
    """The preset whose truth has no ring; it is part of every sweep."""
    ablate: Sequence[str] = tuple(str(family) for family in Family)
    """Evidence families that are switched off one at a time, on the first preset."""
    dials: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """Dial → settings, turned one at a time on the first preset."""
    baselines: bool = True


@dataclass(frozen=True)
class Line:
    """One row of the table: figures over all seeds."""

    name: str
    figures: Mapping[str, Interval | None]
    """See `FIGURES`."""
    kinds: Mapping[str, Interval | None] = field(default_factory=dict)
    """Kind of ring → recall."""
    look_alikes: Mapping[str, Interval | None] = field(default_factory=dict)
    """Kind of innocent account → share accused."""
    dials: tuple[DialStep, ...] = ()
    """Rings of all seeds together."""
    change: Mapping[str, Interval | None] = field(default_factory=dict)
    """Difference to the same seeds of the first preset: precision, recall, f1."""
    rings: int = 0
    """Rings of tier high or medium, all seeds together."""
    whole_groups: int = 0
    """Groups of innocent accounts accused as a whole, all seeds together."""


@dataclass(frozen=True)
class Sweep:
    """The whole table."""

    seeds: tuple[int, ...]
    presets: tuple[Line, ...]
    ringless: Line
    ablations: tuple[Line, ...]
    dials: tuple[Line, ...]
    baselines: tuple[Line, ...]


FIGURES: Final[Mapping[str, Callable[[TruthScores], float | None]]] = {
    "precision": lambda t: t.accounts.precision,
    "recall": lambda t: t.accounts.recall,
    "f1": lambda t: t.accounts.f1,
    "benign_flagged": lambda t: t.accounts.false_accusation_rate,
    "ring_precision": lambda t: t.rings.precision,
    "ring_recall": lambda t: t.rings.recall,
    "guilty_share": lambda t: t.rings.guilty_share,
    "jaccard_median": lambda t: t.rings.jaccard_median,
    "jaccard_min": lambda t: t.rings.jaccard_min,
    "brier_members": lambda t: t.member_confidence.brier,
    "brier_rings": lambda t: t.ring_probability.brier,
}

UNION_FIND_DEGREES: Final = (3, 5, 10, 20, 50, 200)
LEIDEN_BITS: Final = (5.0, 10.0, 15.0, 20.0, 30.0, 45.0)


def sweep(run_world: RunWorld, plan: Plan, *, progress: Callable[[str, int, int | None], None] | None = None) -> Sweep:
    """Run a plan.

    Raises
    ------
    InputError: the plan has no seeds or presets, or the world without rings has some.
    """
    if not plan.seeds or not plan.presets:
        raise InputError("a sweep needs at least one seed and one preset")
    worlds = list(_worlds(plan))
    done: dict[str, list[TruthScores]] = {}
    simple: dict[str, list[TruthScores]] = {}
    for number, (name, world) in enumerate(worlds):
        if progress:
            progress(f"{name}, seed {world.seed}", number, len(worlds))
        outcome = run_world(world)
        truth = read_truth(outcome.truth)
        done.setdefault(name, []).append(score(findings_of(outcome.found), truth))
        if name == plan.ringless and done[name][-1].counts["rings"]:
            raise InputError(f"the world '{plan.ringless}' has rings (seed {world.seed})", "It must have none")
        if plan.baselines and outcome.graph is not None and name in plan.presets:
            for label, scores in _baselines(outcome.graph, truth).items():
                simple.setdefault(f"{name}: {label}", []).append(scores)
    first = done[plan.presets[0]]
    return Sweep(
        seeds=tuple(plan.seeds),
        presets=tuple(_line(name, done[name]) for name in plan.presets),
        ringless=_line(plan.ringless, done[plan.ringless]),
        ablations=tuple(_line(f"without {f}", done[f"without {f}"], first) for f in plan.ablate),
        dials=tuple(_line(name, scores, first) for name, scores in done.items() if " = " in name),
        baselines=_best(simple),
    )


def _worlds(plan: Plan) -> Iterator[tuple[str, World]]:
    base = plan.presets[0]
    for seed in plan.seeds:
        for preset in dict.fromkeys([*plan.presets, plan.ringless]):
            yield preset, World(seed, preset)
        for family in plan.ablate:
            yield f"without {family}", World(seed, base, detect={"disabled_families": [family]})
        for dial, settings in plan.dials.items():
            for setting in settings:
                yield f"{dial} = {setting}", World(seed, base, dials={dial: setting})


def _line(name: str, scores: Sequence[TruthScores], beside: Sequence[TruthScores] = ()) -> Line:
    recalls = [(line.kind, line.recall) for s in scores for line in s.kinds]
    rates = [(line.kind, line.rate) for s in scores for line in s.look_alikes]
    pairs = list(zip(scores, beside, strict=True)) if beside else []
    change = {
        name: interval([_minus(FIGURES[name](mine), FIGURES[name](base)) for mine, base in pairs], share=False)
        for name in ("precision", "recall", "f1")
    }
    return Line(
        name=name,
        figures={figure: interval([read(s) for s in scores]) for figure, read in FIGURES.items()},
        kinds=_by_kind(recalls),
        look_alikes=_by_kind(rates),
        dials=recall_by_dial([match for s in scores for match in s.rings.matches]),
        change=change if beside else {},
        rings=sum(s.rings.found for s in scores),
        whole_groups=sum(line.whole_groups for s in scores for line in s.look_alikes),
    )


def _by_kind(figures: Sequence[tuple[str, float | None]]) -> dict[str, Interval | None]:
    kinds = sorted({kind for kind, _ in figures})
    return {kind: interval([value for name, value in figures if name == kind]) for kind in kinds}


def _minus(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b


def _baselines(graph: GraphTables, truth: Any) -> dict[str, TruthScores]:
    found = {
        f"union-find, objects of at most {d} accounts": union_find(graph, max_degree=d) for d in UNION_FIND_DEGREES
    }
    found |= {f"Leiden, at least {b:g} bits": bipartite_leiden(graph, threshold=b) for b in LEIDEN_BITS}
    return {label: score(findings_of(tables), truth) for label, tables in found.items()}


def _best(scores: Mapping[str, Sequence[TruthScores]]) -> tuple[Line, ...]:
    """For each preset and method the setting with the best F1, chosen with the truth in hand, as no user could."""
    lines = [_line(name, found) for name, found in scores.items()]
    best: dict[str, Line] = {}
    for line in lines:
        method = line.name.split(",")[0]
        if method not in best or _f1(line) > _f1(best[method]):
            best[method] = line
    return tuple(best.values())


def _f1(line: Line) -> float:
    f1 = line.figures["f1"]
    return f1.mean if f1 else -1.0
