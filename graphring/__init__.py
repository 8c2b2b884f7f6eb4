"""graphring finds rings of coordinated, fraudulent accounts, and shows the evidence to the people who decide."""

from __future__ import annotations

__version__ = "0.1.0"
