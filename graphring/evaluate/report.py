"""The evaluation as one HTML file that needs nothing else: no script, no font, no network."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from graphring.evaluate import plots
from graphring.evaluate.results import Evaluation, NullResult, TruthScores
from graphring.evaluate.worldstats import WorldStats

__all__ = ["report_html"]


@dataclass(frozen=True)
class Figure:
    """A plot with what it says, for those who cannot see it too."""

    title: str
    caption: str
    image: Markup
    """A data address: an image cannot run scripts, whatever names are written in it."""


def report_html(evaluation: Evaluation, world: WorldStats | None = None) -> str:
    """Write the report.

    Parameters
    ----------
    world: what the traffic looks like (`world_stats`); None: its plots are left out.

    Raises
    ------
    GraphringError: the package that draws is not installed.
    """
    environment = Environment(
        loader=PackageLoader("graphring.evaluate", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"share": _share, "percent": _percent}
    truth = evaluation.truth
    return environment.get_template("report.html.j2").render(
        evaluation=evaluation,
        truth=truth,
        null=evaluation.null,
        world=world,
        truth_figures=_truth_figures(truth) if truth else [],
        dial_figures=_dial_figures(truth) if truth else [],
        null_figures=_null_figures(evaluation.null) if evaluation.null and evaluation.null.by_shuffle else [],
        world_figures=_world_figures(world) if world else [],
    )


def _truth_figures(truth: TruthScores) -> list[Figure]:
    figures = []
    if truth.kinds:
        said = "Share of the members of true rings who were flagged."
        figures.append(_figure("Recall by kind of ring", said, plots.bars(truth.kinds)))
    if truth.accounts_at_k:
        said = "Of the first k accounts by the score of their ring, how many are guilty; ties count in expectation."
        figures.append(_figure("Precision at k, accounts", said, plots.at_k(truth.accounts_at_k, "accounts")))
    if truth.rings_at_k:
        said = "Of the first k rings by score, how many are rings; recall is of those that were found at all."
        figures.append(_figure("Precision at k, rings", said, plots.at_k(truth.rings_at_k, "rings")))
    for title, calibration in (
        ("Reliability of member confidence", truth.member_confidence),
        ("Reliability of ring probability", truth.ring_probability),
    ):
        if calibration.bins:
            brier, error = _share(calibration.brier), _share(calibration.expected_error)
            said = f"On the diagonal: as often right as stated. Brier score {brier}, expected error {error}."
            figures.append(_figure(title, said, plots.reliability(calibration)))
    return figures


def _dial_figures(truth: TruthScores) -> list[Figure]:
    return [
        _figure(dial, f"Recall of accounts against the dial '{dial}' of their ring.", plots.dials(list(steps)))
        for dial, steps in groupby(truth.dials, key=lambda step: step.dial)
    ]


def _null_figures(null: NullResult) -> list[Figure]:
    said = f"{null.rings} rings in {null.shuffles} worlds in which who shares with whom is chance."
    return [_figure("Rings in shuffled worlds", said, plots.nulls(null))]


def _world_figures(world: WorldStats) -> list[Figure]:
    who = "innocent accounts" if world.innocent_only else "all accounts"
    figures = []
    if world.degrees:
        said = f"Share of objects that at least so many {who} share, by object type; both scales are logarithmic."
        figures.append(_figure("How many share an object", said, plots.degrees(world.degrees)))
    if world.requests.values:
        said = f"Share of {who} with at least so many requests; both scales are logarithmic."
        figures.append(_figure("Requests per account", said, plots.tail(world.requests, "requests of one account")))
    if any(world.hours["all"]):
        said = f"Traffic of {who} by hour of the week, all of it and that of the commonest countries."
        figures.append(_figure("Hours of the week", said, plots.hours(world.hours)))
    return figures


def _figure(title: str, caption: str, image: str) -> Figure:
    encoded = base64.b64encode(image.encode()).decode()
    return Figure(title, caption, Markup("data:image/svg+xml;base64,") + encoded)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.2f} %"
