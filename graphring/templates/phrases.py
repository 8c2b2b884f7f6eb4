"""Phrases that nobody comes back to: what people have from one source, or say alike by chance.

A wrapper is a tool: an account that has it puts it around one payload after the other. A test sentence of every course
("the quick brown fox"), a part that people like to play and an exercise on everybody's list come once from each of
many accounts, who send many other prompts and never this one again.
"""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False
# ruff: noqa: ANN001, ANN202 - numba infers the types
from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np

from graphring.templates.groups import CLOUD, PAYLOAD, PROMPTS, Group
from graphring.templates.night import Night
from graphring.templates.parameters import Parameters
from graphring.templates.table import Codes

__all__ = ["without_phrases"]


def without_phrases(
    night: Night, label: Codes, groups: Sequence[Group], family: Sequence[int], chosen: Parameters
) -> list[int]:  # fmt: skip
    """`family`, with -1 for the groups of a family that is a phrase.

    That is one of `once_accounts` accounts of which (nearly: `once_back`) none sent a second prompt with it tonight,
    though each sent `once_others` in the mean that are in no family: who sends many wrappers once each has few others.
    A wording that is no turn of phrase by itself (`once_points`), a payload, a system prompt, a provider's template and
    what was known before stay.

    Parameters
    ----------
    label: for each exchange its group, or -1.
    family: for each group the first group of its family, or -1.
    """
    rows = np.array([*family, -1], np.int32)[label]
    alone = np.bincount(night.account[rows < 0], minlength=int(night.account.max(initial=0)) + 1)  # in no family
    accounts, others, back = _counted(rows, night.account, night.prompt, alone, len(groups))
    once = (accounts >= chosen.once_accounts) & (back <= chosen.once_back * accounts)
    once &= others >= chosen.once_others * accounts
    firm = {
        root for g, root in zip(groups, family, strict=True)
        if g.known is not None or g.kind == PAYLOAD or g.told or g.source not in PROMPTS
        or (g.source != CLOUD and g.points() >= chosen.once_points)
    }  # fmt: skip
    return [-1 if root >= 0 and once[root] and root not in firm else root for root in family]


@numba.njit(nogil=True, cache=True)
def _counted(label, account, prompt, alone, groups):
    """For each group (accounts, what these have of `alone`, accounts with two different prompts in it); rows sorted by
    account.
    """
    accounts, others, back = np.zeros(groups, np.int64), np.zeros(groups, np.int64), np.zeros(groups, np.int64)
    owner, first, twice = np.full(groups, -1, np.int64), np.zeros(groups, np.uint64), np.zeros(groups, np.bool_)
    for row in range(label.size):
        g = label[row]
        if g < 0:
            continue
        if owner[g] != account[row]:
            owner[g], first[g], twice[g] = account[row], prompt[row], False
            accounts[g] += 1
            others[g] += alone[account[row]]
        elif not twice[g] and prompt[row] != first[g]:
            twice[g] = True
            back[g] += 1
    return accounts, others, back
