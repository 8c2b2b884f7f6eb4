"""The error tree: one line each, with the exit code that the command line promises."""

from __future__ import annotations

import pytest

from graphring import errors
from graphring.errors import GraphringError

EXIT_CODES = {
    "CardNumberError": 2,
    "ConfigError": 2,
    "DiskFullError": 1,
    "GraphringError": 1,
    "InputError": 2,
    "LockHeldError": 3,
    "NoRunError": 2,
    "SourceError": 2,
    "StoreError": 1,
    "UnknownRingError": 2,
    "VerificationError": 1,
}


def test_every_error_is_listed_with_its_exit_code() -> None:
    assert {name: getattr(errors, name).exit_code for name in errors.__all__} == EXIT_CODES


@pytest.mark.parametrize("name", EXIT_CODES)
def test_every_error_is_a_graphring_error(name: str) -> None:
    assert issubclass(getattr(errors, name), GraphringError)


def test_the_line_names_the_thing_and_the_remedy() -> None:
    assert str(GraphringError("the file x is empty.", "Remove it")) == "the file x is empty. Remove it"


@pytest.mark.parametrize("text", ["two\nlines", "a\r\nb", "bell\x07", "esc\x1b[31m", "\u202ereversed"])
def test_hostile_names_cannot_forge_lines(text: str) -> None:
    line = str(GraphringError(text, text))
    assert line.isprintable()
    assert "\n" not in line
