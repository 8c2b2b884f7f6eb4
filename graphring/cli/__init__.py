"""The command line: options in, one call each, text out; no logic."""

from graphring.cli.main import main

__all__ = ["main"]
