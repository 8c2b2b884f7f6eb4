"""From validated rows to the tables of a run: duplicates dropped, ids turned into codes, everything sorted."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa

from graphring.engine import Engine
from graphring.intake.contract import COMPACT, RAW_ACCOUNTS, RAW_LINKS, RAW_PAYMENTS
from graphring.model import ACCOUNTS, EXCHANGES, IPS, LINKS, PAYMENTS

__all__ = ["settle"]


def settle(engine: Engine, out: Path, *, tables: Path, parts: Path) -> Mapping[str, int]:
    """Write accounts.parquet, payments.parquet, links.parquet, ips.parquet and exchanges.parquet into `out`.

    Parameters
    ----------
    tables: the folder that `Reader.read_tables` wrote.
    parts: a folder of *.parquet in COMPACT, in any order and of any sizes; none where there are no exchanges.

    Returns
    -------
    Rows of each table, and: duplicates (exchanges dropped because another row has their id), repeated_payments and
    repeated_links (rows equal to another one), replaced_accounts (rows of an account that another one replaced),
    unknown_accounts (named by traffic only).

    Raises
    ------
    DiskFullError: `out` or the engine's scratch directory is full.

    Notes
    -----
    Of several rows for one id the later file's counts; within a file, the latest in time, then the greatest in the
    order of its columns, so that the order of rows never matters. The same rows give the same bytes.
    """
    out.mkdir(parents=True, exist_ok=True)
    accounts = _table(engine, [tables / "accounts.parquet"], RAW_ACCOUNTS)
    payments = _table(engine, [tables / "payments.parquet"], RAW_PAYMENTS)
    links = _table(engine, [tables / "links.parquet"], RAW_LINKS)
    compact = _table(engine, sorted(parts.glob("*.parquet")), COMPACT)
    with _single_exchanges(engine, compact) as (exchanges, duplicates):
        counts = _write(engine, out, accounts, payments, links, exchanges)
    return {**counts, "duplicates": duplicates}


def _write(
    engine: Engine, out: Path, accounts: ir.Table, payments: ir.Table, links: ir.Table, exchanges: ir.Table
) -> dict[str, int]:
    counts: dict[str, int] = {}
    counts["accounts"] = _write_accounts(engine, out / "accounts.parquet", accounts, [payments, links, exchanges])
    codes = _codes(engine, out / "accounts.parquet", "account_id").rename(account="code")
    known = codes.filter(codes.known)
    counts["unknown_accounts"] = counts["accounts"] - _count(engine, known)
    counts["replaced_accounts"] = _count(engine, accounts) - _count(engine, known)
    named = codes.select("account_id", "account")
    for name, rows, schema in (("payments", payments, PAYMENTS), ("links", links, LINKS)):
        coded = rows.join(named, "account_id").select(schema.names).distinct()
        counts[name] = engine.write(coded, out / f"{name}.parquet", schema, order_by=schema.names)
        counts[f"repeated_{name}"] = _count(engine, rows) - counts[name]
    ips = exchanges.filter(exchanges.ip.notnull()).select("ip").distinct()
    counts["ips"] = engine.write(ips, out / "ips.parquet", IPS, order_by=["ip"])
    numbered = _codes(engine, out / "ips.parquet", "ip").select("ip", ip_code="code")
    joined = exchanges.join(named, "account_id").left_join(numbered, "ip")
    coded = joined.mutate(ip=joined.ip_code.fill_null(-1)).select(EXCHANGES.names)
    counts["exchanges"] = engine.write(
        coded, out / "exchanges.parquet", EXCHANGES, order_by=["account", "ts", "exchange_id"]
    )
    return counts


def _table(engine: Engine, paths: Sequence[Path], schema: pa.Schema) -> ir.Table:
    return engine.parquet(*paths) if paths else engine.arrow(schema.empty_table())


def _count(engine: Engine, expr: ir.Table) -> int:
    return int(engine.table(expr.count().name("n").as_table()).column("n")[0].as_py())


def _codes(engine: Engine, path: Path, key: str) -> ir.Table:
    """A sorted file's rows with their number, which is the code of `key`."""
    table = engine.con.read_parquet(str(path), file_row_number=True)
    return table.mutate(code=table.file_row_number.cast("int32")).drop("file_row_number")


def _latest_first(rows: ir.Table, schema: pa.Schema, lead: Sequence[str]) -> list[ir.Value]:
    names = [*lead, *(name for name in schema.names if name not in lead)]
    return [rows[name].desc(nulls_first=False) for name in names]


def _best(rows: ir.Table, key: str, order: Sequence[ir.Value]) -> ir.Table:
    place = ibis.row_number().over(ibis.window(group_by=key, order_by=list(order)))
    ranked = rows.mutate(place=place)
    return ranked.filter(ranked.place == 0).drop("place")


@ibis.udf.scalar.builtin(name="hash", signature=((dt.string,), dt.uint64))
def _digest(text):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """A hash that holds within one process only, which is all that finding candidates needs."""


@contextlib.contextmanager
def _single_exchanges(engine: Engine, rows: ir.Table) -> Iterator[tuple[ir.Table, int]]:
    """One row for an exchange_id, and how many rows were dropped.

    Only the hashes of ids are grouped, at 8 bytes a row; whole rows are compared where a hash comes twice.
    """
    hashed = rows.mutate(digest=_digest(rows.exchange_id))
    groups = hashed.group_by("digest").agg(n=ibis._.count())
    with engine.kept(groups.filter(groups.n > 1).select("digest")) as twice:
        if not _count(engine, twice):
            yield rows, 0
            return
        suspects = hashed.semi_join(twice, "digest").drop("digest")
        best = _best(suspects, "exchange_id", _latest_first(suspects, COMPACT, ["source", "ts"]))
        with engine.kept(best) as kept:
            dropped = _count(engine, suspects) - _count(engine, kept)
            others = hashed.anti_join(twice, "digest").drop("digest")
            yield others.union(kept.select(rows.columns)), dropped


def _write_accounts(engine: Engine, path: Path, accounts: ir.Table, traffic: Sequence[ir.Table]) -> int:
    best = _best(accounts, "account_id", _latest_first(accounts, RAW_ACCOUNTS, ["source", "closed_at", "created_at"]))
    listed = best.drop("source").mutate(known=ibis.literal(value=True)).select(ACCOUNTS.names)
    named = ibis.union(*(rows.select("account_id") for rows in traffic), distinct=True)
    strangers = named.anti_join(listed, "account_id")
    stubs = strangers.select(
        **{
            field.name: strangers.account_id if field.name == "account_id"
            else ibis.literal(value=False) if field.name == "known"
            else ibis.null(listed[field.name].type())
            for field in ACCOUNTS
        }
    )  # fmt: skip
    return engine.write(listed.union(stubs), path, ACCOUNTS, order_by=["account_id"])
