"""rings, show: what a run found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import pyarrow as pa
import pyarrow.compute as pc
import typer
from rich.console import RenderableType

from graphring.cases import life
from graphring.cli.common import Config, Format, Output, StateDir, must_exist, out, print_rows, settings_of
from graphring.cli.render import as_json, as_lines, as_table, number, plain
from graphring.errors import UnknownRingError
from graphring.model import Role, Tier
from graphring.refresh import State, open_state

if TYPE_CHECKING:
    from graphring.config import Settings
    from graphring.store import Snapshot

__all__ = ["register", "ring_row", "rings_table"]

_MEMBER_COLUMNS = ("ring_id", "account_id", "confidence", "score", "tier")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("rings")(rings)
    app.command("show")(show)


def rings(
    members: Annotated[bool, typer.Option("--members", help="One line for each member of each ring")] = False,
    output: Output = Format.TABLE,
    state: StateDir = None,
    config: Config = None,
) -> None:
    """List the rings of the last run, best first; with --members their accounts."""
    with open_state(must_exist(settings_of(config, state))) as opened:
        snapshot = opened.snapshot()
        if members:
            print_rows(output, "", _MEMBER_COLUMNS, member_rows(snapshot))
        elif output is Format.TABLE:
            out.print(rings_table(opened, snapshot))
        else:
            table = snapshot.rings().drop_columns(["headline"] if output is Format.CSV else [])
            print_rows(output, "", table.column_names, [list(row.values()) for row in table.to_pylist()])


def rings_table(state: State, snapshot: Snapshot) -> RenderableType:
    """The queue as the terminal shows it."""
    decided = state.casebook.outcomes()
    order = [("score", "descending"), ("ring_id", "ascending")]
    rows = [
        (
            row["ring_id"], row["tier"], f"{row['score']:.0f}", f"{row['accounts']:,}", row["status"],
            str(decided[row["ring_id"]].outcome) if row["ring_id"] in decided else "", row["headline"],
        )
        for row in snapshot.rings().sort_by(order).to_pylist()
    ]  # fmt: skip
    run = snapshot.run
    title = f"{len(rows)} rings in {run.counts.get('accounts', 0):,} accounts ({run.run_id})"
    columns = [("ring", ""), ("tier", ""), ("bits", "right"), ("accounts", "right"), ("status", ""), ("decided", ""),
               ("what was found", "")]  # fmt: skip
    return as_table(title, columns, rows)


def member_rows(snapshot: Snapshot) -> list[list[object]]:
    """`ring_id, account_id, confidence, score, tier`, sorted; fixed numbers of decimals, so that bytes are stable."""
    tiers = {row["ring_id"]: row for row in snapshot.rings().select(["ring_id", "score", "tier"]).to_pylist()}
    table = snapshot.members()
    table = table.filter(pc.equal(table["role"], Role.MEMBER.value))
    rows = []
    for row in table.to_pylist():
        ring = tiers[row["ring_id"]]
        values: list[object] = [row["ring_id"], row["account_id"], f"{row['confidence']:.4f}", f"{ring['score']:.2f}"]
        rows.append([*values, ring["tier"]])
    return rows


def ring_row(snapshot: Snapshot, ring_id: str) -> dict[str, Any]:
    """One row of RINGS; raises UnknownRingError."""
    table = snapshot.rings()
    found = table.filter(pc.equal(table["ring_id"], ring_id)).to_pylist()
    if not found:
        raise UnknownRingError(f"run {snapshot.run.run_id} has no ring {ring_id}", "graphring rings lists them")
    row: dict[str, Any] = found[0]
    return row


def show(
    ring: Annotated[str, typer.Argument(help="Ring id, such as R-00001")],
    output: Annotated[Format, typer.Option("--format", help="table or json")] = Format.TABLE,
    state: StateDir = None,
    config: Config = None,
) -> None:
    """Show one ring: what was found, the evidence for and against it, what its accounts share."""
    with open_state(must_exist(settings_of(config, state))) as opened:
        snapshot = opened.snapshot()
        row = ring_row(snapshot, ring)
        evidence, objects, members = snapshot.evidence(ring), snapshot.ring_objects(ring), snapshot.members(ring)
        ledger = snapshot.ledger(ring)
        opened.casebook.record("command line", "view", ring)
        history = opened.casebook.history(ring)
        if output is not Format.TABLE:
            tables = {"evidence": evidence, "objects": objects, "members": members, "ledger": ledger}
            out.file.write(as_json({**row, **{name: table.to_pylist() for name, table in tables.items()}}) + "\n")
            return
        out.print(f"{ring}  {row['tier']}  {row['score']:.1f} bits  {row['accounts']:,} accounts  ({row['status']})")
        out.print(plain(row["headline"]))
        out.print(f"History: {plain(life(ledger.to_pylist()), 1_000)}")
        for line in _standing(row, evidence, members, opened.settings, snapshot.run.counts.get("exchanges", 1) > 0):
            out.print(plain(line))
        holds = _what_holds(row, evidence, objects)
        for table in (*_evidence_tables(evidence), *holds, _objects_table(objects), _members_table(members)):
            out.print()
            out.print(table)
        for entry in history:
            if entry.kind != "audit":
                said = f"{entry.outcome}: {entry.text}" if entry.outcome else entry.text
                out.print(f"{entry.at:%Y-%m-%d %H:%M} {plain(entry.by)}: {plain(said)}")


def _standing(
    row: dict[str, Any], evidence: pa.Table, members: pa.Table, settings: Settings, traffic: bool
) -> list[str]:
    """What the finding is worth, why it has this tier, and what would explain it innocently."""
    from graphring.detect.narrate import chance, counted
    from graphring.detect.tiers import missing, rules, standing_of
    from graphring.refresh.calibration import parameters_of

    p = parameters_of(settings, traffic=traffic)
    lines = [f"Probability that it is a ring: {row['probability'] or 0.0:.1%}. {chance(row)}"]
    lines.append(f"Tier {row['tier']}: {dict(rules(p)).get(row['tier'], '')}.")
    above = {Tier.MEDIUM: Tier.HIGH, Tier.WATCH: Tier.MEDIUM}.get(row["tier"])
    lacks = missing(standing_of(row, evidence.to_pylist(), p), above, p) if above else ()
    if above and lacks:
        lines.append(f"For {above} it lacks {'; '.join(lacks)}.")
    if row["benign_explanation"]:
        weight = f"{row['benign_bits']:+.1f} bits"
        lines.append(f"Best innocent explanation (if true, {weight}): {row['benign_explanation']}")
    if row["measure"]:
        lines.append(f"Suggested measure: {row['measure']}")
    if beside := counted(members.to_pylist()):
        lines.append(beside)
    return lines


def _evidence_tables(evidence: pa.Table) -> list[RenderableType]:
    """What the logs show, and apart from it what is concluded."""
    columns = [("evidence", ""), ("bits", "right"), ("observed", "right"), ("expected", "right"), ("unit", ""),
               ("in words", "")]  # fmt: skip
    found = []
    for title, inferred in (("Observed", False), ("Inferred", True)):
        rows = [
            (
                e["family"],
                f"{e['bits']:+.1f}",
                number(e["observed"]),
                number(e["expected"]),
                e["unit"],
                e["statement"],
            )
            for e in evidence.to_pylist()
            if bool(e["inferred"]) is inferred
        ]
        if rows:
            found.append(as_table(title, columns, rows))
    return found


def _what_holds(row: dict[str, Any], evidence: pa.Table, objects: pa.Table) -> list[RenderableType]:
    """What would be left without a family of evidence, and without the objects that dissolve the ring."""
    from graphring.detect.narrate import cut_of, dissolution, without_families

    rows = objects.to_pylist()
    cut = [
        (o["object_type"], plain(o["label"] or o["object_id"], 60), f"{o['members']:,}", f"{o['outsiders']:,}",
         f"{o['remain']:,}")
        for o in cut_of(rows)
    ]  # fmt: skip
    lines = [*without_families(row, evidence.to_pylist()), dissolution(row, rows)]
    found: list[RenderableType] = [as_lines("What holds it together", lines)] if any(lines) else []
    if cut:
        columns = [("remove", ""), ("object", ""), ("members", "right"), ("outsiders", "right"), ("connected", "right")]
        found.append(as_table("", columns, cut))
    return found


def _objects_table(objects: pa.Table) -> RenderableType:
    rows = [
        (o["object_type"], plain(o["label"], 60), f"{o['members']:,}", f"{o['outsiders']:,}")
        for o in objects.slice(0, 15).to_pylist()
    ]
    title = f"Shared objects ({min(15, objects.num_rows)} of {objects.num_rows:,})"
    return as_table(title, [("type", ""), ("object", ""), ("members", "right"), ("outsiders", "right")], rows)


def _members_table(members: pa.Table) -> RenderableType:
    rows = [
        (m["account_id"], f"{m['confidence']:.2f}", m["role"])
        for m in members.sort_by([("confidence", "descending"), ("account_id", "ascending")]).slice(0, 15).to_pylist()
    ]
    title = f"Accounts ({min(15, members.num_rows)} of {members.num_rows:,}; all with graphring rings --members)"
    return as_table(title, [("account", ""), ("confidence", "right"), ("role", "")], rows)
