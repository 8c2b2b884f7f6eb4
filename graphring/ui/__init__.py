"""The page: a queue of rings, one ring at a time, decisions and case files."""

from __future__ import annotations

from graphring.ui.server import launch

__all__ = ["launch"]
