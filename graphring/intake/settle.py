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
from graphring.errors import SourceError
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
    SourceError: there is nothing but accounts.
    DiskFullError: `out` or the engine's scratch directory is full.

    Notes
    -----
    Of several rows for one id the later file's counts; within a file, the latest in time, then the greatest in the
    order of its columns, so that the order of rows never matters. The same rows give the same bytes.
    """
    out.mkdir(parents=True, exist_ok=True)
    read = {
        name: _table(engine, [tables / f"{name}.parquet"], schema)
        for name, schema in (("accounts", RAW_ACCOUNTS), ("payments", RAW_PAYMENTS), ("links", RAW_LINKS))
    }
    compact = _table(engine, sorted(parts.glob("*.parquet")), COMPACT)
    if not any(_count(engine, rows) for rows in (read["payments"], read["links"], compact)):
        raise SourceError(
            "the logs have no good row of payments, exchanges or links", "Check that the export is not empty"
        )
    with _single_exchanges(engine, compact) as (exchanges, duplicates):
        named, counts = _write_accounts(engine, out / "accounts.parquet", read, exchanges)
        for name, schema in (("payments", PAYMENTS), ("links", LINKS)):
            coded = read[name].join(named, "account_id").select(schema.names).distinct()
            counts[name] = engine.write(coded, out / f"{name}.parquet", schema, order_by=schema.names)
            counts[f"repeated_{name}"] = _count(engine, read[name]) - counts[name]
        counts |= _write_exchanges(engine, out, exchanges, named)
    return {**counts, "duplicates": duplicates}


def _write_exchanges(engine: Engine, out: Path, exchanges: ir.Table, named: ir.Table) -> dict[str, int]:
    ips = exchanges.filter(exchanges.ip.notnull()).select("ip").distinct()
    count = engine.write(ips, out / "ips.parquet", IPS, order_by=["ip"])
    numbered = _codes(engine, out / "ips.parquet").select("ip", ip_code="code")
    joined = exchanges.join(named, "account_id").left_join(numbered, "ip")
    coded = joined.mutate(ip=joined.ip_code.fill_null(-1)).select(EXCHANGES.names)
    order = ["account", "ts", "exchange_id"]
    return {"ips": count, "exchanges": engine.write(coded, out / "exchanges.parquet", EXCHANGES, order_by=order)}


def _table(engine: Engine, paths: Sequence[Path], schema: pa.Schema) -> ir.Table:
    return engine.parquet(*paths) if paths else engine.arrow(schema.empty_table())


def _count(engine: Engine, expr: ir.Table) -> int:
    return int(engine.table(expr.count().name("n").as_table()).column("n")[0].as_py())


def _codes(engine: Engine, path: Path) -> ir.Table:
    """A sorted file's rows with their number, which is their code."""
    table = engine.parquet(path, numbered=True)
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


def _write_accounts(
    engine: Engine, path: Path, read: Mapping[str, ir.Table], exchanges: ir.Table
) -> tuple[ir.Table, dict[str, int]]:
    """Write ACCOUNTS; returns each account_id with its code, and counts."""
    accounts = read["accounts"]
    best = _best(accounts, "account_id", _latest_first(accounts, RAW_ACCOUNTS, ["source", "closed_at", "created_at"]))
    listed = best.drop("source").mutate(known=ibis.literal(value=True)).select(ACCOUNTS.names)
    traffic = (read["payments"], read["links"], exchanges)
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
    written = engine.write(listed.union(stubs), path, ACCOUNTS, order_by=["account_id"])
    codes = _codes(engine, path)
    known = _count(engine, codes.filter(codes.known))
    counts = {
        "accounts": written,
        "unknown_accounts": written - known,
        "replaced_accounts": _count(engine, accounts) - known,
    }
    return codes.select("account_id", account="code"), counts
