"""The command line: options in, one call each, text out."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
