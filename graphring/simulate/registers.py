"""The small tables: accounts, payments, links; and for evaluation alone: truth, and the dials of each ring."""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graphring.simulate.columns import account_ids, choose, identifiers, times
from graphring.simulate.draws import mix
from graphring.simulate.events import DAY, SECOND
from graphring.simulate.people import COUNTRIES, KINDS, OWN_DOMAIN, PLANS
from graphring.simulate.text.grammar import grammar
from graphring.simulate.world import World
from graphring.simulate.writer import Night

__all__ = ["write_registers", "write_truth"]

_COMMON: Final = (
    "gmail.com", "outlook.com", "yahoo.com", "icloud.com", "proton.me", "gmx.de", "web.de", "hotmail.com", "qq.com",
    "163.com", "naver.com", "mail.ru", "live.com", "aol.com", "orange.fr", "libero.it", "uol.com.br", "rediffmail.com",
    "wp.pl", "yandex.ru",
)  # fmt: skip
_DISPOSABLE: Final = (
    "mailinator.com", "guerrillamail.com", "10minutemail.com", "yopmail.com", "tempmail.dev", "trashmail.com",
    "sharklasers.com", "getnada.com", "dispostable.com", "maildrop.cc",
)  # fmt: skip
_TOP: Final = ("com", "io", "org", "net", "de", "co.uk", "ai", "dev")
Ints = npt.NDArray[np.int64]


def write_registers(world: World, nights: list[Night]) -> None:
    """Write accounts, payments and links of each night as Parquet, sorted by all columns.

    A night brings what is new since the one before, and accounts that were closed since then once more.
    """
    ids = account_ids(world)
    payments, paid_at = _payments(world, ids)
    links, linked_at = _links(world, ids)
    since = np.iinfo(np.int64).min
    for night in nights:
        until = (night.last + 1) * DAY
        _write(_accounts(world, ids, since, until), night.folder / "accounts.parquet")
        for table, at, name in ((payments, paid_at, "payments"), (links, linked_at, "links")):
            _write(table.filter(pa.array((at >= since) & (at < until))), night.folder / f"{name}.parquet")
        since = until


def write_truth(world: World, night: Night) -> None:
    """Write truth.parquet and truth_rings.parquet (ring, kind, accounts, dials) beside it.

    truth.parquet has account_id, ring (empty: benign), kind, and group: which company, course … an innocent account
    belongs to, empty for rings and for the background.
    """
    people, ids = world.people, account_ids(world)
    ring, kind = choose(tuple(world.labels), people.ring), choose(tuple(world.kinds), people.kind)
    innocent = np.zeros(len(ids), dtype=np.int64)
    for number, group in enumerate(world.groups, 1):
        if not group.ring:
            innocent[group.members] = number
    names_of_groups = choose(("", *(g.name for g in world.groups)), innocent)
    truth = {"account_id": ids, "ring": ring, "kind": kind, "group": names_of_groups}
    _write(pa.table(truth), night.folder / "truth.parquet")
    sizes = np.bincount(people.ring, minlength=len(world.labels))
    rows = []
    for number, label in enumerate(world.labels[1:], 1):
        group = next(g for g in world.groups if label == g.name or label.startswith(f"{g.name}-"))
        dials = json.dumps(dict(group.dials), sort_keys=True)
        if sizes[number]:
            rows.append((label, group.kind, int(sizes[number]), dials))
    names = ("ring", "kind", "accounts", "dials")
    kinds = (pa.string(), pa.string(), pa.int64(), pa.string())
    columns = {name: pa.array([row[k] for row in rows], kinds[k]) for k, name in enumerate(names)}
    _write(pa.table(columns), night.folder / "truth_rings.parquet")


