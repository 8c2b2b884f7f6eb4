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
from graphring.templates.wording import SLOT, redact
from graphring.templates.wording import Wording as Shown

__all__ = ["reword"]

_MOST: Final = 0.5
"""Share of a family's or group's sampled prompts that must lie in one cloud for it to be of the cloud's family."""


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
    rows = _spread(label, family, loose, chosen.cloud_each)
    if not rows:
        return label
    texts = [loose[row].words for row in rows]
    table = lexis(texts)
    whole = np.array([loose[row].blank for row in rows], np.bool_)
    known = [w for w in memory.wordings if w.source == CLOUD]
    clouds = find_clouds(table, night.account[rows].astype(np.int64), whole, _columns(table, known), chosen)
    before = [*family, -1]
    weak = np.array(before)[label] < 0
    """Rows whose group, if any, is no family: what it takes along are only those that nobody looked at."""
    owner = [_owner(label, before, row) for row in rows]
    total = Counter(owner)
    least = chosen.join_least
    clouds = [c for c in clouds if c.known >= 0 or _wordings(c, label, before, rows) >= least]
    out = np.where(weak & np.isin(night.prompt, night.prompt[rows]), -1, label).astype(np.int32)
    for cloud in clouds:
        number = len(groups)
        groups.append(_group(table, cloud, texts, known, chosen))
        family.append(number)
        inside = [rows[i] for i in cloud.texts.tolist()]
        here = Counter(owner[i] for i in cloud.texts.tolist())
        moved = {group for group, n in here.items() if group >= 0 and n > _MOST * total[group]}
        same = np.isin(night.prompt, night.prompt[inside])
        for i, root in enumerate(before[:-1]):
            if root in moved or (root < 0 and i in moved and here[i] > 2):
                family[i] = number
        out[same & weak] = number
    return out


def _wordings(cloud: Cloud, label: Codes, family: list[int], rows: list[int]) -> int:
    """How many wordings a cloud has: families count once each, however many of their prompts were looked at."""
    families = [family[int(label[rows[i]])] for i in cloud.texts.tolist()]
    return len({f for f in families if f >= 0}) + families.count(-1)


def _owner(label: Codes, family: list[int], row: int) -> int:
    """The family of a row, else its group, else -1."""
    group = int(label[row])
    return group if group < 0 or family[group] < 0 else family[group]


def _spread(label: Codes, family: list[int], loose: Mapping[int, Loose], most: int) -> list[int]:
    """Rows of `loose`: all that have no family, and of each wording that is a family a few; it is one wording."""
    taken: Counter[int] = Counter()
    rows = []
    for row in loose:
        group = int(label[row])
        if group >= 0 and family[group] >= 0:
            taken[group] += 1
            if taken[group] > most:
                continue
        rows.append(row)
    return rows


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
