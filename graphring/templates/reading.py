"""The one look at raw texts: a few sampled prompts of each group, and what wording they have in common."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import structlog

from graphring.templates.groups import PAYLOAD, SYSTEMS, WRAPPER, Group, Labels
from graphring.templates.night import Night
from graphring.templates.parameters import Parameters
from graphring.templates.tally import sample, smallest, tally
from graphring.templates.wording import outer_words, wording

__all__ = ["Loose", "Texts", "read_texts"]

log = structlog.get_logger("graphring.templates")
_LIMITS: Final = {WRAPPER: "templates.families", PAYLOAD: "templates.payloads"}

_PLACEHOLDER: Final = re.compile(r"\{[^\W\d]\w*\}")

Texts = Callable[[Sequence[str]], pa.Table]


@dataclass(frozen=True)
class Loose:
    """A prompt that no wording explains."""

    words: tuple[str, ...]
    """Folded, in order."""
    blank: bool
    """Whether it has a slot with nothing in it, as `{question}`."""


def read_texts(
    night: Night, labels: Labels, groups: list[Group], texts: Texts, chosen: Parameters
) -> dict[int, Loose]:  # fmt: skip
    """Ask once for the sampled prompts of the largest groups, and find the wording of each.

    Returns the words of a sample of the rows, of different prompts, that no known wording explains.
    """
    _pick_rows(night, labels, groups, chosen)
    new = np.array([*(g.known is None for g in groups), True])
    loose = smallest(np.flatnonzero(new[labels.first()]), night.prompt, chosen.cloud_texts)
    wanted = sorted({row for g in groups for row in g.rows} | set(loose.tolist()))
    if not wanted:
        return {}
    ids = night.pick("exchange_id", np.array(wanted, np.int64))
    raw = {r["exchange_id"]: r for r in texts([i for i in ids if i is not None]).to_pylist()}
    rows = {row: raw[i] for row, i in zip(wanted, ids, strict=True) if i in raw}
    for g in groups:
        _word(g, [rows[row] for row in g.rows if row in rows], chosen)
    kept = [row for row in loose.tolist() if row in rows]
    return {row: _loose(rows[row]["prompt"] or "", chosen.words) for row in kept}


def _loose(text: str, most: int) -> Loose:
    return Loose(outer_words(text, most), _PLACEHOLDER.search(text[: 40 * most]) is not None)


def _pick_rows(night: Night, labels: Labels, groups: list[Group], chosen: Parameters) -> None:
    """Sample rows of different texts of each group, of as many groups as may be read."""
    n, most = len(groups), chosen.samples
    wrappers, payloads = labels.tally(night, n), tally(night, labels.payload, n)
    rows = {
        "prompt": sample(labels.wrapper, night.prompt, n, most),
        "template": sample(labels.beneath, night.prompt, n, most),
        **dict.fromkeys(SYSTEMS, sample(labels.beneath, night.system, n, most)),
    }
    shared = sample(labels.payload, night.prompt, n, most)
    for kind, count, limit in ((WRAPPER, wrappers, chosen.families), (PAYLOAD, payloads, chosen.payloads)):
        candidates = [
            i for i, g in enumerate(groups)
            if g.kind == kind and g.known is None and count.accounts[i] >= chosen.min_accounts
        ]  # fmt: skip
        candidates.sort(key=lambda i: (-count.accounts[i], -count.exchanges[i], groups[i].keys))
        if len(candidates) > limit:
            tell = log.warning if kind == WRAPPER else log.info
            tell(f"new {kind}s left out", found=len(candidates), read=limit, setting=_LIMITS[kind])
        for i in candidates[:limit]:
            picked = shared if kind == PAYLOAD else rows[groups[i].source]
            groups[i].rows = [row for row in picked[i].tolist() if row >= 0]


def _word(group: Group, rows: list[dict[str, str | None]], chosen: Parameters) -> None:
    column = "system_prompt" if group.source in SYSTEMS else "prompt"
    shown = [row[column] or "" for row in rows]
    if not shown:
        return
    if len(shown) == 1 and group.source != "template":
        shown *= 2
    if group.source == "prompt" and group.kind == WRAPPER and len(shown) < chosen.min_prompts:
        group.kind = PAYLOAD
    group.wording = wording(shown, chosen.words, chosen.shared, chosen.firm)
