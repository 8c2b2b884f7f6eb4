"""The small tables: accounts, payments, links, truth, and the parameters of each ring."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from graphring.model import TIME
from graphring.simulate.draws import mix, salt, stream
from graphring.simulate.people import COUNTRIES, KINDS, PLANS
from graphring.simulate.text.banks import Lexicon
from graphring.simulate.world import World
from graphring.simulate.writer import START, identifiers

__all__ = ["write_registers"]

_COMMON = (
    "gmail.com",
    "outlook.com",
    "yahoo.com",
    "icloud.com",
    "proton.me",
    "gmx.de",
    "web.de",
    "hotmail.com",
    "qq.com",
    "163.com",
    "naver.com",
    "mail.ru",
    "live.com",
    "aol.com",
    "orange.fr",
    "libero.it",
    "uol.com.br",
    "rediffmail.com",
    "wp.pl",
    "yandex.ru",
)
_DISPOSABLE = (
    "mailinator.com",
    "guerrillamail.com",
    "10minutemail.com",
    "yopmail.com",
    "tempmail.dev",
    "trashmail.com",
    "sharklasers.com",
    "getnada.com",
    "dispostable.com",
    "maildrop.cc",
)


def write_registers(world: World, out: Path) -> None:
    """Write accounts, payments, links, truth and truth_rings as Parquet, each sorted by all of its columns."""
    people, seed = world.people, world.seed
    ids = identifiers("acct_", mix(np.arange(len(people)), salt(seed, "accounts")))
    known = np.zeros(len(people), bool)
    known |= True
    accounts = {
        "account_id": ids, "created_at": _times(people.created), "email_domain": _domains(people.email),
        "plan": _choose(PLANS, people.plan), "country": _choose(COUNTRIES, people.country),
        "organisation": _organisations(people.organisation), "verified": pa.array(people.verified),
        "status": pa.array(np.where(people.closed < world.days * 86_400, "closed", "active")),
        "closed_at": pa.array((people.closed % 2**40 + int(START.timestamp())) * 1_000_000, mask=people.closed >= world.days * 86_400).cast(pa.timestamp("us")).cast(TIME),
    }  # fmt: skip
    _write(accounts, out / "accounts.parquet")
    paid = np.flatnonzero(people.card > 0)
    payments = {
        "account_id": ids.take(pa.array(paid)), "payment_method": identifiers("pm_", mix(people.card[paid], salt(seed, "cards"))),
        "ts": _times(people.card_at[paid]), "kind": _choose(KINDS, people.card_kind[paid]),
        "issuer": pa.array([f"bank-{n:02d}" for n in people.issuer[paid]]),
    }  # fmt: skip
    _write(payments, out / "payments.parquet")
    _write(_links(world, ids), out / "links.parquet")
    names = np.asarray(["background", *(group.kind for group in world.groups)])
    rings = np.asarray(["", *(group.name if group.ring else "" for group in world.groups)])
    _write(
        {"account_id": ids, "ring": pa.array(rings[people.kind]), "kind": pa.array(names[people.kind])},
        out / "truth.parquet",
    )
    groups = [group for group in world.groups if group.ring]
    dials = {
        "ring": pa.array([g.name for g in groups], pa.string()), "kind": pa.array([g.kind for g in groups], pa.string()),
        "accounts": pa.array([len(g.members) for g in groups], pa.int64()),
        "dials": pa.array([json.dumps(g.dials, sort_keys=True) for g in groups], pa.string()),
    }  # fmt: skip
    _write(dials, out / "truth_rings.parquet")


def _links(world: World, ids: pa.Array) -> dict[str, pa.Array]:
    people, rng = world.people, stream(world.seed, "links")
    parts: list[tuple[str, npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]] = []
    for name, column in (("device", people.device), ("phone", people.phone), ("referral", people.referral)):
        rows = np.flatnonzero(column > 0)
        count = rng.geometric(0.15, len(rows)) if name == "device" else np.ones(len(rows), np.int64)
        parts.append((name, rows, column[rows], count))
    rows = np.concatenate([part[1] for part in parts])
    late = np.minimum(people.created[rows] + rng.exponential(3600, len(rows)).astype(np.int64), world.days * 86_400 - 1)
    return {
        "account_id": ids.take(pa.array(rows)), "object_type": pa.array(np.repeat([part[0] for part in parts], [len(part[1]) for part in parts])),
        "object_id": pa.concat_arrays([identifiers(f"{part[0][:3]}_", mix(part[2], salt(world.seed, part[0]))) for part in parts]),
        "ts": _times(late), "count": pa.array(np.concatenate([part[3] for part in parts]), pa.int64()),
    }  # fmt: skip


def _times(seconds: npt.NDArray[np.int64]) -> pa.Array:
    micro = (seconds + int(START.timestamp())) * 1_000_000 + (mix(seconds, 77) % np.uint64(1_000_000)).astype(np.int64)
    return pa.array(micro).cast(pa.timestamp("us")).cast(TIME)


def _choose(names: tuple[str, ...], codes: npt.NDArray[np.int64]) -> pa.Array:
    return pa.array(names, pa.string()).take(pa.array(codes))


def _domains(codes: npt.NDArray[np.int64]) -> pa.Array:
    firms = [name.lower().replace(" ", "").replace("&", "and") for name in Lexicon().words("firm")]
    top = ("com", "io", "org", "net", "de", "co.uk", "ai", "dev")
    out = []
    for code in codes.tolist():
        if code < 100:
            out.append(_COMMON[code % len(_COMMON)])
        elif code < 200:
            out.append(_DISPOSABLE[code % len(_DISPOSABLE)])
        else:
            out.append(f"{firms[code * 7 % len(firms)]}{code // len(firms) or ''}.{top[code % len(top)]}")
    return pa.array(out, pa.string())


def _organisations(codes: npt.NDArray[np.int64]) -> pa.Array:
    firms = Lexicon().words("firm")
    return pa.array(
        [f"{firms[code * 7 % len(firms)]} {code}" if code else None for code in codes.tolist()], pa.string()
    )


def _write(columns: dict[str, Any], path: Path) -> None:
    table = pa.table(columns)
    table = table.sort_by([(name, "ascending") for name in table.column_names])
    pq.write_table(table, path, compression="zstd")
