"""case.json: everything that the case file says, for programs. docs/case-files.md documents the schema."""

from __future__ import annotations

import json
from typing import Final

from graphring.cases.case import LIMITS_OF_THE_METHOD, Case
from graphring.cases.entry import moment

__all__ = ["FILE_NAME", "SCHEMA_VERSION", "render"]

FILE_NAME: Final = "case.json"
SCHEMA_VERSION: Final = 1


def render(case: Case) -> bytes:
    """Sorted keys; ASCII, so that no editor or terminal acts on hostile characters."""
    content = {
        "schema": {"name": "graphring-case", "version": SCHEMA_VERSION},
        "tool": {"name": "graphring", "version": case.export.version},
        "exported": {"at": moment(case.export.at), "by": case.export.by, "redacted": case.export.redacted},
        "casebook": {"entries": case.head.entries, "head": case.head.hash},
        "run": case.run,
        "ring": case.ring,
        "evidence": case.evidence,
        "accounts": case.accounts,
        "objects": case.objects,
        "activity": case.activity,
        "ledger": case.ledger,
        "families": case.families,
        "decisions": case.decisions,
        "notes": case.notes,
        "limits": LIMITS_OF_THE_METHOD,
    }
    text = json.dumps(content, sort_keys=True, indent=1, ensure_ascii=True, allow_nan=False)
    return (text + "\n").encode("ascii")
