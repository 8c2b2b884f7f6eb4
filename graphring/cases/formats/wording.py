"""The report's words and numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from graphring.cases.case import Case, Row
from graphring.cases.life import life
from graphring.cases.names import case_name
from graphring.cases.text import visible

__all__ = [
    "confidence",
    "day",
    "figures",
    "folder",
    "history",
    "kind",
    "minute",
    "number",
    "others",
    "percent",
    "plain",
    "prose",
    "said",
    "signed",
    "standing",
    "summary",
    "tier",
]

_TIERS: Final = {"high": "high tier", "medium": "medium tier", "watch": "watch tier"}
_KINDS: Final = {"ip": "IP address", "payment_method": "payment method", "template": "prompt template"}
_MINUS: Final = "\N{MINUS SIGN}"


def tier(name: str) -> str:
    """The tier as the badge says it."""
    return _TIERS.get(name, visible(name, 20))


def number(value: float | None) -> str:
    """Whole numbers in full, others to three significant digits."""
    if value is None:
        return "unknown"
    if float(value).is_integer():
        return f"{int(value):,}".replace("-", _MINUS)
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(digits, 12)}f}".rstrip("0").rstrip(".").replace("-", _MINUS)


def plain(bits: float | None) -> str:
    """Bits to one decimal."""
    return "unknown" if bits is None else f"{bits:.1f}".replace("-", _MINUS)


def signed(bits: float | None) -> str:
    """Bits to one decimal, with their sign."""
    return "unknown" if bits is None else f"{bits:+.1f}".replace("-", _MINUS)


def figures(value: float | None) -> str:
    """Two significant figures, for values that may be very small."""
    return "unknown" if value is None else f"{value:.2g}"


def percent(share: float | None) -> str:
    """A share of 1; never 100 % or 0 % by rounding alone."""
    if share is None:
        return "unknown"
    if 0.999 < share < 1.0:
        return "over 99.9%"
    if 0.0 < share < 0.001:
        return "under 0.1%"
    return f"{100 * share:.3g}%"


def confidence(share: float | None) -> str:
    """Whole percents: an account's confidence is not known more finely."""
    if share is None:
        return "unknown"
    return "over 99%" if 0.995 <= share < 1.0 else f"{100 * share:.0f}%"


def kind(object_type: str) -> str:
    """An object type for people."""
    return _KINDS.get(object_type, visible(object_type.replace("_", " "), 40))


def prose(text: str) -> str:
    """What staff wrote, with its line breaks."""
    return "\n".join(visible(line.replace("\t", "    ")) for line in text.split("\n"))


def day(at: str | None) -> str:
    """2026-01-31."""
    return at[:10] if at else "unknown"


def minute(at: str | None) -> str:
    """2026-01-31 12:30."""
    return at[:16].replace("T", " ") if at else "unknown"


def others(case: Case) -> str:
    """Who is in the list without being a member: "1 victim, 2 customers"; empty: nobody."""
    counts: dict[str, int] = {}
    for row in case.accounts:
        if row["role"] != "member":
            counts[row["role"]] = counts.get(row["role"], 0) + 1
    return ", ".join(
        f"{count:,} {visible(role, 20)}{'' if count == 1 else 's'}" for role, count in sorted(counts.items())
    )


def standing(case: Case) -> Mapping[str, str]:
    """The decision that counts now."""
    if not case.decisions:
        return {"word": "open", "detail": "nobody has decided yet"}
    last = case.decisions[-1]
    word = "open" if last["outcome"] == "reopen" else last["outcome"]
    verb = "reopened" if last["outcome"] == "reopen" else "decided"
    return {"word": word, "detail": f"{verb} {day(last['at'])} by {visible(last['by'], 60)}"}


def summary(case: Case) -> Mapping[str, str]:
    """Two sentences for readers who stop here."""
    speaks = sorted((row for row in case.evidence if row["bits"] > 0), key=lambda row: (-row["bits"], row["rank"]))
    against = sorted((row for row in case.evidence if row["bits"] < 0), key=lambda row: (row["bits"], row["rank"]))
    families = sorted({row["family"] for row in speaks})
    first = (
        f"The score of {plain(case.ring['score'])} bits rests on {len(speaks)} {_pieces(speaks)} of evidence from "
        f"{len(families)} {'family' if len(families) == 1 else 'families'} ({_list(families)}). "
    )
    strongest = first + ("The strongest: " + visible(speaks[0]["statement"], 400) if speaks else "Nothing supports it.")
    if not against:
        return {"strongest": strongest, "against": "No evidence speaks against it."}
    total = math.fsum(row["bits"] for row in against)
    return {
        "strongest": strongest,
        "against": f"{len(against)} {_pieces(against)} of evidence {'speaks' if len(against) == 1 else 'speak'} "
        f"against it, {signed(total)} bits in all. The strongest: {visible(against[0]['statement'], 400)}",
    }


def said(case: Case) -> list[Row]:
    """Decisions and notes in the order they were made, each decision with what has changed in the ring since."""
    now = {row["account_id"] for row in case.accounts if row["role"] == "member"}
    rows: list[dict[str, Any]] = [dict(row) | {"since": _since(set(row["accounts"]), now)} for row in case.decisions]
    rows += [dict(row) | {"since": ""} for row in case.notes]
    return sorted(rows, key=lambda row: row["seq"])


def history(case: Case) -> str:
    """The ring's life over the runs; empty where the ledger says nothing."""
    return life(case.ledger)


def folder(case: Case) -> str:
    """The name of the case file's folder."""
    return case_name(case.ring_id, case.run_id)


def _since(then: set[str], now: set[str]) -> str:
    if not then:
        return ""
    joined, left = len(now - then), len(then - now)
    about = f"About the {len(then):,} accounts that the ring had then"
    if not joined and not left:
        return f"{about}; they are the same in this run."
    return f"{about}; since then {joined:,} joined and {left:,} left."


def _pieces(rows: Sequence[Row]) -> str:
    return "piece" if len(rows) == 1 else "pieces"


def _list(names: Sequence[str]) -> str:
    shown = [visible(name, 30) for name in names]
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " and " + shown[-1] if shown else "none"
