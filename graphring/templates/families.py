"""The cascade: exchanges ▶ groups that share a wrapper ▶ wordings ▶ families, with ids that survive the night."""

# ruff: noqa: PLR0917 - the seam is called by position, and the stages hand on what they share
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from graphring.config import Settings
from graphring.engine import Engine
from graphring.templates import state
from graphring.templates.attach import Tokens, attach, tokens
from graphring.templates.cover import inherit
from graphring.templates.frequent import Hashes
from graphring.templates.groups import Tally, sample, sharers, tally
from graphring.templates.incidence import Codes
from graphring.templates.join import Node, join
from graphring.templates.night import Night, open_night
from graphring.templates.parameters import Parameters, parameters
from graphring.templates.report import Family, write_assignments, write_families
from graphring.templates.search import Found, search
from graphring.templates.wording import Wording, fold_words, outer_words, wording

__all__ = ["find_families"]

_PAYLOAD: Final = "payload"
_WRAPPER: Final = "wrapper"
Texts = Callable[[Sequence[str]], pa.Table]


@dataclass
class _Group:
    """Exchanges that share one wording, known or new."""

    source: str
    """As in state.STATE."""
    keys: tuple[int, ...]
    kind: str = _WRAPPER
    known: state.Wording | None = None
    wording: Wording | None = None
    rows: list[int] = field(default_factory=list)
    """Sampled rows."""


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
    known: the folder of the night before; its families keep their ids, and exchanges are assigned to them first.

    Raises
    ------
    ConfigError: an unknown name or impossible value in `settings.templates`.
    """
    chosen = parameters(settings.templates)
    memory = state.load(known)
    night = open_night(exchanges)
    label, payload, groups, prompts = _group(night, memory, chosen)
    loose = _read_texts(night, label, payload, groups, texts, chosen)
    family = _join(night, label, groups, chosen)
    label = _attach(label, groups, family, loose, chosen)
    label = _relabel(label, family, prompts, groups)
    numbers, last = _number(groups, family, memory)
    found = _describe(night, label, payload, groups, family, numbers, chosen)
    of_group = np.array([numbers.get(root, 0) for root in family] + [0], np.int64)
    row_family = np.where(label >= 0, of_group[label], of_group[payload])
    write_families(out, found, int(np.unique(night.account).size))
    write_assignments(out, night, row_family)
    state.save(out, last, _remember(memory, groups, family, numbers, found))


def _group(night: Night, memory: state.Memory, chosen: Parameters) -> tuple[Codes, Codes, list[_Group], Found]:
    """Label each exchange with a group: its prompt's wrapper, else its template_id, else its system prompt."""
    groups: list[_Group] = []
    prompts = _search(night, memory, chosen, "prompt")
    label = _adopt(prompts, prompts.label, memory, "prompt", groups, chosen)
    payload = _adopt(prompts, prompts.payload, memory, "prompt", groups, chosen, kind=_PAYLOAD)
    _exact(night, _template_hashes(night), label, memory, "template", groups, chosen)
    if night.systems:
        systems = _search(night, memory, chosen, "system")
        found = _adopt(
            systems, np.where(label < 0, systems.label, -1).astype(np.int32), memory, "system", groups, chosen
        )
        label = np.where(label < 0, found, label).astype(np.int32)
        _exact(night, night.system, label, memory, "exact", groups, chosen)
    return label, payload, groups, prompts


def _search(night: Night, memory: state.Memory, chosen: Parameters, source: str) -> Found:
    known = [w.keys for w in memory.wordings if w.source == source and w.kind == _WRAPPER]
    batches = night.prompts if source == "prompt" else night.system_prompts
    return search(batches, night.rows, night.shingles, known, chosen)


def _adopt(
    found: Found, label: Codes, memory: state.Memory, source: str, groups: list[_Group], chosen: Parameters,
    kind: str = _WRAPPER,
) -> Codes:  # fmt: skip
    """Make groups of the codes in `label` and return the labels in terms of groups."""
    known = [w for w in memory.wordings if w.source == source and w.kind == kind]
    codes = np.unique(label[label >= 0])
    for code in codes.tolist():
        keys = found.keys(code, chosen.keys)
        if kind == _WRAPPER and code < found.known:
            groups.append(_Group(source, keys, kind, known[code]))
        else:
            before = next((w for w in known if kind == _PAYLOAD and set(w.keys) & set(keys)), None)
            groups.append(_Group(source, keys, kind, before))
    base = len(groups) - codes.size
    return np.where(label >= 0, np.searchsorted(codes, label) + base, -1).astype(np.int32)


