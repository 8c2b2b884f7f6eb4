"""Verifying a case file from a stranger."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graphring.cases import Casebook, export_case, verify_case
from graphring.errors import InputError, VerificationError
from tests.fakes import FakeSnapshot


@pytest.fixture
def folder(snapshot: FakeSnapshot, book: Casebook, tmp_path: Path) -> Path:
    return export_case(snapshot, book, "R-00003", tmp_path / "out", by="kim", version="0.1.0")


def test_an_untouched_case_file_verifies_wherever_it_lies(folder: Path, tmp_path: Path) -> None:
    verified = verify_case(folder.rename(tmp_path / "renamed"))
    assert verified.ring_id == "R-00003"
    assert list(verified.files) == ["accounts.csv", "case.json", "report.html"]


@pytest.mark.parametrize("name", ["accounts.csv", "case.json", "report.html"])
def test_the_changed_or_missing_file_is_named(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-2] + b"x\n")
    with pytest.raises(VerificationError, match=f"^{name} was changed"):
        verify_case(folder)
    (folder / name).write_bytes(content + b" ")
    with pytest.raises(VerificationError, match=f"^{name} was changed"):
        verify_case(folder)
    (folder / name).unlink()
    with pytest.raises(VerificationError, match=f"^{name} is missing"):
        verify_case(folder)


def test_an_added_file_is_named_in_visible_characters(folder: Path) -> None:
    (folder / "x\u202e\x1b[31m").write_text("")
    with pytest.raises(VerificationError, match=r"^x\\u202e\\x1b\[31m was added"):
        verify_case(folder)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/etc/passwd")])
@pytest.mark.parametrize("name", ["extra", "case.json", "manifest.json"])
def test_what_is_no_plain_file_is_refused(folder: Path, name: str, make: Callable[[Path], object]) -> None:
    (folder / name).unlink(missing_ok=True)
    make(folder / name)
    with pytest.raises(VerificationError, match=f"^{name} in the case file is not a plain file"):
        verify_case(folder)


def test_a_wrong_path_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder"):
        verify_case(tmp_path / "nowhere")
    with pytest.raises(VerificationError, match=r"has no manifest\.json"):
        verify_case(tmp_path)


def change(**values: Any) -> Callable[[dict], Any]:
    return lambda manifest: {**manifest, **values}


def listed(**values: Any) -> Callable[[dict], Any]:
    return lambda manifest: {**manifest, "files": [{**manifest["files"][0], **values}, *manifest["files"][1:]]}


@pytest.mark.parametrize(
    "harm",
    [
        listed(name="../../../etc/passwd"),
        listed(name="/etc/passwd"),
        listed(name="a/b"),
        listed(name=".."),
        listed(name=""),
        listed(name="a\x00b"),
        listed(name="manifest.json"),
        listed(name="case.json"),
        listed(name=7),
        listed(name="report.html\n"),
        listed(bytes=-1),
        listed(bytes=True),
        listed(bytes=1.5),
        listed(bytes="10"),
        listed(bytes=2**80),
        listed(sha256="0" * 63),
        listed(sha256=None),
        listed(extra=1),
        change(files=[]),
        change(files={}),
        change(files=None),
        change(ring_id="../R-00001"),
        change(ring_id="R-00001\n"),
        change(redacted="no"),
        change(redacted=0),
        change(tool=[]),
        change(created_at="yesterday"),
        change(run_id="\u202e"),
        change(schema={"name": "graphring-manifest", "version": True}),
        change(schema={"name": "other", "version": 1}),
        change(surprise=1),
        lambda manifest: [],
        lambda manifest: None,
        lambda manifest: {},
    ],
)
def test_a_hostile_manifest_is_refused(folder: Path, harm: Callable[[dict], Any]) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(harm(json.loads(path.read_text()))))
    with pytest.raises(VerificationError, match=r"^manifest\.json is refused") as told:
        verify_case(folder)
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 400


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[" * 200_000,
        b"{" + b'"a":{' * 100_000,
        b'{"a": ' + b"9" * 10_000 + b"}",
        b'{"redacted": NaN}',
        b'{"files": [], "files": []}',
        b'{"schema": {"version": 1, "version": 2}}',
        b" " * 1_000_001,
        b'"\\ud800"',
    ],
)
def test_a_manifest_that_is_no_sound_json_is_refused(folder: Path, content: bytes) -> None:
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(VerificationError, match=r"^manifest\.json is refused"):
        verify_case(folder)


def test_a_key_given_twice_is_refused_even_if_the_last_one_fits(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace("{", '{"redacted": true,', 1))
    with pytest.raises(VerificationError, match="each key once"):
        verify_case(folder)


def test_a_newer_layout_asks_for_a_newer_graphring(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"version": 1', '"version": 2'))
    with pytest.raises(VerificationError, match="newer layout"):
        verify_case(folder)
