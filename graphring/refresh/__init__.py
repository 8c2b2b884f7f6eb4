"""One refresh: logs in, a published run out. `graphring.refresh(...)` calls `refresh` below."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from graphring.refresh.state import State, open_state

if TYPE_CHECKING:
    from graphring.refresh.run import refresh

__all__ = ["State", "open_state", "refresh"]


def __getattr__(name: str) -> Any:
    """Load the stages, and with them every library that computes, when a refresh is asked for, not when a ring is."""
    if name != "refresh":
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from graphring.refresh.run import refresh  # noqa: PLC0415

    return refresh


class _CallableModule(ModuleType):
    """`graphring.refresh` names this package and, for people at a prompt, its one function."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        from graphring.refresh.run import refresh  # noqa: PLC0415

        return refresh(*args, **options)


sys.modules[__name__].__class__ = _CallableModule
