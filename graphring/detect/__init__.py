"""Rings of coordinated accounts: candidate groups, evidence in bits, tiers, identity from run to run."""

from __future__ import annotations

from graphring.detect.parameters import Parameters
from graphring.detect.pipeline import detect

__all__ = ["Parameters", "detect"]
