"""The parameters of worlds as docs/simulation.md shows them: `python -m graphring.simulate.reference` prints them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields

from graphring.simulate.background import TRAITS
from graphring.simulate.parameters import PRESETS, Span, WorldSettings
from graphring.simulate.registry import LOOKALIKES, RINGS, Scenario
from graphring.simulate.rings.campaign import COMMON

__all__ = ["markdown"]


def markdown() -> str:
    """Settings, presets, the background's parameters and those of each scenario, as Markdown tables."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield from ("### Settings", "", "| setting | default | what it is |", "|---|---|---|")
    for setting in fields(WorldSettings):
        default = getattr(WorldSettings(), setting.name)
        shown = "all" if default == () else "none" if default == {} else _shown(default)
        yield f"| `{setting.name}` | {shown} | {setting.metadata['doc']} |"
    yield from ("", "### Presets", "", "| preset | settings |", "|---|---|")
    for name, values in PRESETS.items():
        yield f"| `{name}` | {', '.join(f'`{k} = {_shown(v)}`' for k, v in values.items()) or 'as above'} |"
    yield from _section("Background", TRAITS)
    yield from _section("Every ring", COMMON)
    for scenario in RINGS.values():
        own = {name: span for name, span in scenario.spans.items() if COMMON.get(name) != span}
        yield from _section(f"Ring `{scenario.name}`", own, _about(scenario))
    for scenario in LOOKALIKES.values():
        yield from _section(f"Look-alike `{scenario.name}`", scenario.spans, _about(scenario))


def _about(scenario: Scenario) -> str:
    return (type(scenario).__doc__ or "").strip().splitlines()[0]


def _section(title: str, spans: Mapping[str, Span], about: str = "") -> Iterator[str]:
    yield from ("", f"### {title}", "")
    if about:
        yield from (about, "")
    yield from ("| parameter | from | to | what it is |", "|---|---|---|---|")
    for name in sorted(spans):
        span = spans[name]
        kind = {1: " ▲", -1: " ▼", 0: ""}[span.hides]
        yield f"| `{name}`{kind} | {span.low:g} | {span.high:g}{' (log)' if span.log else ''} | {span.doc} |"


def _shown(value: object) -> str:
    return f"[{value[0]:g}, {value[1]:g}]" if isinstance(value, tuple) else f"{value:g}"


if __name__ == "__main__":
    sys.stdout.write(markdown())
