"""A sweep as Markdown, for documents, and as JSON, for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from graphring.evaluate.intervals import Interval
from graphring.evaluate.present import plain
from graphring.evaluate.sweeping import Line, Sweep

__all__ = ["sweep_json", "sweep_markdown"]

HEADS = (
    ("precision", "precision"), ("recall", "recall"), ("benign_flagged", "benign flagged"),
    ("ring_precision", "ring precision"), ("ring_recall", "ring recall"), ("jaccard_median", "Jaccard, median"),
    ("jaccard_min", "Jaccard, lowest"), ("brier_members", "Brier, members"),
)  # fmt: skip


LEGEND = (
    "In brackets the 95 % interval of the mean by Student's t. Flagged: tier high or medium. Benign flagged: share of "
    "innocent accounts. –: not defined. Baselines have the setting that is best for them, chosen with the truth."
)


def sweep_json(sweep: Sweep) -> str:
    """Everything, keys sorted, floats rounded."""
    return json.dumps(plain(sweep), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def sweep_markdown(sweep: Sweep) -> str:
    """The tables of docs/detection.md: mean over seeds, 95 % interval in brackets."""
    n = len(sweep.seeds)
    parts = [
        f"Means over {n} {'seed' if n == 1 else 'seeds'} ({', '.join(map(str, sweep.seeds))}). {LEGEND}",
        _overview(sweep),
        *[_kinds(line) for line in sweep.presets],
        _look_alikes(sweep),
    ]
    parts += [_changes("Without one family of evidence", sweep.ablations)] if sweep.ablations else []
    parts += [_changes("One dial turned", sweep.dials)] if sweep.dials else []
    parts += [_dials(line) for line in sweep.presets if line.dials]
    return "\n\n".join(part for part in parts if part) + "\n"


def _overview(sweep: Sweep) -> str:
    lines = [*sweep.presets, sweep.ringless, *sweep.baselines]
    rows = [
        [line.name, *(_text(line.figures[key]) for key, _ in HEADS), str(line.rings), str(line.whole_groups)]
        for line in lines
    ]
    head = ["world", *(title for _, title in HEADS), "rings flagged", "whole groups accused"]
    return _section("Worlds", head, rows)


def _kinds(line: Line) -> str:
    rows = [[kind, _text(recall)] for kind, recall in line.kinds.items()]
    return _section(f"Recall by kind of ring: {line.name}", ["kind", "recall"], rows)


def _look_alikes(sweep: Sweep) -> str:
    lines = [*sweep.presets, sweep.ringless]
    kinds = sorted({kind for line in lines for kind in line.look_alikes})
    rows = [[kind or "(unlisted)", *(_text(line.look_alikes.get(kind), _percent) for line in lines)] for kind in kinds]
    return _section("Innocent accounts accused", ["kind", *(line.name for line in lines)], rows)


def _changes(title: str, lines: Sequence[Line]) -> str:
    rows = [
        [line.name, _text(line.figures["precision"]), _text(line.figures["recall"]), *_signed_pair(line.change)]
        for line in lines
    ]
    return _section(title, ["", "precision", "recall", "change of precision", "change of recall"], rows)


def _signed_pair(change: Mapping[str, Interval | None]) -> list[str]:
    return [_text(change.get(name), lambda v: f"{v:+.3f}") for name in ("precision", "recall")]


def _dials(line: Line) -> str:
    rows = [
        [d.dial, d.step, str(d.rings), str(d.accounts), "–" if d.recall is None else f"{d.recall:.2f}"]
        for d in line.dials
    ]
    title = f"Recall against camouflage: {line.name}, rings of all seeds"
    return _section(title, ["dial", "setting", "rings", "accounts", "recall"], rows)


def _section(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    ruler = "|" + "|".join(["---"] + ["--:"] * (len(head) - 1)) + "|"
    body = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join([f"**{title}**", "", "| " + " | ".join(head) + " |", ruler, *body])


def _text(value: Interval | None, form: Callable[[float], str] = lambda v: f"{v:.3f}") -> str:
    if value is None:
        return "–"
    if value.low is None or value.high is None:
        return form(value.mean)
    return f"{form(value.mean)} [{form(value.low)}, {form(value.high)}]"


def _percent(value: float) -> str:
    return f"{100 * value:.2f} %"
