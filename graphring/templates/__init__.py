"""Prompts ▶ wrappers and slots ▶ template families."""

from graphring.templates.families import find_families
from graphring.templates.fingerprint import KIND_MASK, MOST_SHINGLES, Kind, fingerprint

__all__ = ["KIND_MASK", "MOST_SHINGLES", "Kind", "find_families", "fingerprint"]
