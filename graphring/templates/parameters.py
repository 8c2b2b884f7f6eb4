"""Every number that the search for families turns on, with its meaning, unit and source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from graphring.errors import ConfigError

__all__ = ["Parameters", "parameters"]


@dataclass(frozen=True)
class Parameters:
    """Settings of the section `[templates]` in graphring.toml.

    Values marked (dev) were chosen on the dev halves of the corpora of benchmarks/bench_templates.py; none was chosen
    on a held-out half.
    """

    min_accounts: int = 2
    """Accounts: a shingle is frequent, and a family is one, when so many share it."""
    min_exchanges: int = 3
    """Exchanges: a shingle is frequent when so many have it."""
    min_prompts: int = 3
    """Distinct prompts of a wrapper; what comes with fewer is a payload."""
    room: int = 4_194_304
    """Shingles that are counted exactly, at 100 bytes each; with more, `min_exchanges` is doubled until they fit."""
    coincide: int = 12
    """Of 16 MinHash minima that must agree before two shingles are one atom: a Jaccard index of about 0.75 (dev)."""
    presence: float = 0.34
    """Share of an atom's shingles that a prompt needs in order to have the atom (dev)."""
    strong: int = 5
    """Shingles of an atom that may claim prompts before weaker ones do (dev)."""
    weak: int = 2
    """Shingles of the smallest atom that may claim prompts (dev)."""
    cap: int = 12
    """Shingles beyond which a longer atom claims no better (dev)."""
    keep: float = 0.6
    """Share of its prompts that an atom must claim; one that holds on to less is explained by others (dev)."""
    child_share: float = 0.1
    """Share of a family's prompts that a piece needs before the family is split by it; a payload has less (dev)."""
    child_covered: float = 0.4
    """Share of a family's prompts that such pieces together need (dev)."""
    families: int = 3_000
    """Most new families that raw texts are asked for in one night; the ones with the fewest accounts are left out."""
    samples: int = 10
    """Raw prompts of a family that are compared to tell its wrapper from its slots."""
    words: int = 1_500
    """Words of a raw prompt that are compared: the outer ones."""
    shared: float = 0.6
    """Share of the sampled prompts that must have a word for it to be shown as wrapper (dev)."""
    firm: float = 0.85
    """Share that must have it for it to count as evidence (dev)."""
    points: float = 9.5
    """Firm words that a wrapper needs; a run of them between marks or line ends counts three more, twice at most (dev):
    most turns of phrase stay below 9."""
    join_distance: float = 0.77
    """Mean distance (1 - similarity, average linkage) up to which wordings may be paraphrases (dev)."""
    join_words: int = 5
    """Words that a wording needs to be compared with others (dev): shorter ones are alike by chance."""
    join_least: int = 20
    """Wordings that stand alone that a group of paraphrases needs to be joined for its likeness alone: the tasks of the
    corpora have 36 and more, what different people write alike 13 at most."""
    join_accepted: float = 0.5
    """Share of such a group's wordings that must stand alone: in tasks 0.7 and more do, of phrases mostly a few."""
    join_lift: float = 3.0
    """How many times more accounts than chance two alike wordings of a smaller group must share to be joined."""
    join_overlap: float = 0.3
    """Share of the smaller wording's accounts that they must share as well."""
    join_same: float = 0.8
    """Jaccard index of word pairs from which two wordings are the same one."""
    told: float = 0.8
    """Share of a wording's exchanges that must have one template_id for it to be that template's."""
    attach_texts: int = 10_000
    """Prompts without a wrapper that are compared with the families of many wordings."""
    attach_bits: float = 20.0
    """Log-likelihood ratio from which such a prompt belongs to a family (dev)."""
    attach_share: float = 0.4
    """Share of the median score of the family's own wordings that it needs as well (dev)."""
    attach_margin: float = 8.0
    """Bits by which the best family must be ahead of the next one."""
    payload_accounts: int = 5
    """Accounts that must share a payload before it is listed."""
    payload_shingles: int = 6
    """Shingles that a payload must have."""
    payloads: int = 500
    """Most payloads that are listed."""
    variants: int = 5
    """Most variants that a family shows."""
    keys: int = 64
    """Shingles by which a wording is known again the next night."""


def parameters(overrides: Mapping[str, Any]) -> Parameters:
    """The parameters with `overrides`, by name.

    Raises
    ------
    ConfigError: a name is unknown or a value is not a number of the right kind.
    """
    known = {field.name: type(field.default) for field in fields(Parameters)}
    for name, value in overrides.items():
        if name not in known:
            raise ConfigError(f"setting 'templates.{name}' is unknown", f"Known are {', '.join(sorted(known))}")
        kinds = (int, float) if known[name] is float else (int,)
        if isinstance(value, bool) or not isinstance(value, kinds) or float(value) < 0:
            raise ConfigError(f"setting 'templates.{name}' must be a {known[name].__name__} of at least 0")
    return Parameters(**overrides)
