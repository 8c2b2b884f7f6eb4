"""Groups: exchanges that share one wording, before wordings become families."""

# ruff: noqa: PLR0917 - the stages hand on what they share
from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Final

import numpy as np

from graphring.templates import state
from graphring.templates.night import Night
from graphring.templates.parameters import Parameters
from graphring.templates.search import Found, search
from graphring.templates.sketch import Hashes, Ints
from graphring.templates.table import Codes
from graphring.templates.tally import Tally, majority, sharers, tally
from graphring.templates.traces import traces
from graphring.templates.wording import Wording, fold_words

__all__ = ["CLOUD", "PAYLOAD", "PROMPTS", "SYSTEMS", "WRAPPER", "Group", "Labels", "group_exchanges", "text_hash"]

PAYLOAD: Final = "payload"
WRAPPER: Final = "wrapper"
CLOUD: Final = "cloud"
"""Source of a group of rewordings that share no shingle."""
PROMPTS: Final = frozenset({"prompt", CLOUD})
"""Sources whose wording is that of the prompt."""
SYSTEMS: Final = frozenset({"system", "exact"})
"""Sources whose wording is that of the system prompt."""


@dataclass
class Group:
    """Exchanges that share one wording, known or new."""

    source: str
    """As in state.STATE."""
    keys: tuple[int, ...]
    kind: str = WRAPPER
    known: state.Wording | None = None
    wording: Wording | None = None
    rows: list[int] = field(default_factory=list)
    """Sampled rows."""
    told: int = 0
    """Hash of the template_id that (nearly) all its exchanges have; 0: none."""

    @property
    def words(self) -> tuple[str, ...]:
        """The folded words of the wording, without slots; none where it is not known."""
        if self.known is not None:
            return fold_words(self.known.exemplar)
        return self.wording.words if self.wording else ()

    @property
    def exemplar(self) -> str:
        """The redacted wording, with its source before it where that is not the prompt."""
        if self.known is not None:
            return self.known.exemplar
        if self.wording is None:
            return ""
        return self.wording.text if self.source in PROMPTS else f"[{self.source}] {self.wording.text}"

    @property
    def marks(self) -> tuple[str | int, ...]:
        """What proves that two wordings are one wrapper: the provider's template, else traces."""
        return (self.told,) if self.told else traces(self.exemplar)

    def points(self) -> float:
        """Evidence in words; a system prompt, whose whole text is its wording, has its bounded sketch for shingles."""
        return self.wording.points(4 if self.source in SYSTEMS else len(self.keys)) if self.wording else 0.0

    def alone(self, accounts: int, chosen: Parameters) -> bool:
        """Whether it is a family even if nothing joins it."""
        if self.known is not None or self.source == "template":
            return True
        return accounts >= chosen.min_accounts and self.wording is not None and self.points() >= chosen.points


@dataclass(frozen=True)
class Labels:
    """For each exchange three groups, -1: none. A group is in one of them only."""

    wrapper: Codes
    """Of its prompt's wrapper."""
    beneath: Codes
    """Of its template_id, else of its system prompt: its family where the prompt has none."""
    payload: Codes

    def first(self) -> Codes:
        """The wrapper's, else that beneath."""
        return np.where(self.wrapper >= 0, self.wrapper, self.beneath).astype(np.int32)

    def tally(self, night: Night, groups: int) -> Tally:
        """Counts of wrappers and of what is beneath, each among all its exchanges."""
        one, other = tally(night, self.wrapper, groups), tally(night, self.beneath, groups)
        return Tally(
            one.exchanges + other.exchanges, one.accounts + other.accounts, one.first + other.first,
            one.last + other.last,
        )  # fmt: skip

    def sharers(self, night: Night, wanted: Ints) -> list[Ints]:
        """The accounts of each wanted group, ascending."""
        pairs = zip(sharers(night, self.wrapper, wanted), sharers(night, self.beneath, wanted), strict=True)
        return [np.concatenate([one, other]) for one, other in pairs]


def group_exchanges(
    night: Night, memory: state.Memory, chosen: Parameters, scratch: Path
) -> tuple[Labels, list[Group], Found]:  # fmt: skip
    """Label each exchange with the group of its prompt's wrapper, of its payload, and of what it was sent with.

    Returns
    -------
    The labels, the groups, and the search of the prompts.
    """
    groups: list[Group] = []
    prompts = _search(night, memory, chosen, "prompt", scratch)
    label = _adopt(prompts, prompts.label, memory, "prompt", groups, chosen)
    beneath = np.full(label.size, -1, np.int32)
    payload = _adopt(prompts, prompts.payload, memory, "prompt", groups, chosen, kind=PAYLOAD)
    told = _template_hashes(night)
    if told.any():
        for group, value in zip(groups, majority(label, told, len(groups), chosen.told).tolist(), strict=True):
            group.told = value
        _exact(night, told, beneath, memory, "template", groups, chosen)
    if night.systems:
        systems = _search(night, memory, chosen, "system", scratch)
        free = np.where(beneath < 0, systems.label, -1).astype(np.int32)
        found = _adopt(systems, free, memory, "system", groups, chosen)
        beneath = np.where(beneath < 0, found, beneath).astype(np.int32)
        _exact(night, night.system, beneath, memory, "exact", groups, chosen)
    return Labels(label, beneath, payload), groups, prompts


def _search(night: Night, memory: state.Memory, chosen: Parameters, source: str, scratch: Path) -> Found:
    known = [w.keys for w in memory.wordings if w.source == source and w.kind == WRAPPER]
    batches = night.prompts if source == "prompt" else night.system_prompts
    return search(batches, night.rows, night.shingles, known, chosen, scratch, system=source == "system")


def _adopt(
    found: Found, label: Codes, memory: state.Memory, source: str, groups: list[Group], chosen: Parameters,
    kind: str = WRAPPER,
) -> Codes:  # fmt: skip
    """Make groups of the codes in `label` and return the labels in terms of groups."""
    known = [w for w in memory.wordings if w.source == source and w.kind == kind]
    codes = np.unique(label[label >= 0])
    for code in codes.tolist():
        keys = found.keys(code, chosen.keys)
        if kind == WRAPPER and code < found.known:
            groups.append(Group(source, keys, kind, known[code]))
        else:
            before = next((w for w in known if kind == PAYLOAD and set(w.keys) & set(keys)), None)
            groups.append(Group(source, keys, kind, before))
    base = len(groups) - codes.size
    return np.where(label >= 0, np.searchsorted(codes, label) + base, -1).astype(np.int32)


def _template_hashes(night: Night) -> Hashes:
    parts = [np.zeros(0, np.uint64)]
    for batch in night.texts("template_id"):
        coded = batch.dictionary_encode()
        hashes = [text_hash(text) if text else 0 for text in coded.dictionary.to_pylist()]
        index = coded.indices.fill_null(len(hashes)).to_numpy(zero_copy_only=False)
        parts.append(np.array([*hashes, 0], np.uint64)[index])
    return np.concatenate(parts)


def text_hash(text: str) -> int:
    """A number that is never 0."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") | 1


def _exact(
    night: Night, hashes: Hashes, label: Codes, memory: state.Memory, source: str, groups: list[Group],
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
    groups.extend(
        Group(source, (value,), WRAPPER, known.get(value), told=value if source == "template" else 0)
        for value in values[good].tolist()
    )
