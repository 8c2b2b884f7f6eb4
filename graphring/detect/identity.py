"""Ring ids that survive the night: rings of this run are matched with all earlier ones by their accounts.

An id never changes its meaning, is never given twice and is never derived from accounts: it comes from a counter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphring.detect.footprint import UNKNOWN, Footprints, read_footprints
from graphring.detect.lineage import Past, age, lineage_table, read_past
from graphring.detect.parameters import Parameters
from graphring.detect.succession import Link, predecessors
from graphring.model import LEDGER, GraphTables, conform

__all__ = ["Identity", "identify"]

Group = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Identity:
    """ids: ring id of each group; status: its last event; predecessor: ids of the rings that it succeeds, separated by
    spaces; ledger: LEDGER, what was carried over included; lineage: LINEAGE.
    """

    ids: tuple[str, ...]
    status: tuple[str, ...]
    predecessor: tuple[str | None, ...]
    ledger: pa.Table
    lineage: pa.Table


@dataclass
class _Event:
    """One row of the ledger in the making."""

    ring_id: str
    event: str
    accounts: int
    related: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Night:
    """One run's rings beside the earlier ones.

    groups: account ids of each ring; past: earlier rings; common: for each group, accounts in common with earlier
    rings; matched: group → the ring that it is; ids: of all groups; absorbed: earlier ring → the group that it is in.
    """

    groups: Sequence[Group]
    past: Mapping[str, Past]
    common: Sequence[Mapping[str, int]]
    matched: Mapping[int, str]
    ids: Sequence[str]
    absorbed: Mapping[str, int]


def identify(
    groups: Sequence[Group],
    graph: GraphTables,
    previous: Mapping[str, pa.Table] | None,
    p: Parameters,
    *,
    run_id: str,
    first_number: int,
) -> Identity:
    """Give each ring of this run its id, and write down what became of all rings.

    Parameters
    ----------
    groups: disjoint; account ids of each ring.
    graph: of this run; objects and times tell a replacement pool from a ring of its own.
    previous: the last run's members, ledger and lineage; None: there is none.
    first_number: the number of the first new id.
    """
    past = read_past(previous)
    owners = _owners(past)
    common = [_common(group, owners) for group in groups]
    matched = _matched(groups, past, common, p)
    ids = _ids(groups, matched, first_number)
    night = _Night(groups, past, common, matched, ids, _absorbed(groups, past, common, matched, p))
    carried = conform(previous["ledger"], LEDGER) if previous and "ledger" in previous else LEDGER.empty_table()
    line = _lines(carried)
    current, links = _succession(night, graph, line, p)
    events = _events(night, links, p)
    line |= {event.ring_id: sorted(event.related) for event in events if event.event == "succeeded"}
    rows = sorted(
        (e.ring_id, run_id, e.event, e.accounts, sorted(e.related), "; ".join(e.notes)) for e in events
    )  # fmt: skip
    fresh = pa.Table.from_pylist([dict(zip(LEDGER.names, row, strict=True)) for row in rows], schema=LEDGER)
    status = {event.ring_id: event.event for event in events}
    return Identity(
        tuple(ids), tuple(status[i] for i in ids), tuple(" ".join(line[i]) if i in line else None for i in ids),
        pa.concat_tables([carried, fresh]), lineage_table(current, past, p),
    )  # fmt: skip


def _owners(past: Mapping[str, Past]) -> dict[str, list[str]]:
    """For each account the earlier rings that it was in, oldest first."""
    owners: dict[str, list[str]] = {}
    for ring in past.values():
        for account in ring.accounts:
            owners.setdefault(account, []).append(ring.ring_id)
    return owners


def _common(group: Group, owners: Mapping[str, Sequence[str]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for account in group:
        for ring_id in owners.get(account, ()):
            found[ring_id] = found.get(ring_id, 0) + 1
    return found


def _same(common: int, one: int, other: int, p: Parameters) -> bool:
    """Whether two rings of these sizes are one."""
    return common >= max(min(p.lineage_least, one, other), p.lineage_same * min(one, other))


def _matched(
    groups: Sequence[Group], past: Mapping[str, Past], common: Sequence[Mapping[str, int]], p: Parameters
) -> dict[int, str]:
    """One to one, the pair with most accounts in common first: a stable matching (Gale, Shapley 1962).

    So the larger part of a split keeps the id, and of merged rings the id lives on that contributes more; of equals a
    ring of the last run, then the older one.
    """
    pairs = [
        (-shared, past[name].absent > 0, age(name), _rank(groups[i]), i, name)
        for i, row in enumerate(common)
        for name, shared in row.items()
        if _same(shared, len(groups[i]), len(past[name].accounts), p)
    ]
    matched: dict[int, str] = {}
    taken: set[str] = set()
    for *_, i, name in sorted(pairs):
        if i not in matched and name not in taken:
            matched[i] = name
            taken.add(name)
    return matched


def _rank(group: Group) -> tuple[int, str]:
    """Orders disjoint groups, whatever the order in which they came: the largest first."""
    return -len(group), min(group, default="")


def _ids(groups: Sequence[Group], matched: Mapping[int, str], first_number: int) -> list[str]:
    ids = [matched.get(i, "") for i in range(len(groups))]
    new = sorted((i for i in range(len(groups)) if i not in matched), key=lambda i: _rank(groups[i]))
    for number, i in enumerate(new, start=first_number):
        ids[i] = f"R-{number:05d}"
    return ids


def _absorbed(
    groups: Sequence[Group], past: Mapping[str, Past], common: Sequence[Mapping[str, int]], matched: Mapping[int, str],
    p: Parameters,
) -> dict[str, int]:  # fmt: skip
    """Earlier rings that are found no more because a good part of them *came into* another ring in this run."""
    alive = set(matched.values())
    best: dict[str, tuple[int, tuple[int, str], int]] = {}
    for i, name in sorted(matched.items()):
        had = set(past[name].accounts)
        for other in common[i]:
            if other in alive:
                continue
            came = len((set(past[other].accounts) - had).intersection(groups[i]))
            if _same(came, len(past[other].accounts), len(past[other].accounts), p):
                found = (-came, _rank(groups[i]), i)
                best[other] = min(best.get(other, found), found)
    return {name: found[2] for name, found in best.items()}


def _lines(ledger: pa.Table) -> dict[str, list[str]]:
    """Predecessors of earlier rings."""
    columns = (ledger[name].to_pylist() for name in ("ring_id", "event", "related"))
    return {ring: list(before) for ring, event, before in zip(*columns, strict=True) if event == "succeeded" and before}


def _succession(
    night: _Night, graph: GraphTables, line: Mapping[str, Sequence[str]], p: Parameters
) -> tuple[list[Past], dict[int, tuple[Link, ...]]]:
    """Current rings as they will be remembered, and the predecessors of those that are wholly new."""
    current = [Past(name, 0, tuple(sorted(group))) for name, group in zip(night.ids, night.groups, strict=True)]
    alive = set(night.matched.values())
    gone = [ring for ring in night.past.values() if ring.ring_id not in alive]
    new = [i for i in range(len(current)) if i not in night.matched and not _parents(night, i, p)]
    prints = read_footprints([*current, *gone] if new else current, graph, p)
    names = [*night.ids, *(ring.ring_id for ring in gone)]
    links = predecessors(prints, names, new, line, p) if new else {}
    return [_remembered(ring, i, prints, p) for i, ring in enumerate(current)], links


def _remembered(ring: Past, i: int, prints: Footprints, p: Parameters) -> Past:
    first, last = (None if t == UNKNOWN else int(t) for t in (prints.start[i], prints.end[i]))
    return Past(ring.ring_id, 0, ring.accounts, prints.rarest(i, p.lineage_objects), first, last)


def _parents(night: _Night, i: int, p: Parameters) -> list[str]:
    """Rings that live on elsewhere, of which a group without an earlier id was a part."""
    return [
        name
        for name, shared in sorted(night.common[i].items())
        if _same(shared, len(night.groups[i]), len(night.past[name].accounts), p)
    ]


def _events(night: _Night, links: Mapping[int, tuple[Link, ...]], p: Parameters) -> list[_Event]:
    """One for each ring of this run, one for each that ended or fell dormant in it."""
    events = {}
    for i, name in enumerate(night.ids):
        events[name] = _lived(night, i, name, p) if i in night.matched else _began(night, i, name, links.get(i, ()), p)
    alive = set(night.ids)
    for name, ring in night.past.items():
        if name not in alive and name in night.absorbed:
            into = night.ids[night.absorbed[name]]
            shared = night.common[night.absorbed[name]][name]
            note = f"{shared:,} of its {len(ring.accounts):,} accounts are in {into} now"
            events[name] = _Event(name, "merged", 0, {into}, [note])
        elif name not in alive and ring.absent == 0:
            events[name] = _Event(name, "dormant", 0, set(), ["no longer found"])
    for name in sorted(events, key=age):
        for before in sorted(events[name].related):
            if events[name].event in {"split", "succeeded"} and before in events and before != name:
                does = "split off" if events[name].event == "split" else "took over"
                events[before].notes.append(f"{name} {does}")
                if events[before].event not in {"split", "succeeded"}:  # theirs are where they came from
                    events[before].related.add(name)
    return list(events.values())


def _began(night: _Night, i: int, name: str, links: Sequence[Link], p: Parameters) -> _Event:
    """The first event of a ring."""
    size = len(night.groups[i])
    if parents := _parents(night, i, p):
        notes = [f"{night.common[i][parent]:,} of its {size:,} accounts were in {parent}" for parent in parents]
        return _Event(name, "split", size, set(parents), notes)
    if links:
        return _Event(name, "succeeded", size, {link.ring_id for link in links}, [link.reason for link in links])
    return _Event(name, "born", size)


def _lived(night: _Night, i: int, name: str, p: Parameters) -> _Event:
    """What became of a ring that was there before."""
    past, shared, now = night.past, night.common[i], len(night.groups[i])
    before = len(past[name].accounts)
    event, notes = _growth(now, before)
    others = set()
    if past[name].absent:
        runs = f"{past[name].absent:,} run{'s' if past[name].absent > 1 else ''}"
        event = "revived"
        notes = [
            f"back after {runs} with {shared[name]:,} of its {before:,} accounts and {now - shared[name]:,} others"
        ]
        others = {ring for ring in _parents(night, i, p) if ring != name and not past[ring].absent} - set(
            night.absorbed
        )
        notes += [f"{shared[ring]:,} of them were in {ring}" for ring in sorted(others, key=age)]
    joined = {ring for ring, at in night.absorbed.items() if at == i}
    notes += [f"{shared[r]:,} of the {len(past[r].accounts):,} accounts of {r} joined" for r in sorted(joined, key=age)]
    return _Event(name, "merged" if joined and event != "revived" else event, now, others | joined, notes)


def _growth(now: int, before: int) -> tuple[str, list[str]]:
    if now > before * 1.1:
        return "grown", [f"from {before:,} to {now:,} accounts"]
    if now < before * 0.9:
        return "shrunk", [f"from {before:,} to {now:,} accounts"]
    return "continued", []
