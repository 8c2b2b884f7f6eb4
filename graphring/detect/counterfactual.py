"""What would be left of a ring without one family of evidence."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graphring.detect.judge import FAMILIES, Verdict, strong, summed
from graphring.detect.parameters import Parameters
from graphring.model import Family

__all__ = ["remaining"]


def remaining(v: Verdict, p: Parameters) -> Mapping[Family, int]:
    """Family → members that the rule of membership still convicts when everything of this family is left out.

    Counted are losses against the rule with all evidence, so that accounts which joined the ring on other grounds stay.
    Associates, who are judged by what they hold, are lost with a family in which they show something, unless they pay
    with a card of the ring's. Only families with any evidence are named. The measurement itself is not repeated: what
    one family said about how far to trust another stays as it was.
    """
    now = strong(v, p) & ~v.associated
    speaking = sorted({s.family for s in v.signals if (s.bits != 0.0).any()}, key=FAMILIES.index)
    pays = v.families[:, FAMILIES.index(Family.PAYMENT)] > 0.0
    lost = {
        family: (now & ~strong(_without(v, family, p), p))
        | (v.associated & (v.families[:, FAMILIES.index(family)] > 0.0) & (~pays | (family is Family.PAYMENT)))
        for family in speaking
    }
    return {family: len(v.group) - int(gone.sum()) for family, gone in lost.items()}


def _without(v: Verdict, family: Family, p: Parameters) -> Verdict:
    kept = [s for s in v.signals if s.family is not family]
    tied = np.zeros(len(v.group)) if family is Family.CONTENT else v.tied
    return summed(v.group, kept, tied, v.weight, p)
