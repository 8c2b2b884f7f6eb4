"""From shingles to groups of exchanges that share a wrapper: known wordings first, then what is frequent tonight."""

# ruff: noqa: ANN001, ANN202, PLR0917 - numba infers the types; a loop over millions of rows is one function
from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numba
import numpy as np

from graphring.templates.atoms import Atoms, find_atoms
from graphring.templates.cover import cover, split
from graphring.templates.frequent import Batches, Frequent, count_frequent
from graphring.templates.incidence import Incidence, Lexicon, locate
from graphring.templates.parameters import Parameters
from graphring.templates.sketch import Ints
from graphring.templates.table import Codes

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


def search(
    batches: Batches, rows: int, total: int, known: Sequence[Sequence[int]], chosen: Parameters, scratch: Path, *,
    system: bool = False,
) -> Found:  # fmt: skip
    """Search one kind of text.

    Parameters
    ----------
    batches: the exchanges; called for each of two passes.
    rows, total: how many exchanges and shingles there are.
    known: the shingles of the known wordings.
    scratch: a folder for what is put by between the passes.
    system: whether system prompts are searched, or prompts.

    Raises
    ------
    DiskFullError: `scratch` is full.
    """
    keys = list(dict.fromkeys(key for keys in known for key in keys))
    frequent, occurrences = count_frequent(
        batches, total, keys, least_exchanges=chosen.min_exchanges, least_accounts=chosen.min_accounts,
        room=chosen.room, scratch=scratch, system=system,
    )  # fmt: skip
    with closing(occurrences):
        atoms = find_atoms(frequent, chosen.coincide)
        lexicon, accounts, atom_of = _lexicon(frequent, atoms, known, len(keys), chosen.weak)
        incidence = locate(occurrences, atom_of, lexicon.size, chosen.presence)
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


def _lexicon(
    frequent: Frequent, atoms: Atoms, known: Sequence[Sequence[int]], keys: int, least: int
) -> tuple[Lexicon, Ints, Codes]:  # fmt: skip
    """Known wordings and tonight's atoms of enough shingles, ordered by atom; the accounts of each atom; and the atom
    of each entry (-1: none).

    A shingle of several known wordings is the first one's. `keys` is how many different ones those have: they are the
    first entries, in order of first appearance.
    """
    good = atoms.size >= least
    new = np.where(good, np.cumsum(good) - 1 + len(known), -1)[atoms.of]
    kept = np.flatnonzero(new >= 0)
    kept = kept[np.argsort(new[kept], kind="stable")]
    owner = np.repeat(np.arange(len(known)), [len(own) for own in known])
    shingle = np.concatenate([np.array([k for own in known for k in own], np.uint64), frequent.value[kept]])
    atom = np.concatenate([owner, new[kept]]).astype(np.int32)
    size = np.concatenate([np.array([len(own) for own in known], np.int64), atoms.size[good]])
    accounts = np.concatenate([np.zeros(len(known), np.int64), frequent.accounts[atoms.leader[good]]])
    atom_of = np.full(frequent.entries, -1, np.int32)
    _, first = np.unique(shingle[: owner.size], return_index=True)
    atom_of[:keys] = owner[np.sort(first)]
    atom_of[frequent.entry] = new
    return Lexicon(shingle, atom, size), accounts, atom_of


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
def _ahead(start, atom, label, usable):  # type: ignore[no-untyped-def]
    """(the label that may have most rows of each usable atom, by how many rows it is before all others).

    A vote (Boyer and Moore 1981) and a count of who won: the vote itself tells not how many.
    """
    owner, ahead = np.full(usable.size, -1, np.int32), np.zeros(usable.size, np.int64)
    for row in range(label.size):
        for a in atom[start[row] : start[row + 1]]:
            if usable[a] and label[row] >= 0:
                if ahead[a] == 0:
                    owner[a] = label[row]
                ahead[a] += 1 if owner[a] == label[row] else -1
    ahead[:] = 0
    for row in range(label.size):
        for a in atom[start[row] : start[row + 1]]:
            if usable[a] and label[row] >= 0:
                ahead[a] += 1 if owner[a] == label[row] else -1
    return owner, ahead


@numba.njit(nogil=True, cache=True)
def _pick_payload(start, atom, label, score, claimed, share):  # type: ignore[no-untyped-def]
    owner, ahead = _ahead(start, atom, label, score > 0)
    out = np.full(label.size, -1, np.int32)
    for row in range(label.size):
        best = 0.0
        for a in atom[start[row] : start[row + 1]]:
            piece = ahead[a] > 0 and ahead[a] >= share * claimed[owner[a]]
            if score[a] > best and not piece:
                best = score[a]
                out[row] = a
    return out
