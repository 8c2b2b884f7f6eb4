"""Clouds among the wordings and single prompts of a night, as groups beside those that share shingles."""

# ruff: noqa: PLR0917 - the stages hand on what they share
from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

import numpy as np

from graphring.templates.clouds import Cloud, find_clouds
from graphring.templates.groups import CLOUD, WRAPPER, Group, text_hash
from graphring.templates.lexis import Lexis, lexis
from graphring.templates.night import Night
from graphring.templates.parameters import Parameters
from graphring.templates.reading import Loose
from graphring.templates.sketch import Ints
from graphring.templates.state import Memory, Wording
from graphring.templates.table import Codes
from graphring.templates.tally import sharers
from graphring.templates.wording import SLOT, redact
from graphring.templates.wording import Wording as Shown

__all__ = ["reword"]

_MOST: Final = 0.8
"""Share of a group's sampled prompts that must lie in one cloud for the group to be of its family."""


def reword(
    night: Night, label: Codes, groups: list[Group], family: list[int], loose: Mapping[int, Loose], memory: Memory,
    chosen: Parameters,
) -> Codes:  # fmt: skip
    """Find clouds; `groups` and `family` grow by one for each, and wordings and families within it become its own.

    Parameters
    ----------
    label: for each exchange its group, or -1.
    family: for each group the first group of its family, or -1.
    loose: row ▶ prompt, of rows that known wordings do not explain.

    Returns
    -------
    `label`, with the group of its cloud for each row whose prompt lies in one.
    """
    standing = [i for i, root in enumerate(family) if root >= 0 and groups[i].kind == WRAPPER and groups[i].words]
    rows = [row for row in loose if label[row] < 0 or family[label[row]] < 0]
    if not rows:
        return label
    texts = [*(groups[i].words for i in standing), *(loose[row].words for row in rows)]
    table = lexis(texts)
    first = [int(own[0]) if own.size else -1 for own in sharers(night, label, np.array(standing, np.int64))]
    account = np.array([*first, *night.account[rows].tolist()], np.int64)
    whole = np.array([*([True] * len(standing)), *(loose[row].blank for row in rows)], np.bool_)
    known = [w for w in memory.wordings if w.source == CLOUD]
    out = label.copy()
    for cloud in find_clouds(table, account, whole, _columns(table, known), chosen):
        number = len(groups)
        groups.append(_group(table, cloud, texts, known, chosen))
        family.append(number)
        roots = {family[standing[i]] for i in cloud.texts.tolist() if i < len(standing)}
        family[:] = [number if root in roots else root for root in family]
        for group in _within(label, family, rows, cloud, len(standing)):
            family[group] = number
        hashes = night.prompt[[rows[i - len(standing)] for i in cloud.texts.tolist() if i >= len(standing)]]
        same = np.isin(night.prompt, hashes)
        out[same & ((label < 0) | (np.array([*family, -1])[label] < 0))] = number
    return out


def _within(label: Codes, family: list[int], rows: list[int], cloud: Cloud, standing: int) -> list[int]:
    """Groups without a family whose sampled prompts nearly all lie in the cloud."""
    inside = set(cloud.texts.tolist())
    total: Counter[int] = Counter()
    here: Counter[int] = Counter()
    for i, row in enumerate(rows, standing):
        group = int(label[row])
        if group >= 0 and family[group] < 0:
            total[group] += 1
            here[group] += i in inside
    return sorted(group for group, n in here.items() if n > 2 and n >= _MOST * total[group])


def _columns(table: Lexis, known: list[Wording]) -> list[tuple[Ints, int]]:
    """The columns of what tells each known cloud, and how much does."""
    if not known:
        return []
    place = {text_hash(name): i for i, name in enumerate(table.names)}
    return [(np.array(sorted(place[k] for k in w.keys if k in place), np.int64), len(w.keys)) for w in known]


def _group(
    table: Lexis, cloud: Cloud, texts: list[tuple[str, ...]], known: list[Wording], chosen: Parameters
) -> Group:  # fmt: skip
    keys = tuple(sorted(text_hash(table.names[column]) for column in cloud.core[: chosen.keys].tolist()))
    group = Group(CLOUD, keys, WRAPPER, known[cloud.known] if cloud.known >= 0 else None)
    said = Counter(word for i in cloud.texts.tolist() for word in set(texts[i]))
    least = chosen.cloud_core * cloud.texts.size
    shown = max(
        cloud.texts.tolist(), key=lambda i: (sum(said[w] for w in set(texts[i])) / (5 + len(set(texts[i]))), -i)
    )
    words = [word if said[word] >= least else SLOT for word in texts[shown]]
    kept = tuple(word for word in words if word != SLOT)
    group.wording = Shown(redact(" ".join(words)), kept, len(kept), 0)
    return group
