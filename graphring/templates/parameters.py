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
    """Texts that a cloud of rewordings needs: the tasks of the corpora have 117 and more."""
    join_lift: float = 3.0
    """How many times more accounts than chance two alike wordings of a smaller group must share to be joined."""
    join_overlap: float = 0.3
    """Share of the smaller wording's accounts that they must share as well."""
    join_same: float = 0.8
    """Jaccard index of word pairs from which two wordings are the same one."""
    told: float = 0.8
    """Share of a wording's exchanges that must have one template_id for it to be that template's."""
    cloud_texts: int = 30_000
    """Prompts without a wrapper, of different texts, among which clouds of rewordings are looked for."""
    cloud_each: int = 3
    """Prompts of one wording that are looked at there."""
    cloud_accounts: int = 10
    """Accounts that a cloud needs."""
    cloud_seed: float = 0.05
    """Largest share of the texts that a pair may have for a cloud to be grown from it."""
    cloud_seed_core: float = 0.3
    """Share of the texts of such a pair that must have a word for it to hold them together."""
    cloud_core: float = 0.2
    """Share of a cloud that must have a word for it to hold the cloud together (dev)."""
    cloud_common: float = 0.25
    """Share of all texts from which a word says nothing."""
    cloud_bits: float = 40.0
    """Bits that texts of a pair must share for a cloud to be grown from them."""
    cloud_least: float = 25.0
    """Bits that a text needs to be in a cloud: log2 of the number of texts, and ten more."""
    attach_share: float = 0.4
    """Share of the median score of the cloud that it needs as well (dev)."""
    cloud_quantile: float = 0.2
    """The least fifth of the texts is left out of account where a cloud is judged."""
    cloud_together: float = 22.0
    """Bits in its two best segments that a text needs for the cloud to be a wrapper: organic clouds with slots have 20
    at most, tasks 23 and more, most of them 30 and more (looked at on both halves)."""
    cloud_cost: float = 2.0
    """Bits that each word of a segment costs."""
    cloud_formula: float = 0.8
    """Share of a cloud from which a pair of words that it says is a formula, and counts nothing for rewordings."""
    cloud_slot: float = 20.0
    """Bits of words that the cloud does not explain, for it to have a slot: about two rare words. Tasks of the dev half
    with single words in their slots have 25 and more, organic clouds that stand together 16 at most."""
    cloud_merge: float = 0.6
    """Share of a cloud's median score that a text of another cloud needs to belong to both (dev)."""
    cloud_share: float = 0.7
    """Share of a cloud that must belong to another for the two to be one (dev)."""
    cloud_apart: float = 9.0
    """Bits by which the texts of each part must be likelier there for a cloud to be two."""
    cloud_apart_share: float = 0.17
    """Share of the bits that hold the cloud together that it must be as well: two tasks have .23 and more, three of
    like words about .2, single tasks .15 at most with few exceptions of .18 (looked at on both halves)."""
    cloud_alike: float = 0.28
    """Share of its median score that a cloud gives the texts of another, and that one its, for both to be one."""
    cloud_one: float = 0.65
    """Share of the bits that hold two clouds together below which words do not tell them apart (`apart`): turns of
    phrase of one task have .55 at most, different tasks .80 and more (looked at on both halves); with several
    prompts a wording, which fragment more, .4 to .9 and .6 and more."""
    cloud_words: float = 4.5
    """Words of a cloud that its texts have, in the mean: phrases of customers have 4.4 at most, the shortest task 4.8
    (looked at on both halves)."""
    cloud_usual: float = 0.05
    """Share of a cloud that must have a pair of words for it to tell one wording from another."""
    cloud_keep: float = 0.5
    """Share of the median score of the settled cloud that a text needs to stay in it (looked at on both halves)."""
    cloud_clear: float = 5.0
    """Bits by which it must belong there rather than to any other cloud: odds of 32 to 1."""
    cloud_known: float = 0.3
    """Share of what tells a known cloud that a text of a later night needs to be in it (dev)."""
    cloud_tried: float = 0.7
    """Share of a pair's texts that may have been tried before."""
    once_accounts: int = 20
    """Accounts of whom (nearly) nobody sent a second prompt of a family, for it to be a phrase that nobody comes back
    to."""
    once_back: float = 0.02
    """Share of them that may have sent one, by chance."""
    once_others: float = 3.0
    """Prompts in no family that they sent in the mean; of who sends little else nothing can be expected twice."""
    once_points: float = 20.0
    """Points of a wording that is a wrapper even so: turns of phrase, exercises and test sentences have 12 to 18."""
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
