"""The figures of an evaluation, as frozen dataclasses. Shares are in 0..1; None means: not defined for this input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "AccountScores",
    "AtK",
    "Bin",
    "Calibration",
    "DialStep",
    "Evaluation",
    "KindScores",
    "LookAlikeScores",
    "NullResult",
    "RingMatch",
    "RingScores",
    "TruthScores",
    "WatchScores",
]


@dataclass(frozen=True)
class AccountScores:
    """Accounts that are flagged (members of a ring of tier high or medium) against accounts that are guilty."""

    flagged: int
    guilty: int
    hits: int
    """flagged and guilty."""
    precision: float | None
    """hits / flagged; None where nothing was flagged."""
    recall: float | None
    """hits / guilty; None where the truth has no ring."""
    f1: float | None
    """2·hits / (flagged + guilty); None where both are empty."""
    benign: int
    false_accusations: int
    false_accusation_rate: float | None
    """false accusations / benign accounts."""


@dataclass(frozen=True)
class WatchScores:
    """Accounts on rings of tier watch that are not flagged besides; never part of precision and recall."""

    accounts: int
    hits: int
    precision: float | None
    recall_with_watch: float | None
    """Recall if flagged and watched accounts counted alike."""


@dataclass(frozen=True)
class KindScores:
    """One kind of ring."""

    kind: str
    rings: int
    accounts: int
    hits: int
    recall: float | None
    jaccard_median: float | None
    jaccard_min: float | None


@dataclass(frozen=True)
class LookAlikeScores:
    """One kind of innocent account."""

    kind: str
    accounts: int
    accused: int
    rate: float | None
    groups: int
    """Companies, courses …: accounts with one `group` in the truth; 0 where the truth names none."""
    whole_groups: int
    """Groups of which at least the share `whole_group_share` is flagged."""
    rings: int
    """Flagged rings whose members are mostly of this kind."""


@dataclass(frozen=True)
class RingMatch:
    """One true ring beside the flagged ring that fits it best."""

    ring: str
    kind: str
    accounts: int
    hits: int
    """Members flagged, in whichever ring."""
    recall: float | None
    best_ring: str | None
    jaccard: float
    """Jaccard index of members with `best_ring`; 0 where no flagged ring shares a member."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """Its camouflage: dial → setting, where the truth tells."""


@dataclass(frozen=True)
class RingScores:
    """Flagged rings against true rings."""

    found: int
    true: int
    precision: float | None
    """Share of flagged rings with a Jaccard index above 1/2 with a true ring; above 1/2 a match of disjoint sets is
    unique (A. Kirillov et al., Panoptic Segmentation, 2019)."""
    recall: float | None
    """Share of true rings with a Jaccard index above 1/2 with a flagged ring."""
    guilty_share: float | None
    """Share of flagged rings of which most members are in true rings, however split or merged."""
    jaccard_median: float | None
    jaccard_min: float | None
    matches: tuple[RingMatch, ...]
    """By name of the true ring."""


@dataclass(frozen=True)
class AtK:
    """How many of the first k by score are guilty. Ties count with their expected share."""

    k: int
    precision: float
    recall: float | None


@dataclass(frozen=True)
class Bin:
    """Predictions in [lower, upper), the last bin closed."""

    lower: float
    upper: float
    count: int
    predicted: float
    """Mean prediction."""
    observed: float
    """Share that came true, and the 95 % interval of Wilson (1927) around it."""
    observed_low: float
    observed_high: float


@dataclass(frozen=True)
class Calibration:
    """How far stated probabilities hold."""

    count: int
    brier: float | None
    """Mean squared difference of prediction and outcome (G. W. Brier, 1950); .25 for a coin."""
    expected_error: float | None
    """Mean |predicted - observed| over bins, weighted by their counts (expected calibration error)."""
    bins: tuple[Bin, ...]
    """Bins that hold anything."""


@dataclass(frozen=True)
class DialStep:
    """Rings with one setting, or a range of settings, of a camouflage dial."""

    dial: str
    step: str
    rings: int
    accounts: int
    hits: int
    recall: float | None
    jaccard_median: float | None


@dataclass(frozen=True)
class TruthScores:
    """Everything that is measured against a truth."""

    accounts: AccountScores
    watch: WatchScores
    rings: RingScores
    kinds: tuple[KindScores, ...]
    look_alikes: tuple[LookAlikeScores, ...]
    accounts_at_k: tuple[AtK, ...]
    rings_at_k: tuple[AtK, ...]
    """A ring is guilty when most of its members are; all tiers are ranked."""
    member_confidence: Calibration
    """Confidence of each member, the highest where one is in several rings, of any tier: is it in a true ring?"""
    ring_probability: Calibration
    """Probability of each ring, of whatever tier: are most of its members in true rings?"""
    dials: tuple[DialStep, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    """accounts (in truth), rings, guilty, benign, unseen (in truth but not in the run; guilty ones count as missed),
    flagged_unlisted (flagged but not in truth; they count as false accusations)."""


@dataclass(frozen=True)
class NullResult:
    """What is found where, by construction, nothing is."""

    shuffles: int
    rings: int
    """Rings in all shuffles together, of whatever tier."""
    accounts: int
    """Member accounts in all shuffles together."""
    tiers: Mapping[str, int] = field(default_factory=dict)
    """tier → rings in all shuffles together."""
    by_shuffle: tuple[Mapping[str, int], ...] = ()
    """For each shuffle: tier → rings."""
    best_scores: tuple[float | None, ...] = ()
    """For each shuffle: bits of its highest ring; None where there is none."""
    seed: int = 0


@dataclass(frozen=True)
class Evaluation:
    """One run, judged."""

    run_id: str
    rings: Mapping[str, int]
    """tier → rings found."""
    members: Mapping[str, int]
    """tier → member accounts found (an account counts once in each tier)."""
    truth: TruthScores | None = None
    null: NullResult | None = None
