"""An evaluation as JSON for programs and as tables for a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from itertools import groupby
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from graphring.evaluate.results import Evaluation, NullResult, TruthScores

__all__ = ["DIGITS", "plain", "to_json", "to_table"]

DIGITS = 6
"""Decimals that JSON carries; beyond them sums of floats may differ between machines."""


def plain(value: Any) -> Any:
    """Dataclasses, tuples and mappings as what JSON knows; floats rounded to `DIGITS`."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(vars(value))
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return round(value, DIGITS) + 0.0  # no minus zero
    return value


def to_json(evaluation: Evaluation) -> str:
    """One JSON object with `run`, `rings`, `members`, `truth` and `null`; keys sorted, so that the same run gives the
    same bytes. `truth` is null where none was given; in it, `precision`, `recall` and `f1` repeat those of `accounts`.
    """
    truth = None
    if evaluation.truth is not None:
        truth = plain(evaluation.truth)
        truth |= {name: truth["accounts"][name] for name in ("precision", "recall", "f1")}
    whole = {
        "run": evaluation.run_id,
        "rings": dict(evaluation.rings),
        "members": dict(evaluation.members),
        "truth": truth,
        "null": plain(evaluation.null),
    }
    return json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def to_table(evaluation: Evaluation) -> RenderableType:
    """The same for a terminal. Names from the truth are shown as plain text, never as markup."""
    parts: list[RenderableType] = [_found(evaluation)]
    if evaluation.truth is not None:
        parts += _truth(evaluation.truth)
    if evaluation.null is not None:
        parts.append(_null(evaluation.null))
    return Group(*parts)


def _truth(truth: TruthScores) -> list[RenderableType]:
    a, w, r = truth.accounts, truth.watch, truth.rings
    rows: list[Sequence[object]] = [
        ("accounts flagged / guilty / both", f"{a.flagged:,} / {a.guilty:,} / {a.hits:,}"),
        ("precision, recall, F1", f"{_p(a.precision)}  {_p(a.recall)}  {_p(a.f1)}"),
        ("benign accounts flagged", f"{a.false_accusations:,} of {a.benign:,} ({_percent(a.false_accusation_rate)})"),
        ("watched besides: accounts, precision", f"{w.accounts:,}  {_p(w.precision)}"),
        ("rings flagged / true", f"{r.found:,} / {r.true:,}"),
        ("ring precision, recall, mostly guilty", f"{_p(r.precision)}  {_p(r.recall)}  {_p(r.guilty_share)}"),
        ("best-match Jaccard: median, lowest", f"{_p(r.jaccard_median)}  {_p(r.jaccard_min)}"),
        ("member confidence: Brier, expected error", _calibrated(truth.member_confidence)),
        ("ring probability: Brier, expected error", _calibrated(truth.ring_probability)),
    ]
    return [_table("Against the truth", ("what", "value"), rows), *_details(truth)]


def _details(truth: TruthScores) -> list[RenderableType]:
    parts: list[tuple[str, str, list[Sequence[object]]]] = [
        (
            "Recall by kind",
            "kind of ring|rings|accounts|recall|Jaccard median|lowest",
            [
                (k.kind or "–", k.rings, f"{k.accounts:,}", _p(k.recall), _p(k.jaccard_median), _p(k.jaccard_min))
                for k in truth.kinds
            ],
        ),
        (
            "False accusations",
            "innocent kind|accounts|accused|rate|groups|as a whole|rings",
            [
                (x.kind or "–", f"{x.accounts:,}", x.accused, _percent(x.rate), x.groups, x.whole_groups, x.rings)
                for x in truth.look_alikes
            ],
        ),
        (
            "Recall against camouflage",
            "dial|setting|rings|accounts|recall|Jaccard median",
            [(d.dial, d.step, d.rings, f"{d.accounts:,}", _p(d.recall), _p(d.jaccard_median)) for d in truth.dials],
        ),
    ]
    return [_table(title, head.split("|"), rows) for title, head, rows in parts if rows]


def _found(evaluation: Evaluation) -> Table:
    rows = [(tier, n, f"{evaluation.members.get(tier, 0):,}") for tier, n in evaluation.rings.items()]
    return _table(f"Found by {evaluation.run_id}", ("tier", "rings", "accounts"), rows)


def _null(null: NullResult) -> Table:
    tiers = ", ".join(f"{n} {tier}" for tier, n in null.tiers.items() if n) or "none"
    rows = [
        ("shuffles", null.shuffles),
        ("rings found in them", f"{null.rings} ({tiers})"),
        ("accounts", null.accounts),
        ("rings in each", _runs([sum(run.values()) for run in null.by_shuffle])),
        ("highest score in each", _runs([f"{b:.1f}" if b is not None else "none" for b in null.best_scores])),
    ]
    return _table("Where nothing is", ("what", "value"), rows)


def _runs(values: Sequence[object]) -> str:
    """In order, the same ones in a row counted: `0 (19 times), 1`."""
    told = []
    for value, same in groupby(values):
        times = len(list(same))
        told.append(f"{value} ({times} times)" if times > 1 else f"{value}")
    return ", ".join(told)


def _calibrated(calibration: Any) -> str:
    return f"{_p(calibration.brier)}  {_p(calibration.expected_error)}  (n = {calibration.count:,})"


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, name in enumerate(head):
        table.add_column(name, justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*(Text(_safe(str(cell))) for cell in row))
    return table


def _safe(text: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in text)[:60]


def _p(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.2f} %"
