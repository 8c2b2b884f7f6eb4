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
    Only families with any evidence are named. The measurement itself is not repeated: what one family said about how
    far to trust another stays as it was.
    """
    now = strong(v, p)
    speaking = sorted({s.family for s in v.signals if (s.bits != 0.0).any()}, key=FAMILIES.index)
    return {family: len(v.group) - int((now & ~strong(_without(v, family, p), p)).sum()) for family in speaking}


def _without(v: Verdict, family: Family, p: Parameters) -> Verdict:
    kept = [s for s in v.signals if s.family is not family]
    tied = np.zeros(len(v.group)) if family is Family.CONTENT else v.tied
    return summed(v.group, kept, tied, v.weight, p)
