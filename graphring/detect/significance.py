"""How often do strangers score as much as a ring? Empirical p-values, and the share of false ones among rings.

The null: groups of accounts that are in no ring, each account drawn among those most alike to one of a ring's in
requests and in objects of each layer (nearest neighbours of the logarithms). They are measured as the rings were. Who
meets whom in such a group is chance, but hubs, popular tools, carriers and the hours of the day are those of the real
world; a rewired graph would lose them and be easier to beat.

All rings are held against one pool of draws (Storey and Tibshirani, Statistical significance for genomewide studies,
2003). Every draw is as small as the smallest ring: a mean over fewer accounts scatters more, so larger rings get a
p-value that is too high rather than too low. p = (1 + draws that score as much) / (1 + draws), never 0 (Phipson and
Smyth, Permutation p-values should never be zero, 2010): 1 / (1 + draws) is as low as it goes, and nothing is
extrapolated below it.

Rings are compared with one pool in one world, so their p-values depend on each other: q-values are those of Benjamini
and Yekutieli (The control of the false discovery rate in multiple testing under dependency, 2001), which hold under any
dependence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import false_discovery_control

from graphring.detect.evidence import Meter
from graphring.detect.explain import score_of
from graphring.detect.judge import Verdict, judge
from graphring.detect.layers import Ints, Longs, Reals
from graphring.detect.parameters import Parameters
from graphring.detect.relations import Relations

__all__ = ["Significance", "adjusted", "empirical", "significance", "stranger_scores"]

_MOST_ACCOUNTS: Final = 40
"""Of one draw: the smallest ring may be large, and the cost grows with it."""
_SPARE: Final = 4
"""Accounts outside the rings for each one of a draw, at least; with fewer there are no strangers to speak of."""


@dataclass(frozen=True)
class Significance:
    """p_values, q_values: of each ring, None where nothing could be drawn; draws: the strangers' scores."""

    p_values: tuple[float | None, ...]
    q_values: tuple[float | None, ...]
    draws: Reals


def significance(r: Relations, p: Parameters, rings: Sequence[Verdict]) -> Significance:
    """Hold the rings of a run against groups of strangers."""
    draws = stranger_scores(r, p, [v.group for v in rings])
    if not len(draws):
        nothing = (None,) * len(rings)
        return Significance(nothing, nothing, draws)
    chance = empirical(np.array([score_of(v) for v in rings]), draws)
    return Significance(tuple(chance.tolist()), tuple(adjusted(chance).tolist()), draws)


def empirical(scores: Reals, null: Reals) -> Reals:
    """The share of draws from the null that reach each score, the score itself counted as one of them."""
    reached = len(null) - np.searchsorted(np.sort(null), scores, side="left")
    return np.asarray((1.0 + reached) / (1.0 + len(null)), dtype=np.float64)


def adjusted(p_values: Reals) -> Reals:
    """q-values of Benjamini and Yekutieli: the lowest false-discovery rate at which each would be reported."""
    return np.asarray(false_discovery_control(p_values, method="by"), dtype=np.float64)


def stranger_scores(r: Relations, p: Parameters, groups: Sequence[Ints]) -> Reals:
    """Scores of `null_draws` groups of strangers; empty where there are no rings or too few other accounts.

    Draws take the rings in turn, so that each ring's kind of account has its part in the pool.
    """
    inside = np.zeros(r.n, dtype=bool)
    for group in groups:
        inside[group] = True
    free = np.flatnonzero(~inside)
    size = min((len(group) for group in groups), default=0)
    size = min(size, _MOST_ACCOUNTS)
    if size < 2 or len(free) < _SPARE * size or p.null_draws < 1:
        return np.empty(0)
    rng = np.random.default_rng(p.seed)
    chosen = [np.sort(rng.choice(groups[i % len(groups)], size, replace=False)) for i in range(p.null_draws)]
    near = _alike(r, free, np.unique(np.concatenate(chosen)), p.null_neighbours)
    meter = Meter(r, p, inside)
    return np.array([score_of(judge(meter, _draw(near, accounts, free, rng))) for accounts in chosen])


def _alike(r: Relations, free: Longs, accounts: Ints, k: int) -> dict[int, Longs]:
    """For each of `accounts` the k free ones that are most like it, the nearest first."""
    layers = (r.content.items, r.content.wrappers, r.families, r.addresses, r.roaming, r.payments, r.conversations)
    counts = [r.requests, *(np.diff(layer.start) for layer in (*layers, *r.links))]
    features = np.log2(1.0 + np.column_stack(counts))
    scale = features[free].std(axis=0)
    features = features / np.where(scale > 0, scale, 1.0)
    _, place = cKDTree(features[free]).query(features[accounts], k=min(k, len(free)))
    place = np.asarray(place, dtype=np.int64).reshape(len(accounts), -1)
    return {int(a): free[row] for a, row in zip(accounts, place, strict=True)}


def _draw(near: dict[int, Longs], accounts: Ints, free: Longs, rng: np.random.Generator) -> Ints:
    """One stranger for each account, nobody twice: where all of its like are taken, anybody."""
    taken: list[int] = []
    used: set[int] = set()
    for account in accounts.tolist():
        options = [a for a in near[account].tolist() if a not in used]
        options = options or [a for a in free.tolist() if a not in used]
        taken.append(options[int(rng.integers(len(options)))])
        used.add(taken[-1])
    return np.array(sorted(taken), dtype=np.int32)
