"""From shingles to groups of exchanges that share a wrapper: known wordings first, then what is frequent tonight."""

# ruff: noqa: ANN001, ANN202, PLR0917 - numba infers the types; a loop over millions of rows is one function
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np

from graphring.templates.atoms import Atoms, find_atoms
from graphring.templates.cover import cover, split
from graphring.templates.frequent import Batches, Frequent, Ints, count_frequent
from graphring.templates.incidence import Codes, Incidence, Lexicon, locate
from graphring.templates.parameters import Parameters

__all__ = ["Found", "search"]


@dataclass(frozen=True)
class Found:
    """What one search gives. Codes 0 … known - 1 are the known wordings, in their order; then come tonight's atoms."""

    label: Codes
    """For each exchange the code of its wrapper, or -1."""
    payload: Codes
    """For each exchange the code of the payload that most accounts share, or -1."""
    incidence: Incidence
    lexicon: Lexicon
    known: int

    def keys(self, code: int, most: int) -> tuple[int, ...]:
        """The smallest shingles of an atom, by which it is known again."""
        first, last = np.searchsorted(self.lexicon.atom, [code, code + 1])
        return tuple(np.sort(self.lexicon.shingle[first:last])[:most].tolist())


def search(batches: Batches, rows: int, total: int, known: Sequence[Sequence[int]], chosen: Parameters) -> Found:
    """Search one kind of text.

    Parameters
    ----------
    batches: the exchanges; called for each of three passes.
    rows, total: how many exchanges and shingles there are.
    known: the shingles of the known wordings.
    """
    frequent = count_frequent(batches, total, chosen.min_exchanges, chosen.min_accounts, chosen.room)
    frequent = _without(frequent, known)
    atoms = find_atoms(frequent, chosen.coincide)
    lexicon, accounts = _lexicon(frequent, atoms, known, chosen.weak)
    incidence = locate(batches(), lexicon, chosen.presence)
    label = _recognise(incidence.start, incidence.atom, lexicon.size, len(known))
    size = lexicon.size.copy()
    size[: len(known)] = 0
    label = cover(
        incidence, size, label, tiers=(chosen.strong, chosen.weak), cap=chosen.cap, keep=chosen.keep, rounds=12
    )
    label = split(incidence, label, size, share=chosen.child_share, least=chosen.weak, covered=chosen.child_covered)
    payload = _payloads(incidence, label, size, accounts, chosen)
    assert label.size == rows
    return Found(label, payload, incidence, lexicon, len(known))


def _without(frequent: Frequent, known: Sequence[Sequence[int]]) -> Frequent:
    taken = np.array(sorted({key for keys in known for key in keys}), np.uint64)
    free = ~np.isin(frequent.value, taken)
    return Frequent(
        frequent.value[free], frequent.accounts[free], frequent.exchanges[free], frequent.pairs[free],
        frequent.minima[free], frequent.threshold,
    )  # fmt: skip


def _lexicon(frequent: Frequent, atoms: Atoms, known: Sequence[Sequence[int]], least: int) -> tuple[Lexicon, Ints]:
    """Known wordings and tonight's atoms of enough shingles, ordered by atom; and the accounts of each atom."""
    good = atoms.size >= least
    new = np.where(good, np.cumsum(good) - 1 + len(known), -1)[atoms.of]
    kept = np.flatnonzero(new >= 0)
    kept = kept[np.argsort(new[kept], kind="stable")]
    owner = np.repeat(np.arange(len(known)), [len(keys) for keys in known])
    shingle = np.concatenate([np.array([k for keys in known for k in keys], np.uint64), frequent.value[kept]])
    atom = np.concatenate([owner, new[kept]]).astype(np.int32)
    size = np.concatenate([np.array([len(keys) for keys in known], np.int64), atoms.size[good]])
    accounts = np.concatenate([np.zeros(len(known), np.int64), frequent.accounts[atoms.leader[good]]])
    return Lexicon(shingle, atom, size), accounts


@numba.njit(nogil=True, cache=True)
def _recognise(start, atom, size, known):  # type: ignore[no-untyped-def]
    """The largest known wording of each row."""
    label = np.full(start.size - 1, -1, np.int32)
    for row in range(label.size):
        most = 0
        for i in range(start[row], start[row + 1]):
            if atom[i] < known and size[atom[i]] > most:
                most = size[atom[i]]
                label[row] = atom[i]
    return label


def _payloads(incidence: Incidence, label: Codes, size: Ints, accounts: Ints, chosen: Parameters) -> Codes:
    """Atoms that claim nothing, yet stand in the prompts of enough accounts, and in few of any one wrapper's."""
    claimed = np.bincount(label[label >= 0], minlength=size.size)
    able = (claimed == 0) & (size >= chosen.payload_shingles) & (accounts >= chosen.payload_accounts)
    candidates = np.flatnonzero(able)
    order = candidates[np.lexsort((candidates, -accounts[candidates]))]
    score = np.zeros(size.size)
    score[order] = np.arange(order.size, 0, -1)
    payload: Codes = _pick_payload(incidence.start, incidence.atom, label, score, claimed, chosen.child_share)
    return payload


@numba.njit(nogil=True, cache=True)
def _pick_payload(start, atom, label, score, claimed, share):  # type: ignore[no-untyped-def]
    rows = label.size
    inside = np.zeros(score.size, np.int64)
    owner = np.full(score.size, -1, np.int32)
    for row in range(rows):
        for i in range(start[row], start[row + 1]):
            a = atom[i]
            if score[a] > 0 and label[row] >= 0:
                if owner[a] == label[row] or inside[a] == 0:
                    owner[a] = label[row]
                    inside[a] += 1
                else:
                    inside[a] -= 1
    out = np.full(rows, -1, np.int32)
    for row in range(rows):
        best = 0.0
        for i in range(start[row], start[row + 1]):
            a = atom[i]
            piece = owner[a] >= 0 and inside[a] >= share * claimed[owner[a]]
            if score[a] > best and not piece:
                best = score[a]
                out[row] = a
    return out