def _template_hashes(night: Night) -> Hashes:
    parts = [np.zeros(0, np.uint64)]
    for batch in night.texts("template_id"):
        coded = batch.dictionary_encode()
        hashes = [_text_hash(text) if text else 0 for text in coded.dictionary.to_pylist()]
        index = coded.indices.fill_null(len(hashes)).to_numpy(zero_copy_only=False)
        parts.append(np.array([*hashes, 0], np.uint64)[index])
    return np.concatenate(parts)


def _text_hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") | 1


def _exact(
    night: Night, hashes: Hashes, label: Codes, memory: state.Memory, source: str, groups: list[_Group],
    chosen: Parameters,
) -> None:  # fmt: skip
    """Give rows without a label one for their hash, where enough accounts share it or it is known."""
    free = (label < 0) & (hashes != 0)
    if not free.any():
        return
    values, inverse = np.unique(hashes[free], return_inverse=True)
    codes = np.full(label.size, -1, np.int32)
    codes[free] = inverse
    count = tally(night, codes, values.size)
    known = {w.keys[0]: w for w in memory.wordings if w.source == source}
    good = (count.accounts >= chosen.min_accounts) & (count.exchanges >= chosen.min_exchanges)
    good |= np.isin(values, np.array(sorted(known), np.uint64))
    new = np.where(good, np.cumsum(good) - 1 + len(groups), -1)
    label[free] = new[inverse]
    groups.extend(_Group(source, (value,), _WRAPPER, known.get(value)) for value in values[good].tolist())


def _read_texts(
    night: Night, label: Codes, payload: Codes, groups: list[_Group], texts: Texts, chosen: Parameters
) -> dict[int, Tokens]:  # fmt: skip
    """Ask once for the sampled prompts of the largest groups, and find the wording of each.

    Returns the words of a sample of the rows that have no wrapper.
    """
    wrappers, payloads = tally(night, label, len(groups)), tally(night, payload, len(groups))
    by_prompt = sample(label, night.prompt, len(groups), chosen.samples)
    by_system = sample(label, night.system, len(groups), chosen.samples)
    shared = sample(payload, night.prompt, len(groups), chosen.samples)
    for kind, count, most in ((_WRAPPER, wrappers, chosen.families), (_PAYLOAD, payloads, chosen.payloads)):
        candidates = [i for i, g in enumerate(groups) if g.kind == kind and count.accounts[i] >= chosen.min_accounts]
        candidates.sort(key=lambda i: (-count.accounts[i], -count.exchanges[i], groups[i].keys))
        for i in candidates[:most]:
            picked = shared if kind == _PAYLOAD else by_system if groups[i].source in {"system", "exact"} else by_prompt
            groups[i].rows = [row for row in picked[i].tolist() if row >= 0]
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


def _word(group: _Group, rows: list[dict[str, str | None]], chosen: Parameters) -> None:
    column = "system_prompt" if group.source in {"system", "exact"} else "prompt"
    shown = [row[column] or "" for row in rows]
    if not shown:
        return
    if len(shown) == 1 and group.source != "template":
        shown *= 2
    if group.source == "prompt" and group.kind == _WRAPPER and len(shown) < chosen.min_prompts:
        group.kind = _PAYLOAD
    group.wording = wording(shown, chosen.words, chosen.shared, chosen.firm)


def _join(night: Night, label: Codes, groups: list[_Group], chosen: Parameters) -> list[int]:
    """For each group the first group of its family, or -1."""
    nodes_of = [i for i, g in enumerate(groups) if g.kind == _WRAPPER and (g.wording or g.known)]
    count = tally(night, label, len(groups))
    accounts = sharers(night, label, np.array(nodes_of, np.int64))
    nodes = [
        Node(_words(groups[i]), int(count.exchanges[i]), own, _alone(groups[i], int(count.accounts[i]), chosen))
        for i, own in zip(nodes_of, accounts, strict=True)
    ]
    family = [-1] * len(groups)
    for i, root in zip(nodes_of, join(nodes, int(np.unique(night.account).size), chosen), strict=True):
        family[i] = nodes_of[root] if root >= 0 else -1
    for i, g in enumerate(groups):
        if g.kind == _PAYLOAD and (g.known or (g.wording and g.wording.points(len(g.keys)) >= chosen.points)):
            family[i] = i
    return family


