"""What several signals ask of one group, found out once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from graphring.detect.layers import Ints

__all__ = ["Once"]

_T = TypeVar("_T")


class Once:
    """Remembers answers about the group that was asked for last: the same array, not an equal one."""

    def __init__(self) -> None:
        self._group: Ints | None = None
        self._known: dict[str, Any] = {}

    def __call__(self, what: str, group: Ints, ask: Callable[[Ints], _T]) -> _T:
        """The answer to `what` about a group."""
        if self._group is not group:
            self._group, self._known = group, {}
        if what not in self._known:
            self._known[what] = ask(group)
        found: _T = self._known[what]
        return found
