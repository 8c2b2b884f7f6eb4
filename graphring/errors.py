"""The error tree.

Every error that a person can cause or mend is a `GraphringError`: one line that names the thing and the remedy,
and an exit code. Anything else that escapes is a defect of graphring and keeps its traceback.

    GraphringError                 exit 1
    ├── InputError                 exit 2   what was given cannot be used
    │   ├── ConfigError                     graphring.toml, environment or options
    │   ├── SourceError                     a path, file or table of the logs
    │   │   └── CardNumberError             a payment_method that looks like a card number
    │   └── UnknownRingError                a ring id that this run does not have
    ├── StoreError                 exit 1   the store could not be read or written
    │   └── NoRunError             exit 2   nothing has been published yet
    ├── LockHeldError              exit 3   another run holds the lock
    ├── DiskFullError              exit 1   no space left while writing
    └── VerificationError          exit 1   a case file or a hash chain does not verify
"""

from __future__ import annotations

__all__ = [
    "CardNumberError",
    "ConfigError",
    "DiskFullError",
    "GraphringError",
    "InputError",
    "LockHeldError",
    "NoRunError",
    "SourceError",
    "StoreError",
    "UnknownRingError",
    "VerificationError",
]


class GraphringError(Exception):
    """What went wrong, in one line, and what to do about it.

    Parameters
    ----------
    what: names the thing and what is wrong with it; no raw log content beyond names of files and columns.
    remedy: the next thing to do, as a sentence; empty where nothing sensible can be advised.
    """

    exit_code = 1

    def __init__(self, what: str, remedy: str = "") -> None:
        self.what = _one_line(what)
        self.remedy = _one_line(remedy)
        super().__init__(f"{self.what}. {self.remedy}" if self.remedy else self.what)


class InputError(GraphringError):
    """What was given cannot be used."""

    exit_code = 2


class ConfigError(InputError):
    """A setting is unknown or has an impossible value."""


class SourceError(InputError):
    """A path, file, table or column of the logs cannot be read."""


class CardNumberError(SourceError):
    """A payment_method looks like a card number; it is neither stored nor printed."""


class UnknownRingError(InputError):
    """The current run has no ring of this id."""


class StoreError(GraphringError):
    """The store could not be read or written."""


class NoRunError(StoreError):
    """Nothing has been published in this state yet."""

    exit_code = 2


class LockHeldError(GraphringError):
    """Another run holds the lock of this state."""

    exit_code = 3


class DiskFullError(GraphringError):
    """The disk filled up; the last published run is untouched."""


class VerificationError(GraphringError):
    """A case file or a hash chain does not verify."""


def _one_line(text: str) -> str:
    """Fold white space and drop control characters, so that hostile names cannot forge log lines."""
    folded = " ".join(text.split())
    return "".join(c for c in folded if c.isprintable()).rstrip(".")
