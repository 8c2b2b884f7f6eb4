"""What would be left of a ring without one family of evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from graphring.detect.judge import FAMILIES, JOINT, Verdict, strong
from graphring.detect.parameters import Parameters
from graphring.model import Family

__all__ = ["remaining"]


def remaining(v: Verdict, p: Parameters) -> Mapping[Family, int]:
    """Family → members that the rule of membership still convicts when everything of this family is left out.

    Counted are losses against the rule with all evidence, so that accounts which joined the ring on other grounds stay.
    Only families with any evidence are named. The measurement itself is not repeated: what one family said about how
    far to trust another stays as it was.
    """
    now = strong(v, p)
    speaking = sorted({s.family for s in v.signals if (s.bits != 0.0).any()}, key=FAMILIES.index)
    return {family: len(v.group) - int((now & ~strong(_without(v, family), p)).sum()) for family in speaking}


def _without(v: Verdict, family: Family) -> Verdict:
    gone = [s for s in v.signals if s.family is family]
    families = v.families.copy()
    families[:, FAMILIES.index(family)] = 0.0
    zero = np.zeros(len(v.group))
    against = v.against - sum((np.minimum(s.bits, 0.0) for s in gone), zero)
    joint = v.joint - sum(
        (np.maximum(s.bits, 0.0) for s in gone if s.name in JOINT or s.family is Family.OTHER), zero
    )  # fmt: skip
    return replace(
        v,
        signals=tuple(s for s in v.signals if s.family is not family),
        families=families,
        against=against,
        bits=families.sum(axis=1) + against,
        joint=joint,
        tied=zero if family is Family.CONTENT else v.tied,
    )
