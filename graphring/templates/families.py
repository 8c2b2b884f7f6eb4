"""The cascade: compact exchanges ▶ frequent shingles ▶ wrappers ▶ families, with ids that survive the night."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from graphring.config import Settings
from graphring.engine import Engine
from graphring.engine.duck import atomic, writing
from graphring.model import ASSIGNMENTS, FAMILIES, TIME
from graphring.templates import state
from graphring.templates.exemplar import exemplar, redact
from graphring.templates.fingerprint import KIND_MASK, Kind
from graphring.templates.parameters import Parameters, parameters

__all__ = ["find_families"]

_COLUMNS: Final = ["exchange_id", "account", "ts", "template_id", "system", "prompt", "shingles"]
_HASHES: Final = 8
_Ints = npt.NDArray[np.int64]
_Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class _Exchanges:
    ids: pa.ChunkedArray
    account: _Ints
    ts: _Ints
    template: list[str | None]
    system: _Hashes
    prompt: _Hashes
    rows: _Ints
    shingles: _Hashes


def find_families(  # noqa: PLR0917 - a seam that others call by position
    engine: Engine,  # noqa: ARG001
    exchanges: Path,
    texts: Callable[[Sequence[str]], pa.Table],
    known: Path | None,
    settings: Settings,
    out: Path,
) -> None:
    """Find the template families of a night and write families.parquet, assignments.parquet and the state in `out`.

    Parameters
    ----------
    exchanges: EXCHANGES, sorted.
    texts: gives exchange_id, system_prompt, prompt of a few exchanges; called once.
    known: the folder of the night before; its families keep their ids.

    Raises
    ------
    ConfigError: an unknown name in `settings.templates`.
    """
    chosen = parameters(settings.templates)
    table = _read(exchanges)
    labels, keys = _label(table, chosen)
    numbers, last, states = _number(keys, state.load(known))
    families = _describe(table, labels, numbers, texts, chosen)
    ids = pa.array([None if label < 0 else state.name(numbers[label]) for label in labels.tolist()], pa.string())
    assignments = pa.table([table.ids, ids], schema=ASSIGNMENTS)
    for name, content in (("families", families), ("assignments", assignments)):
        path = out / f"{name}.parquet"
        with writing(path), atomic(path) as part:
            pq.write_table(content, part, compression="zstd")
    state.save(out, last, states)


def _read(path: Path) -> _Exchanges:
    table = pq.read_table(path, columns=_COLUMNS)
    lists = table["shingles"].combine_chunks()
    counts = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    return _Exchanges(
        table["exchange_id"],
        table["account"].to_numpy().astype(np.int64),
        table["ts"].cast(pa.int64()).to_numpy(),
        table["template_id"].to_pylist(),
        table["system"].to_numpy(),
        table["prompt"].to_numpy(),
        np.repeat(np.arange(len(counts)), counts),
        lists.flatten().to_numpy(),
    )


def _label(table: _Exchanges, chosen: Parameters) -> tuple[_Ints, list[list[int]]]:
    """A label for each row (-1: none) and, for each label, the keys by which it is known again."""
    labels = np.full(len(table.account), -1, np.int64)
    keys: list[list[int]] = []
    templates = np.array([_text_hash(text) if text else 0 for text in table.template], np.uint64)
    _exact(templates, table, chosen, labels, keys)
    _wrappers(table, chosen, labels, keys)
    _exact(table.system, table, chosen, labels, keys)
    return labels, keys


def _text_hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") | 1


def _exact(hashes: _Hashes, table: _Exchanges, chosen: Parameters, labels: _Ints, keys: list[list[int]]) -> None:
    """Rows that share a hash and have no label yet."""
    free = (labels < 0) & (hashes != 0)
    values, inverse = np.unique(hashes[free], return_inverse=True)
    accounts = _distinct(inverse, table.account[free], len(values))
    good = accounts >= chosen.min_accounts
    new = np.where(good, np.cumsum(good) - 1 + len(keys), -1)
    labels[free] = new[inverse]
    keys.extend([int(value)] for value in values[good])


def _distinct(group: _Ints, account: _Ints, groups: int) -> _Ints:
    pairs = np.unique(np.stack([group, account]), axis=1)
    return np.bincount(pairs[0], minlength=groups)


def _wrappers(table: _Exchanges, chosen: Parameters, labels: _Ints, keys: list[list[int]]) -> None:
    """Shingles frequent across accounts whose postings coincide are one wrapper; a prompt takes its widest one."""
    use = ((table.shingles & np.uint64(KIND_MASK)) == Kind.LONG) & (labels[table.rows] < 0)
    rows, (values, inverse) = table.rows[use], np.unique(table.shingles[use], return_inverse=True)
    accounts = _distinct(inverse, table.account[rows], len(values))
    frequent = (accounts >= chosen.min_accounts) & (np.bincount(inverse, minlength=len(values)) >= chosen.min_exchanges)
    keep = frequent[inverse]
    code = (np.cumsum(frequent) - 1)[inverse[keep]]
    rows, values, accounts = rows[keep], values[frequent], accounts[frequent]
    atom = _coincide(code, rows, len(values))
    size = np.bincount(atom, minlength=len(values))
    widest = np.zeros(len(values), np.int64)
    np.maximum.at(widest, atom, accounts)
    rank = np.where(size >= 2, widest, 0)[atom[code]]
    order = np.lexsort((values[atom[code]], -rank, rows))
    first = np.ones(len(order), bool)
    first[1:] = rows[order][1:] != rows[order][:-1]
    best = order[first & (rank[order] > 0)]
    atoms, label = np.unique(atom[code[best]], return_inverse=True)
    members: dict[int, list[int]] = {}
    for i, a in enumerate(atom.tolist()):
        members.setdefault(a, []).append(int(values[i]))
    labels[rows[best]] = label + len(keys)
    keys.extend(members[int(a)] for a in atoms)


def _coincide(code: _Ints, rows: _Ints, count: int) -> _Ints:
    """For each shingle the first one whose postings it shares: MinHash of postings (Broder 1997), half must agree."""
    mins = np.full((count, _HASHES), np.iinfo(np.uint64).max, np.uint64)
    for k in range(_HASHES):
        hashed = (rows.astype(np.uint64) + np.uint64(k * 0x632BE59BD9B4E019 % 2**64)) * np.uint64(0x9E3779B97F4A7C15)
        hashed = (hashed ^ (hashed >> np.uint64(31))) * np.uint64(0x94D049BB133111EB)
        np.minimum.at(mins[:, k], code, hashed ^ (hashed >> np.uint64(29)))
    parent = np.arange(count)
    for k in range(_HASHES):
        order = np.lexsort((np.arange(count), mins[:, k]))
        same = mins[order[1:], k] == mins[order[:-1], k]
        close = (mins[order[1:]] == mins[order[:-1]]).sum(axis=1) * 2 >= _HASHES
        for i, j in zip(order[:-1][same & close].tolist(), order[1:][same & close].tolist(), strict=True):
            a, b = _root(parent, i), _root(parent, j)
            parent[max(a, b)] = min(a, b)
    return np.array([_root(parent, i) for i in range(count)], np.int64)


def _root(parent: _Ints, i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = int(parent[i])
    return i


def _number(keys: list[list[int]], known: state.Known) -> tuple[list[int], int, list[tuple[int, str, Sequence[int]]]]:
    """Numbers for the labels: known ones first, then new ones in order of their smallest key."""
    numbers: list[int] = [0] * len(keys)
    taken: set[int] = set()
    last = known.last
    for label in sorted(range(len(keys)), key=lambda i: (-len(keys[i]), min(keys[i]))):
        found = known.number(keys[label])
        if found is not None and found not in taken:
            numbers[label] = found
            taken.add(found)
    for label in sorted(range(len(keys)), key=lambda i: min(keys[i])):
        if not numbers[label]:
            last += 1
            numbers[label] = last
    owned: dict[int, set[int]] = {}
    for key, number in known.owner.items():
        owned.setdefault(number, set()).add(key)
    for label, number in enumerate(numbers):
        owned.setdefault(number, set()).update(keys[label])
    return numbers, last, [(n, "wrapper", sorted(k)) for n, k in sorted(owned.items())]


def _describe(
    table: _Exchanges,
    labels: _Ints,
    numbers: list[int],
    texts: Callable[[Sequence[str]], pa.Table],
    chosen: Parameters,
) -> pa.Table:
    """FAMILIES of this night."""
    if not numbers:
        return FAMILIES.empty_table()
    order = np.lexsort((np.arange(len(labels)), labels))
    order = order[labels[order] >= 0]
    bounds = np.searchsorted(labels[order], np.arange(len(numbers) + 1))
    members = [order[a:b] for a, b in itertools.pairwise(bounds)]
    samples = [_samples(table, rows, chosen.samples) for rows in members]
    wanted = sorted({row for rows in samples for row in rows})
    ids = table.ids.take(pa.array(wanted, pa.int64())).to_pylist()
    raw = {row["exchange_id"]: row for row in texts(ids).to_pylist()} if ids else {}
    id_of = dict(zip(wanted, ids, strict=True))
    total = len(np.unique(table.account))
    out = []
    for rows, picked, number in zip(members, samples, numbers, strict=True):
        shown = [raw[id_of[row]] for row in picked if id_of[row] in raw]
        accounts = len(np.unique(table.account[rows]))
        ts = table.ts[rows]
        out.append(
            {
                "family_id": state.name(number),
                "kind": "wrapper",
                "exemplar": _show(shown, chosen),
                "variants": [],
                "accounts": accounts,
                "exchanges": len(rows),
                "first_seen": int(ts.min()),
                "last_seen": int(ts.max()),
                "rarity": float(np.log2(total / accounts)),
            }
        )
    out.sort(key=lambda row: str(row["family_id"]))
    columns = [
        pa.array([row[f.name] for row in out], pa.int64() if f.type == TIME else f.type).cast(f.type) for f in FAMILIES
    ]
    return pa.table(columns, schema=FAMILIES)


def _samples(table: _Exchanges, rows: _Ints, count: int) -> list[int]:
    """A few rows with prompts as different as can be had: the first of each of the smallest prompt hashes."""
    _, first = np.unique(table.prompt[rows], return_index=True)
    return sorted(rows[first[:count]].tolist())


def _show(rows: list[dict[str, str | None]], chosen: Parameters) -> str:
    systems = {row["system_prompt"] or "" for row in rows}
    system = redact(" ".join(next(iter(systems)).split(" ")[: chosen.exemplar_words])) if len(systems) == 1 else ""
    prompt = exemplar([row["prompt"] or "" for row in rows], chosen.exemplar_words) if rows else ""
    return "\n".join(part for part in (system and f"[system] {system}", prompt) if part)
