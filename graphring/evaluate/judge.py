"""One run against a truth."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graphring.evaluate.dials import recall_by_dial
from graphring.evaluate.judged import Findings, Judged, bring_together, findings_of
from graphring.evaluate.metrics import account_scores, kind_scores, look_alike_scores, ring_scores, watch_scores
from graphring.evaluate.ranking import accounts_at_k, member_confidence, ring_probability, rings_at_k
from graphring.evaluate.results import Evaluation, NullResult, TruthScores
from graphring.evaluate.truth import Truth, dials, read_truth
from graphring.model import Tier
from graphring.store import Snapshot

__all__ = ["WHOLE_GROUP", "evaluate", "score"]

WHOLE_GROUP: Final = 0.5
"""A company, course or family counts as accused as a whole from this share of its accounts on (two at least)."""


def evaluate(
    snapshot: Snapshot,
    truth: Path | pa.Table | None = None,
    *,
    null: NullResult | None = None,
    whole_group_share: float = WHOLE_GROUP,
) -> Evaluation:
    """Judge a published run.

    Parameters
    ----------
    snapshot: the run.
    truth: see `read_truth`; None: only what was found is counted.
    null: what null runs of the same detector found, to be reported beside.
    whole_group_share: see `WHOLE_GROUP`.

    Raises
    ------
    SourceError: the truth cannot be used.
    """
    findings = findings_of(snapshot)
    scores = None
    if truth is not None:
        known = read_truth(truth)
        ids = known.accounts["account_id"].to_pylist()
        seen = snapshot.accounts(ids)["account_id"]
        scores = score(findings, known, seen=seen, whole_group_share=whole_group_share)
    return Evaluation(
        run_id=snapshot.run.run_id,
        rings={str(tier): _count(findings.rings["tier"], tier) for tier in Tier},
        members={str(tier): _members(findings, tier) for tier in Tier},
        truth=scores,
        null=null,
    )


def score(
    findings: Findings,
    truth: Truth,
    *,
    seen: pa.ChunkedArray | None = None,
    whole_group_share: float = WHOLE_GROUP,
) -> TruthScores:
    """Every figure of `TruthScores` for the findings of any detector.

    Parameters
    ----------
    seen: ids of the accounts of the truth that the run knows; None: all.
    """
    judged = bring_together(findings, truth)
    rings = ring_scores(judged, dials(truth))
    return TruthScores(
        accounts=account_scores(judged),
        watch=watch_scores(judged),
        rings=rings,
        kinds=kind_scores(judged, rings.matches),
        look_alikes=look_alike_scores(judged, whole_group_share),
        accounts_at_k=accounts_at_k(judged),
        rings_at_k=rings_at_k(judged),
        member_confidence=member_confidence(judged),
        ring_probability=ring_probability(judged),
        dials=recall_by_dial(rings.matches),
        counts=_counts(judged, truth, seen),
    )


def _counts(judged: Judged, truth: Truth, seen: pa.ChunkedArray | None) -> dict[str, int]:
    unseen = 0
    if seen is not None:
        unseen = judged.listed - int(pc.sum(pc.is_in(truth.accounts["account_id"], value_set=seen)).as_py() or 0)
    return {
        "accounts": judged.listed,
        "rings": len(judged.true_names),
        "guilty": int(judged.guilty.sum()),
        "benign": int((~judged.guilty[: judged.listed]).sum()),
        "unseen": unseen,
        "flagged_unlisted": int(np.count_nonzero(judged.flagged[judged.listed :])),
    }


def _count(tiers: pa.ChunkedArray, tier: Tier) -> int:
    return int(pc.sum(pc.equal(tiers, tier.value)).as_py() or 0)


def _members(findings: Findings, tier: Tier) -> int:
    rings = findings.rings.filter(pc.equal(findings.rings["tier"], tier.value))["ring_id"]
    rows = findings.members.filter(pc.is_in(findings.members["ring_id"], value_set=rings.combine_chunks()))
    return int(pc.count_distinct(rows["account_id"]).as_py())
