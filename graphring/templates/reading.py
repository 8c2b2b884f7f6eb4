"""The one look at raw texts: a few sampled prompts of each group, and what wording they have in common."""

# ruff: noqa: PLR0917 - the stages hand on what they share
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import structlog

from graphring.templates.attach import Tokens, tokens
from graphring.templates.groups import PAYLOAD, SYSTEMS, WRAPPER, Group
from graphring.templates.night import Night
from graphring.templates.parameters import Parameters
from graphring.templates.table import Codes
from graphring.templates.tally import sample, tally
from graphring.templates.wording import outer_words, wording

__all__ = ["Texts", "read_texts"]

log = structlog.get_logger("graphring.templates")
_LIMITS: Final = {WRAPPER: "templates.families", PAYLOAD: "templates.payloads"}

Texts = Callable[[Sequence[str]], pa.Table]


def read_texts(
    night: Night, label: Codes, payload: Codes, groups: list[Group], texts: Texts, chosen: Parameters
) -> dict[int, Tokens]:  # fmt: skip
    """Ask once for the sampled prompts of the largest groups, and find the wording of each.

    Returns the words of a sample of the rows that have no wrapper.
    """
    _pick_rows(night, label, payload, groups, chosen)
    loose = sample(np.where(label < 0, 0, -1).astype(np.int32), night.prompt, 1, chosen.attach_texts)[0]
    wanted = sorted({row for g in groups for row in g.rows} | set(loose[loose >= 0].tolist()))
    if not wanted:
        return {}
    ids = night.pick("exchange_id", np.array(wanted, np.int64))
    raw = {r["exchange_id"]: r for r in texts([i for i in ids if i is not None]).to_pylist()}
    rows = {row: raw[i] for row, i in zip(wanted, ids, strict=True) if i in raw}
    for g in groups:
        _word(g, [rows[row] for row in g.rows if row in rows], chosen)
    kept = [row for row in loose.tolist() if row in rows]
    return {row: tokens(outer_words(rows[row]["prompt"] or "", chosen.words)) for row in kept}


def _pick_rows(night: Night, label: Codes, payload: Codes, groups: list[Group], chosen: Parameters) -> None:
    """Sample rows of different texts of each group, of as many groups as may be read."""
    wrappers, payloads = tally(night, label, len(groups)), tally(night, payload, len(groups))
    by_prompt = sample(label, night.prompt, len(groups), chosen.samples)
    by_system = sample(label, night.system, len(groups), chosen.samples)
    shared = sample(payload, night.prompt, len(groups), chosen.samples)
    for kind, count, most in ((WRAPPER, wrappers, chosen.families), (PAYLOAD, payloads, chosen.payloads)):
        candidates = [
            i for i, g in enumerate(groups)
            if g.kind == kind and g.known is None and count.accounts[i] >= chosen.min_accounts
        ]  # fmt: skip
        candidates.sort(key=lambda i: (-count.accounts[i], -count.exchanges[i], groups[i].keys))
        if len(candidates) > most:
            tell = log.warning if kind == WRAPPER else log.info
            tell(f"new {kind}s left out", found=len(candidates), read=most, setting=_LIMITS[kind])
        for i in candidates[:most]:
            picked = shared if kind == PAYLOAD else by_system if groups[i].source in SYSTEMS else by_prompt
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
