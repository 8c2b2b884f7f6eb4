"""Writing a case file: all of it under a temporary name first, then the folder takes its name in one step."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from graphring.cases.case import Case, Export, gather
from graphring.cases.casebook import Casebook
from graphring.cases.entry import clean_text, moment
from graphring.cases.formats.registry import FORMATS
from graphring.cases.manifest import FILE_NAME, ListedFile, Manifest, Tool
from graphring.cases.names import case_name
from graphring.cases.redact import redact
from graphring.errors import DiskFullError, StoreError

if TYPE_CHECKING:  # the table engine need not be loaded to verify a case file
    from graphring.store.protocol import Snapshot

__all__ = ["export_case"]

_MOST_COPIES: Final = 1_000


def export_case(
    snapshot: Snapshot,
    casebook: Casebook,
    ring_id: str,
    out: Path,
    *,
    by: str,
    redacted: bool = False,
    version: str,
    at: datetime | None = None,
) -> Path:
    """Write the case file of a ring into a new folder of `out` and enter the export in the casebook.

    The folder is `<ring_id>-<run_id>`; where that exists already, `-2`, `-3` … is appended and nothing is touched.

    Parameters
    ----------
    by: who exports; goes into the case file and the casebook.
    redacted: pseudonyms for accounts and payment methods, truncated addresses; see `graphring.cases.redact`.
    version: graphring's version.
    at: the time of the export, with a time zone; None: now.

    Raises
    ------
    UnknownRingError: the snapshot has no such ring.
    InputError: `by` is empty or overlong.
    StoreError, DiskFullError: the folder or the casebook cannot be written; nothing half-written is left.
    """
    by = clean_text("by", by, required=True)
    export = Export(by=by, at=at or datetime.now(UTC), version=version, redacted=redacted)
    case = gather(snapshot, casebook, ring_id, export)
    if redacted:
        case = redact(case, casebook.pseudonym_key())
    name = case_name(case.ring_id, case.run_id)
    with _writing(out):
        out.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{name}.", suffix=".part", dir=out))
        try:
            digest = _fill(part, case)
            kind = "redacted case file" if redacted else "case file"
            # entered before the folder appears: an export that nobody knows of must not exist
            casebook.record(by, "export", ring_id, f"{kind} of run {case.run_id}, SHA-256 of the manifest {digest}")
            return _appear(part, out, name)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _fill(folder: Path, case: Case) -> str:
    """Write every format and the manifest; returns the SHA-256 of the manifest."""
    files = []
    for form in FORMATS:
        content = form.render(case)
        _write(folder / form.file_name, content)
        digest = hashlib.sha256(content).hexdigest()
        files.append(ListedFile(name=form.file_name, bytes=len(content), sha256=digest))
    manifest = Manifest.of(
        tool=Tool(version=case.export.version),
        ring_id=case.ring_id,
        run_id=case.run_id,
        run_fingerprint=str(case.run["fingerprint"]),
        created_at=moment(case.export.at),
        redacted=case.export.redacted,
        files=files,
    )
    content = manifest.render()
    _write(folder / FILE_NAME, content)
    return hashlib.sha256(content).hexdigest()


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _appear(part: Path, out: Path, name: str) -> Path:
    """A rename replaces an empty folder only, so two exports at once cannot overwrite each other."""
    for number in range(1, _MOST_COPIES):
        target = out / (name if number == 1 else f"{name}-{number}")
        if os.path.lexists(target):
            continue
        try:
            part.rename(target)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
        else:
            return target
    raise StoreError(
        f"{out} has {_MOST_COPIES - 1} copies of the case file {name}", "Remove some or choose another folder"
    )


@contextlib.contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(f"the disk is full: no case file was written to {out}", "Free some space") from error
        raise StoreError(
            f"no case file could be written to {out}: {error.strerror or error}", "Choose a folder that can be written"
        ) from error
