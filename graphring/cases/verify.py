"""Checking a case file, without a state and without trusting it."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graphring.cases.manifest import FILE_NAME, ListedFile, read_manifest
from graphring.cases.text import visible
from graphring.errors import InputError, VerificationError

__all__ = ["VerifiedCase", "verify_case"]

_MOST_ENTRIES: Final = 10_000
_MOST_MANIFEST: Final = 1_000_001
_RESEND: Final = "Ask the sender for the case file again"


@dataclass(frozen=True)
class VerifiedCase:
    """A case file whose files are those of its manifest."""

    path: Path
    ring_id: str
    run_id: str
    run_fingerprint: str
    created_at: str
    version: str
    """Of the graphring that wrote it."""
    redacted: bool
    files: Mapping[str, str]
    """File name → SHA-256."""
    manifest_sha256: str
    """To compare with what the sender's casebook has for the export: the manifest itself is not signed."""


def verify_case(path: Path) -> VerifiedCase:
    """Compare the files of a folder with its manifest.

    Raises
    ------
    InputError: `path` is no folder.
    VerificationError: names the file that was changed, is missing or was added, or says why the manifest is refused.
    """
    try:
        present = _listing(path)
        if FILE_NAME not in present:
            raise VerificationError(f"{path} has no {FILE_NAME}", "Give the folder that `case export` wrote")
        content = _read(path / FILE_NAME, _MOST_MANIFEST)
        manifest = read_manifest(content)
        listed = {file.name: file for file in manifest.files}
        for name in sorted(listed.keys() - present):
            raise VerificationError(f"{name} is missing from the case file", _RESEND)
        for name in sorted(present - listed.keys() - {FILE_NAME}):
            raise VerificationError(f"{visible(name, 80)} was added to the case file", _RESEND)
        for name, file in sorted(listed.items()):
            _check(path / name, file)
    except OSError as error:
        raise VerificationError(
            f"the case file {path} cannot be read: {error.strerror or error}", "Check the folder and its rights"
        ) from error
    return VerifiedCase(
        path=path,
        ring_id=manifest.ring_id,
        run_id=manifest.run_id,
        run_fingerprint=manifest.run_fingerprint,
        created_at=manifest.created_at,
        version=manifest.tool.version,
        redacted=manifest.redacted,
        files={name: file.sha256 for name, file in sorted(listed.items())},
        manifest_sha256=hashlib.sha256(content).hexdigest(),
    )


def _listing(path: Path) -> set[str]:
    """Names in the folder; anything but plain files is refused, so that no link leads out of it."""
    if not path.is_dir():
        raise InputError(f"{path} is no folder", "Give the folder that `case export` wrote")
    names = set()
    with os.scandir(path) as entries:
        for entry in entries:
            if not entry.is_file(follow_symlinks=False):
                raise VerificationError(f"{visible(entry.name, 80)} in the case file is not a plain file", _RESEND)
            names.add(entry.name)
            if len(names) > _MOST_ENTRIES:
                raise VerificationError(f"{path} has more than {_MOST_ENTRIES:,} files", _RESEND)
    return names


def _open(path: Path) -> int:
    """Opened without following links and without waiting, and looked at again: the folder may change meanwhile."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise VerificationError(f"{visible(path.name, 80)} in the case file is not a plain file", _RESEND)
    return handle


def _read(path: Path, most: int) -> bytes:
    with os.fdopen(_open(path), "rb") as file:
        return file.read(most)


def _check(path: Path, listed: ListedFile) -> None:
    with os.fdopen(_open(path), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        # the size first: a file of many gigabytes need not be read to know that it is another one
        if size != listed.bytes or hashlib.file_digest(file, "sha256").hexdigest() != listed.sha256:
            raise VerificationError(f"{listed.name} was changed after the case file was written", _RESEND)
