"""One refresh: logs in, a published run out. `graphring.refresh(...)` calls `refresh` below."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from graphring.refresh.run import refresh
from graphring.refresh.state import State, open_state

__all__ = ["State", "open_state", "refresh"]


class _CallableModule(ModuleType):
    """`graphring.refresh` names this package and, for people at a prompt, its one function."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        return refresh(*args, **options)


sys.modules[__name__].__class__ = _CallableModule
