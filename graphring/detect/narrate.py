"""What holds a ring together, in sentences, from its published rows: the same words in terminal, page and case file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["chance", "counted", "cut_of", "dissolution", "remaining_of", "without_families"]

Row = Mapping[str, Any]


def remaining_of(evidence: Iterable[Row]) -> dict[str, int]:
    """Family → members that remain without its evidence, fewest first; families that carry nobody are there, too."""
    found = {row["family"]: int(row["remain"]) for row in evidence if _known(row.get("remain"))}
    return dict(sorted(found.items(), key=lambda item: (item[1], item[0])))


def without_families(ring: Row, evidence: Iterable[Row]) -> list[str]:
    """One sentence for each family that carries members, and one for all that do not."""
    n, left = int(ring["accounts"]), remaining_of(evidence)
    told = [
        f"Without the {family} evidence {_number(remain)} of {_accounts(n)} would remain."
        for family, remain in left.items()
        if remain < n
    ]
    idle = [family for family, remain in left.items() if remain >= n]
    if idle:
        told.append(f"All would remain without {_either(idle)}.")
    return told


def cut_of(objects: Iterable[Row]) -> list[Row]:
    """The objects whose removal dissolves the ring, in the order of removal."""
    return sorted((row for row in objects if _known(row.get("cut"))), key=lambda row: row["cut"])


def dissolution(ring: Row, objects: Iterable[Row]) -> str:
    """What it takes to dissolve the ring; empty where the run does not say."""
    n, cut = int(ring["accounts"]), cut_of(objects)
    if not _known(ring.get("connected")):
        return ""
    connected = int(ring["connected"])
    if 2 * connected < n:
        return (
            f"The ring's own objects connect no more than {_number(connected)} of its {_accounts(n)}: what they send "
            "and when they act holds the ring together."
        )
    if not cut:
        return (
            f"The ring's own objects connect {_number(connected)} of its {_accounts(n)} in so many ways that no small "
            "number of them holds it together."
        )
    these = "this object" if len(cut) == 1 else f"these {_number(len(cut))} objects"
    return (
        f"The ring's own objects connect {_number(connected)} of its {_accounts(n)}. Without {these} fewer than half "
        f"stay connected: {_number(int(cut[-1]['remain']))}."
    )


def counted(accounts: Iterable[Row]) -> str:
    """Of whom the evidence counts more accounts than the ring has members; empty where all are members.

    A victim, or an honest customer of a reseller, was found with the ring and shows what it shows.
    """
    roles = [str(row["role"]) for row in accounts]
    others = sum(role != "member" for role in roles)
    if not others:
        return ""
    beside = "1 account that is no member" if others == 1 else f"{_number(others)} accounts that are no members"
    return f"The evidence was measured with {beside}; the list of accounts tells why: {_accounts(len(roles))} in all."


def chance(ring: Row) -> str:
    """p-value and q-value in a sentence; empty where they were not computed."""
    if not _known(ring.get("p_value")):
        return ""
    text = f"Groups of strangers of like activity score as much with p = {ring['p_value']:.2g} at most"
    among = f"; among all rings of this run, q = {ring['q_value']:.2g}" if _known(ring.get("q_value")) else ""
    return f"{text}{among}."


def _known(value: Any) -> bool:
    """Not null, and not the NaN that pandas puts in its place."""
    return value is not None and value == value  # noqa: PLR0124


def _number(value: int) -> str:
    return f"{value:,}"


def _accounts(n: int) -> str:
    return f"{n:,} account{'' if n == 1 else 's'}"


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]
