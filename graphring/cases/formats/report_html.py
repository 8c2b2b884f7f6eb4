"""report.html: the case for a person. One file, nothing loaded from anywhere, no script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from graphring.cases.case import LIMITS_OF_THE_METHOD, Case, Row
from graphring.cases.charts import heat_map, waterfall
from graphring.cases.entry import moment
from graphring.cases.formats import wording
from graphring.cases.text import visible
from graphring.detect.narrate import chance, counted, cut_of, dissolution, without_families
from graphring.model import Tier

__all__ = ["FILE_NAME", "render"]

FILE_NAME: Final = "report.html"

_ACCOUNTS: Final = 200
_OBJECTS: Final = 25
_FAMILIES: Final = 5
_COLOURS: Final = {"for": "#23527c", "against": "#b5541c", "total": "#1b2430"}
_SHADES: Final = ("#f1f4f8", "#d3e0ec", "#a5c1da", "#6c98c0", "#3c6f9f", "#173f66")


def render(case: Case) -> bytes:
    """Self-contained HTML in UTF-8. Long tables are cut and say so; accounts.csv and case.json are complete."""
    style = _style()
    evidence = case.evidence
    html = (
        _environment()
        .get_template("report.html.j2")
        .render(
            case=case,
            style=Markup(style),  # noqa: S704 - our own file
            style_hash="sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
            tier=case.ring["tier"] if case.ring["tier"] in set(Tier) else "watch",
            tier_name=wording.tier(case.ring["tier"]),
            others=wording.others(case),
            standing=wording.standing(case),
            summary=wording.summary(case),
            history=wording.history(case),
            fall=waterfall(evidence, float(case.ring["score"] or 0.0)),
            facts=[row for row in evidence if not row["inferred"]],
            inferences=[row for row in evidence if row["inferred"]],
            without=without_families(case.ring, evidence),
            dissolution=dissolution(case.ring, case.objects),
            cut=cut_of(case.objects),
            chance=chance(case.ring),
            counted=counted(case.accounts),
            objects=case.objects[:_OBJECTS],
            families=case.families[:_FAMILIES],
            heat=heat_map(case.activity),
            accounts=_surest(case.accounts),
            said=wording.said(case),
            limits=LIMITS_OF_THE_METHOD,
            folder=wording.folder(case),
            exported_at=moment(case.export.at),
            colours=_COLOURS,
            shades=_SHADES,
        )
    )
    return html.encode("utf-8")


def _surest(accounts: Sequence[Row]) -> list[Row]:
    members = sorted(accounts, key=lambda r: (r["role"] != "member", -(r["confidence"] or 0.0), r["account_id"]))
    return members[:_ACCOUNTS]


def _style() -> str:
    """Line ends as the HTML parser sees them, or the hash in the policy would not fit."""
    text = resources.files("graphring.cases.formats").joinpath("report.css").read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("graphring.cases", "formats"), autoescape=True, undefined=StrictUndefined
    )
    filters: dict[str, Any] = {
        "visible": visible,
        "number": wording.number,
        "bits": wording.signed,
        "bits_plain": wording.plain,
        "figures": wording.figures,
        "percent": wording.percent,
        "confidence": wording.confidence,
        "kind": wording.kind,
        "prose": wording.prose,
        "day": wording.day,
        "minute": wording.minute,
    }
    environment.filters.update(filters)
    return environment
