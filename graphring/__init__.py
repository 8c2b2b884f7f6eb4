"""graphring finds rings of coordinated, fraudulent accounts, and shows the evidence to the people who decide.

>>> import graphring
>>> run = graphring.refresh("logs/", state="graphring-state")  # doctest: +SKIP
>>> with graphring.open_state("graphring-state") as state:  # doctest: +SKIP
...     rings = state.snapshot().rings().to_pandas()
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["__version__", "evaluate", "open_state", "refresh", "simulate"]

__version__ = "0.1.0"

_LAZY = {
    "evaluate": ("graphring.evaluate", None),
    "open_state": ("graphring.refresh", "open_state"),
    "refresh": ("graphring.refresh", None),
    "simulate": ("graphring.simulate", None),
}


def __getattr__(name: str) -> Any:
    """Load the heavy packages when they are first asked for, so that `graphring --help` answers at once."""
    if name not in _LAZY:
        raise AttributeError(f"module 'graphring' has no attribute '{name}'")
    module, attribute = _LAZY[name]
    loaded = import_module(module)
    return getattr(loaded, attribute) if attribute else loaded