def _attach(
    label: Codes, groups: list[_Group], family: list[int], loose: dict[int, Tokens], chosen: Parameters
) -> Codes:  # fmt: skip
    """Wordings and single prompts that no shingle settles, attached to families of many wordings; `family` grows."""
    known: dict[int, list[Tokens]] = {}
    for g, root in zip(groups, family, strict=True):
        if root >= 0 and g.kind == _WRAPPER and _words(g):
            known.setdefault(root, []).append(tokens(_words(g)))
    weak = [i for i, g in enumerate(groups) if family[i] < 0 and g.kind == _WRAPPER and g.wording is not None]
    found = attach(known, [*(tokens(_words(groups[i])) for i in weak), *loose.values()], chosen)
    for i, root in zip(weak, found, strict=False):
        family[i] = root
    out = label.copy()
    for row, root in zip(loose, found[len(weak) :], strict=True):
        if root >= 0:
            out[row] = root
    return out


def _words(group: _Group) -> tuple[str, ...]:
    if group.known is not None:
        return fold_words(group.known.exemplar)
    return group.wording.words if group.wording else ()


def _alone(group: _Group, accounts: int, chosen: Parameters) -> bool:
    if group.known is not None or group.source == "template":
        return True
    return accounts >= chosen.min_accounts and group.wording is not None and _points(group) >= chosen.points


def _points(group: _Group) -> float:
    """A system prompt, whose whole text is its wording, has its bounded sketch for shingles."""
    return group.wording.points(4 if group.source in {"system", "exact"} else len(group.keys)) if group.wording else 0.0


def _relabel(label: Codes, family: list[int], prompts: Found, groups: list[_Group]) -> Codes:
    """Rows of families only; leftover rows inherit a family that nearly all rows with one of their atoms have."""
    of_group = np.array([*family, -1], np.int32)
    kinds = np.array([g.kind == _WRAPPER for g in groups] + [False])
    out = of_group[label]
    wrapped = np.where((out >= 0) & kinds[out], out, -1).astype(np.int32)
    grown = inherit(prompts.incidence, wrapped, prompts.lexicon.size > 0)
    return np.where(out >= 0, out, grown).astype(np.int32)


def _number(groups: list[_Group], family: list[int], memory: state.Memory) -> tuple[dict[int, int], int]:
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


def _members(groups: list[_Group], family: list[int]) -> dict[int, list[_Group]]:
    members: dict[int, list[_Group]] = {}
    for g, root in zip(groups, family, strict=True):
        if root >= 0:
            members.setdefault(root, []).append(g)
    return members


def _describe(
    night: Night, label: Codes, payload: Codes, groups: list[_Group], family: list[int], numbers: dict[int, int],
    chosen: Parameters,
) -> list[Family]:  # fmt: skip
    of_group = np.array([*family, -1], np.int32)
    wrappers = tally(night, label, len(groups))
    payloads = tally(night, of_group[payload], len(groups))
    out: dict[int, Family] = {}
    members = _members(groups, family)
    for root, number in numbers.items():
        own = sorted(members[root], key=lambda g: (g.known is None, -len(g.rows), g.keys))
        count: Tally = payloads if payloads.exchanges[root] > wrappers.exchanges[root] else wrappers
        if not count.exchanges[root]:
            continue
        shown = list(dict.fromkeys(_exemplar(g) for g in own if _exemplar(g)))
        first = min([int(count.first[root])] + [g.known.first_seen for g in own if g.known])
        entry = Family(
            number, own[0].kind, shown[0] if shown else "", tuple(shown[1 : 1 + chosen.variants]),
            int(count.accounts[root]), int(count.exchanges[root]), first, int(count.last[root]),
        )  # fmt: skip
        out[number] = entry if number not in out else out[number].with_more(entry)
    return [out[number] for number in sorted(out)]


def _exemplar(group: _Group) -> str:
    if group.known is not None:
        return group.known.exemplar
    if group.wording is None:
        return ""
    return group.wording.text if group.source == "prompt" else f"[{group.source}] {group.wording.text}"


def _remember(
    memory: state.Memory, groups: list[_Group], family: list[int], numbers: dict[int, int], found: list[Family]
) -> list[state.Wording]:  # fmt: skip
    first = {entry.number: entry.first_seen for entry in found}
    new = [
        state.Wording(numbers[root], g.kind, g.source, g.keys, _exemplar(g), first.get(numbers[root], 0))
        for g, root in zip(groups, family, strict=True)
        if root >= 0 and g.known is None
    ]
    return [*memory.wordings, *new]
