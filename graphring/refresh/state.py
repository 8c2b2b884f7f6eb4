"""A state directory, opened: settings, store, casebook, and the work of the current run."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from graphring.config import Settings, load_settings
from graphring.errors import NoRunError
from graphring.model import Traffic
from graphring.refresh.workspace import Workspace

if TYPE_CHECKING:
    from graphring.cases import Casebook
    from graphring.store import GraphStore, Snapshot

__all__ = ["State", "open_state"]


class State:
    """What the page, the command line and scripts work with; a context manager.

    Nothing is created before it is needed: to look at a state that is not there leaves no trace.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    @cached_property
    def store(self) -> GraphStore:
        """Where runs are published; raises StoreError where it cannot be reached."""
        from graphring.store import open_store  # noqa: PLC0415 (loads the table engine or the Neo4j driver)

        return open_store(self.settings)

    @cached_property
    def casebook(self) -> Casebook:
        """What people decided; raises StoreError where it cannot be opened."""
        from graphring.cases import Casebook  # noqa: PLC0415 (loads SQLAlchemy)

        return Casebook.open(self.settings.casebook or f"sqlite:///{self.settings.state / 'casebook.db'}")

    def close(self) -> None:
        """Free the connections that were opened."""
        for name in ("casebook", "store"):
            opened = self.__dict__.pop(name, None)
            if opened is not None:
                opened.close()

    def snapshot(self) -> Snapshot:
        """The last published run; raises NoRunError where there is none."""
        return self.store.current()

    def workspace(self, run_id: str) -> Workspace:
        """Where the stages of a run keep their outputs."""
        return Workspace(self.settings.state / "work" / run_id)

    def traffic(self) -> Traffic:
        """The compact traffic of the current run, for evaluation and for `templates --assignments`.

        Raises
        ------
        NoRunError: nothing was published, or the run's compact traffic was removed.
        """
        run_id = self.snapshot().run.run_id
        traffic = self.workspace(run_id).traffic
        if not traffic.exchanges.exists():
            raise NoRunError(f"the compact traffic of {run_id} is gone from the state", "Run graphring refresh again")
        return traffic


def open_state(settings: Settings | str | Path | None = None, **options: Any) -> State:
    """Open a state.

    Parameters
    ----------
    settings: Settings, or the path of a state directory; None: graphring.toml and environment decide.
    options: settings by name, where `settings` is a path or None.

    Raises
    ------
    ConfigError: a setting is unknown or impossible.
    """
    if not isinstance(settings, Settings):
        settings = load_settings(state=settings, **options)
    return State(settings)