def _accounts(world: World, ids: pa.Array, since: int, until: int) -> pa.Table:
    people = world.people
    created = _fine(people.created)
    closed = np.where(people.closed < world.days * 86_400, people.closed * SECOND, np.iinfo(np.int64).max)
    rows = np.flatnonzero((created < until) & ((created >= since) | ((closed >= since) & (closed < until))))
    known = closed[rows] < until
    closing = times(np.where(known, closed[rows], 0))
    return pa.table(
        {
            "account_id": ids.take(pa.array(rows)), "created_at": times(created[rows]),
            "email_domain": _domains(people.email[rows]), "plan": choose(PLANS, people.plan[rows]),
            "country": choose(COUNTRIES, people.country[rows]),
            "organisation": _organisations(people.organisation[rows]),
            "verified": pa.array(people.verified[rows]), "status": choose(("active", "closed"), known.astype(np.int64)),
            "closed_at": pc.if_else(pa.array(known), closing, pa.scalar(None, closing.type)),
        }
    )  # fmt: skip


def _payments(world: World, ids: pa.Array) -> tuple[pa.Table, Ints]:
    people = world.people
    paid = np.flatnonzero((people.card > 0) & (people.card_at < world.days * 86_400))
    own = (paid, people.card[paid], people.card_at[paid], people.card_kind[paid], people.issuer[paid])
    columns = (np.concatenate(column) for column in zip(own, *world.extra_payments, strict=True))
    account, card, at, kind, issuer = columns
    micro = _fine(at)
    table = pa.table(
        {
            "account_id": ids.take(pa.array(account)),
            "payment_method": identifiers("pm_", mix(card, world.salt("cards"))),
            "ts": times(micro), "kind": choose(KINDS, kind),
            "issuer": choose(tuple(f"bank-{number:02d}" for number in range(60)), issuer),
        }
    )  # fmt: skip
    return table, micro


def _links(world: World, ids: pa.Array) -> tuple[pa.Table, Ints]:
    people, rng = world.people, world.rng("links")
    kinds = (("device", people.device), ("phone", people.phone), ("referral", people.referral))
    rows = [np.flatnonzero(column > 0) for _, column in kinds]
    account = np.concatenate(rows)
    count = np.concatenate([rng.geometric(0.15, len(rows[0])), np.ones(len(rows[1]) + len(rows[2]), np.int64)])
    late = rng.exponential(np.where(rng.random(len(account)) < 0.3, 30 * 86_400, 1800)).astype(np.int64)
    at = people.created[account] + late
    at = np.where(at < world.days * 86_400, at, people.created[account])
    objects = [
        identifiers(f"{name}_", mix(column[some], world.salt(name)))
        for (name, column), some in zip(kinds, rows, strict=True)
    ]
    names = choose(tuple(name for name, _ in kinds), np.repeat(np.arange(3), [len(some) for some in rows]))
    micro = _fine(at)
    table = pa.table(
        {
            "account_id": ids.take(pa.array(account)), "object_type": names, "object_id": pa.concat_arrays(objects),
            "ts": times(micro), "count": pa.array(count, pa.int64()),
        }
    )  # fmt: skip
    return table, micro


def _fine(seconds: Ints) -> Ints:
    """Microseconds; the fraction is a hash, so that nothing falls on full seconds."""
    return seconds * SECOND + (mix(seconds, 77) % np.uint64(SECOND)).astype(np.int64)


def _domains(codes: Ints) -> pa.Array:
    firms = [name.lower().replace(" ", "").replace("&", "and") for name in grammar().lexicon.words("firm")]
    unique, inverse = np.unique(codes, return_inverse=True)
    names = []
    for code in unique.tolist():
        if code < 100:
            names.append(_COMMON[code % len(_COMMON)])
        elif code < OWN_DOMAIN:
            names.append(_DISPOSABLE[code % len(_DISPOSABLE)])
        else:
            names.append(f"{firms[code * 7 % len(firms)]}{code // len(firms) or ''}.{_TOP[code % len(_TOP)]}")
    return pa.array(names, pa.string()).take(pa.array(inverse))


def _organisations(codes: Ints) -> pa.Array:
    firms = grammar().lexicon.words("firm")
    unique, inverse = np.unique(codes, return_inverse=True)
    names = [f"{firms[code * 7 % len(firms)]} {code // len(firms) + 1}" if code else None for code in unique.tolist()]
    return pa.array(names, pa.string()).take(pa.array(inverse))


def _write(table: pa.Table, path: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    ordered = table.sort_by([(name, "ascending") for name in table.column_names])
    pq.write_table(ordered, path, compression="zstd")
