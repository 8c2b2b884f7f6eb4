"""The cascade: exchanges ▶ groups that share a wrapper ▶ wordings ▶ families, with ids that survive the night."""

# ruff: noqa: PLR0917 - the seam is called by position, and the stages hand on what they share
from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from graphring.config import Settings
from graphring.engine import Engine
from graphring.templates import state
from graphring.templates.cover import inherit
from graphring.templates.groups import CLOUD, PAYLOAD, PROMPTS, WRAPPER, Group, Labels, group_exchanges
from graphring.templates.join import Node, join
from graphring.templates.night import Night, open_night
from graphring.templates.parameters import Parameters, parameters
from graphring.templates.phrases import without_phrases
from graphring.templates.reading import Texts, read_texts
from graphring.templates.report import Family, write_assignments, write_families
from graphring.templates.rewordings import reword
from graphring.templates.search import Found
from graphring.templates.sketch import Ints
from graphring.templates.table import Codes
from graphring.templates.tally import Tally, tally

__all__ = ["find_families"]


def find_families(
    engine: Engine,  # noqa: ARG001 - what is counted here needs loops, not joins
    exchanges: Path,
    texts: Texts,
    known: Path | None,
    settings: Settings,
    out: Path,
) -> None:
    """Find the template families of a night and write families.parquet, assignments.parquet and family_state.parquet.

    Parameters
    ----------
    exchanges: EXCHANGES, sorted by (account, ts, exchange_id).
    texts: gives exchange_id, system_prompt, prompt of a few exchanges; called once, with at most
        samples * (families + payloads) ids.
    known: the folder of the night before; its families keep their ids, and exchanges are assigned to them first. Where
        it was this very night, it is run again on what it began with.

    Raises
    ------
    ConfigError: an unknown name or impossible value in `settings.templates`.
    """
    chosen = parameters(settings.templates)
    night = open_night(exchanges)
    digest = night.digest(repr(chosen))
    memory = state.load(known, digest)
    labels, groups, prompts = group_exchanges(night, memory, chosen, out)
    loose = read_texts(night, labels, groups, texts, chosen)
    family = _join(night, labels, groups, chosen)
    label = reword(night, labels.first(), groups, family, loose, memory, chosen)
    size = np.maximum(tally(night, label, len(groups)).exchanges, tally(night, labels.beneath, len(groups)).exchanges)
    family = without_phrases(night, label, groups, family, chosen)
    label = _relabel(label, labels.beneath, family, prompts, groups)
    family = _used(label, labels.payload, groups, family)
    numbers, last = _number(groups, family, memory)
    found = _describe(night, label, labels.payload, groups, family, numbers, size, chosen)
    of_group = np.array([numbers.get(root, 0) for root in family] + [0], np.int32)
    row_family = np.where(label >= 0, of_group[label], of_group[labels.payload])
    write_families(out, found, int(np.unique(night.account).size))
    write_assignments(out, night, row_family)
    state.save(out, digest, memory, state.Memory(last, _remember(memory, groups, family, numbers, found)))


def _join(night: Night, labels: Labels, groups: list[Group], chosen: Parameters) -> list[int]:
    """For each group the first group of its family, or -1."""
    count = labels.tally(night, len(groups))
    nodes_of = [
        i for i, g in enumerate(groups) if (g.wording or g.known) and (g.kind == WRAPPER or count.exchanges[i] > 0)
    ]
    accounts = labels.sharers(night, np.array(nodes_of, np.int64))
    nodes = [
        Node(g.words, int(count.exchanges[i]), own, g.alone(own.size, chosen), g.kind == PAYLOAD, g.marks)
        for i, g, own in zip(nodes_of, (groups[i] for i in nodes_of), accounts, strict=True)
    ]
    family = [-1] * len(groups)
    for i, root in zip(nodes_of, join(nodes, int(np.unique(night.account).size), chosen), strict=True):
        family[i] = nodes_of[root] if root >= 0 else -1
    size = Counter(root for root in family if root >= 0)
    for i, g in enumerate(groups):
        if size[family[i]] > 1:
            g.kind = WRAPPER
        elif g.kind == PAYLOAD:
            told = g.wording is not None and g.points() >= chosen.points
            # what two people send verbatim may be a private letter, and is not kept
            shared = g.source != "prompt" or count.accounts[i] == 0 or count.accounts[i] >= chosen.payload_accounts
            family[i] = i if g.known is not None or (told and shared) else -1
    return family


