"""Accounts, kinds, look-alikes and rings against a truth. All sums are over integers, so no order matters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from graphring.detect.layers import Flags
from graphring.evaluate.judged import Ints, Judged, Overlap, Reals
from graphring.evaluate.results import AccountScores, KindScores, LookAlikeScores, RingMatch, RingScores, WatchScores

__all__ = ["account_scores", "guilty_rings", "kind_scores", "look_alike_scores", "ring_scores", "share", "watch_scores"]

MATCH = 0.5
"""Jaccard index above which a found and a true ring are the same."""


def share(part: float, whole: float) -> float | None:
    """Part / whole; None where there is no whole."""
    return float(part) / float(whole) if whole else None


def account_scores(judged: Judged) -> AccountScores:
    """Precision, recall, F1 and the rate of false accusations over accounts."""
    guilty, flagged = judged.guilty, judged.flagged
    hits, accused = int((guilty & flagged).sum()), int((flagged & ~guilty).sum())
    benign = int((~guilty).sum())
    return AccountScores(
        flagged=hits + accused,
        guilty=int(guilty.sum()),
        hits=hits,
        precision=share(hits, hits + accused),
        recall=share(hits, int(guilty.sum())),
        f1=share(2 * hits, hits + accused + int(guilty.sum())),
        benign=benign,
        false_accusations=accused,
        false_accusation_rate=share(accused, benign),
    )


def watch_scores(judged: Judged) -> WatchScores:
    """What the tier watch adds."""
    guilty, watched = judged.guilty, judged.watched
    hits = int((guilty & watched).sum())
    flagged_hits = int((guilty & judged.flagged).sum())
    return WatchScores(
        accounts=int(watched.sum()),
        hits=hits,
        precision=share(hits, int(watched.sum())),
        recall_with_watch=share(hits + flagged_hits, int(guilty.sum())),
    )


def kind_scores(judged: Judged, matches: tuple[RingMatch, ...]) -> tuple[KindScores, ...]:
    """One line for each kind of true ring; accounts count by their own kind, rings by that of most members."""
    guilty, flagged = judged.guilty, judged.flagged
    lines = []
    for kind in sorted(set(judged.kind[guilty].tolist())):
        mine = guilty & (judged.kind == kind)
        jaccards = [match.jaccard for match in matches if match.kind == kind]
        lines.append(
            KindScores(
                kind=kind,
                rings=len(jaccards),
                accounts=int(mine.sum()),
                hits=int((mine & flagged).sum()),
                recall=share(int((mine & flagged).sum()), int(mine.sum())),
                jaccard_median=float(np.median(jaccards)) if jaccards else None,
                jaccard_min=min(jaccards, default=None),
            )
        )
    return tuple(lines)


def look_alike_scores(judged: Judged, whole_group_share: float) -> tuple[LookAlikeScores, ...]:
    """One line for each kind of innocent account, unlisted accounts under the kind ''."""
    innocent, flagged = ~judged.guilty, judged.flagged
    accusing = _mostly(judged, innocent)
    lines = []
    for kind in sorted(set(judged.kind[innocent].tolist())):
        mine = innocent & (judged.kind == kind)
        _, group = np.unique(judged.group[mine & (judged.group != "")], return_inverse=True)
        size = np.bincount(group)
        hit = np.bincount(group, weights=flagged[mine & (judged.group != "")], minlength=len(size))
        accused = int((mine & flagged).sum())
        lines.append(
            LookAlikeScores(
                kind=kind,
                accounts=int(mine.sum()),
                accused=accused,
                rate=share(accused, int(mine.sum())),
                groups=len(size),
                whole_groups=int(((hit >= whole_group_share * size) & (hit >= 2)).sum()),
                rings=accusing.get(kind, 0),
            )
        )
    return tuple(lines)


def _mostly(judged: Judged, innocent: Flags) -> dict[str, int]:
    """Kind → flagged rings of which most members are innocent, by the commonest kind among those."""
    counts: dict[str, int] = {}
    for ring in np.flatnonzero(judged.flagged_ring & ~guilty_rings(judged)):
        members = judged.member_account[judged.member_ring == ring]
        kinds, n = np.unique(judged.kind[members[innocent[members]]], return_counts=True)
        if len(kinds):
            counts[str(kinds[n.argmax()])] = counts.get(str(kinds[n.argmax()]), 0) + 1
    return counts


def guilty_rings(judged: Judged) -> Flags:
    """By found ring: more than half of its members are in true rings."""
    rings = len(judged.found_names)
    size = np.bincount(judged.member_ring, minlength=rings)
    guilty = np.bincount(judged.member_ring[judged.guilty[judged.member_account]], minlength=rings)
    return np.asarray(2 * guilty > size, dtype=np.bool_)


def ring_scores(judged: Judged, dials: Mapping[str, Mapping[str, object]]) -> RingScores:
    """Flagged rings against true rings; `dials` goes with them: ring → dial → setting."""
    overlap = Overlap.of(judged)
    best_found = overlap.best(overlap.found, len(judged.found_names))[judged.flagged_ring]
    best_true = overlap.best(overlap.true, len(judged.true_names))
    found = int(judged.flagged_ring.sum())
    return RingScores(
        found=found,
        true=len(judged.true_names),
        precision=share(int((best_found > MATCH).sum()), found),
        recall=share(int((best_true > MATCH).sum()), len(best_true)),
        guilty_share=share(int((guilty_rings(judged) & judged.flagged_ring).sum()), found),
        jaccard_median=float(np.median(best_true)) if len(best_true) else None,
        jaccard_min=float(best_true.min()) if len(best_true) else None,
        matches=_matches(judged, overlap, best_true, dials),
    )


def _matches(
    judged: Judged, overlap: Overlap, best: Reals, dials: Mapping[str, Mapping[str, object]]
) -> tuple[RingMatch, ...]:
    guilty = judged.guilty
    size = np.bincount(judged.true_ring[guilty], minlength=len(judged.true_names))
    hits = np.bincount(judged.true_ring[guilty & judged.flagged], minlength=len(judged.true_names))
    kinds = _kind_of_rings(judged)
    partner: list[str | None] = [None] * len(judged.true_names)
    for found, true, jaccard in zip(overlap.found[::-1], overlap.true[::-1], overlap.jaccard[::-1], strict=True):
        if jaccard == best[true]:  # backwards, so that the first name wins a tie
            partner[true] = judged.found_names[found]
    return tuple(
        RingMatch(
            ring=name,
            kind=kinds[code],
            accounts=int(size[code]),
            hits=int(hits[code]),
            recall=share(hits[code], size[code]),
            best_ring=partner[code],
            jaccard=float(best[code]),
            settings=dict(dials.get(name, {})),
        )
        for code, name in enumerate(judged.true_names)
    )


def _kind_of_rings(judged: Judged) -> list[str]:
    kinds: npt.NDArray[np.str_] = np.unique(judged.kind)
    code: Ints = np.searchsorted(kinds, judged.kind)
    counts = np.zeros((len(judged.true_names), max(len(kinds), 1)), dtype=np.int64)
    np.add.at(counts, (judged.true_ring[judged.guilty], code[judged.guilty]), 1)
    return [str(kinds[row.argmax()]) if len(kinds) else "" for row in counts]