def _relabel(label: Codes, beneath: Codes, family: list[int], prompts: Found, groups: list[Group]) -> Codes:
    """Rows of families only: their prompt's, else that of what lies beneath, be their prompt's group a turn of phrase;
    leftover rows inherit a family that nearly all rows with one of their atoms have.

    Not from rows that are in a cloud by themselves: those had no shingles to tell them.
    """
    of_group = np.array([*family, -1], np.int32)
    kinds = np.array([g.kind == WRAPPER for g in groups] + [False])
    out = of_group[label]
    told = np.array([g.source != CLOUD for g in groups] + [False])[label]
    wrapped = np.where((out >= 0) & kinds[out] & told, out, -1).astype(np.int32)
    grown = inherit(prompts.incidence, wrapped, prompts.lexicon.size > 0)
    below = of_group[beneath]
    return np.where(out >= 0, out, np.where(below >= 0, below, grown)).astype(np.int32)


def _used(label: Codes, payload: Codes, groups: list[Group], family: list[int]) -> list[int]:
    """`family`, with -1 for new families of which no exchange is left: all have one that goes before."""
    roots = np.array([*family, -1], np.int64)
    used = np.zeros(roots.size, np.bool_)
    used[label] = True
    used[roots[payload]] = True
    used[[root for g, root in zip(groups, family, strict=True) if g.known is not None]] = True
    return [root if used[root] else -1 for root in family]


def _number(groups: list[Group], family: list[int], memory: state.Memory) -> tuple[dict[int, int], int]:
    """Root group → number: that of its oldest known wording, else a new one, in order of the smallest shingle."""
    members = _members(groups, family)
    numbers: dict[int, int] = {}
    last = memory.last
    for root in sorted(members, key=lambda r: min(g.keys for g in members[r])):
        old = [g.known.number for g in members[root] if g.known]
        if not old:
            last += 1
        numbers[root] = min(old) if old else last
    return numbers, last


def _members(groups: list[Group], family: list[int]) -> dict[int, list[Group]]:
    members: dict[int, list[Group]] = {}
    for g, root in zip(groups, family, strict=True):
        if root >= 0:
            members.setdefault(root, []).append(g)
    return members


def _describe(
    night: Night, label: Codes, payload: Codes, groups: list[Group], family: list[int], numbers: dict[int, int],
    size: Ints, chosen: Parameters,
) -> list[Family]:  # fmt: skip
    """The families of tonight, each shown as its largest wording; `size` is how many exchanges each group has."""
    of_group = np.array([*family, -1], np.int32)
    wrappers = tally(night, label, len(groups))
    payloads = tally(night, of_group[payload], len(groups))
    out: dict[int, Family] = {}
    # wordings of prompts before what a template_id or system prompt brings together
    large = sorted(range(len(groups)), key=lambda i: (groups[i].source not in PROMPTS, -int(size[i]), groups[i].keys))
    members = _members([groups[i] for i in large], [family[i] for i in large])
    for root, number in numbers.items():
        own = members[root]
        count: Tally = payloads if payloads.exchanges[root] > wrappers.exchanges[root] else wrappers
        if not count.exchanges[root]:
            continue
        shown = list(dict.fromkeys(g.exemplar for g in own if g.exemplar))
        first = min([int(count.first[root])] + [g.known.first_seen for g in own if g.known])
        entry = Family(
            number, own[0].kind, shown[0] if shown else "", tuple(shown[1 : 1 + chosen.variants]),
            int(count.accounts[root]), int(count.exchanges[root]), first, int(count.last[root]),
        )  # fmt: skip
        out[number] = entry if number not in out else out[number].with_more(entry)
    return [out[number] for number in sorted(out)]


def _remember(
    memory: state.Memory, groups: list[Group], family: list[int], numbers: dict[int, int], found: list[Family]
) -> tuple[state.Wording, ...]:  # fmt: skip
    """The wordings of all nights, each with the number of its family."""
    first = {entry.number: entry.first_seen for entry in found}
    new = [
        state.Wording(numbers[root], g.kind, g.source, g.keys, g.exemplar, first.get(numbers[root], 0))
        for g, root in zip(groups, family, strict=True)
        if root >= 0 and g.known is None
    ]
    # families that became one stay one: their ids would else change from night to night
    now = {g.known: numbers[root] for g, root in zip(groups, family, strict=True) if root >= 0 and g.known is not None}
    old = [replace(w, number=now.get(w, w.number)) for w in memory.wordings]
    return (*old, *new)
