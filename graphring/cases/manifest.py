"""manifest.json: the list of a case file's files. It comes from strangers, so reading it trusts nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graphring.errors import VerificationError

__all__ = ["FILE_NAME", "SCHEMA_VERSION", "ListedFile", "Manifest", "read_manifest"]

FILE_NAME: Final = "manifest.json"
SCHEMA_VERSION: Final = 1
_MOST_BYTES: Final = 1_000_000

_Id = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x20-\x7e]+$")]
_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class ListedFile(_Strict):
    """One file of the folder."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
    bytes: Annotated[int, Field(ge=0, le=2**40)]
    sha256: _Hash


class SchemaName(_Strict):
    """Which layout this is."""

    name: Literal["graphring-manifest"] = "graphring-manifest"
    version: Annotated[int, Field(ge=SCHEMA_VERSION, le=SCHEMA_VERSION)] = SCHEMA_VERSION


class Tool(_Strict):
    """What wrote it."""

    name: Literal["graphring"] = "graphring"
    version: _Id


class Manifest(_Strict):
    """What a case file is about and what it consists of."""

    schema_: Annotated[SchemaName, Field(alias="schema")]
    tool: Tool
    ring_id: Annotated[str, Field(pattern=r"^R-[0-9]{5,12}$")]
    run_id: _Id
    run_fingerprint: Annotated[str, Field(max_length=200, pattern=r"^[\x20-\x7e]*$")]
    created_at: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")]
    redacted: bool
    files: Annotated[list[ListedFile], Field(min_length=1, max_length=1_000)]

    @classmethod
    def of(cls, **content: Any) -> Self:
        """A manifest of this layout; `schema` goes without saying."""
        return cls.model_validate({"schema": SchemaName(), **content})

    def render(self) -> bytes:
        """Sorted keys, ASCII."""
        content = self.model_dump(by_alias=True)
        return (json.dumps(content, sort_keys=True, indent=1, ensure_ascii=True) + "\n").encode("ascii")


def read_manifest(content: bytes) -> Manifest:
    """A manifest from bytes that anyone may have written.

    Raises
    ------
    VerificationError: it is too large, no JSON, has a key twice, or is not of the documented form.
    """
    if len(content) > _MOST_BYTES:
        raise _refused(f"it is larger than {_MOST_BYTES:,} bytes")
    try:
        raw = json.loads(content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _refused("it is not valid JSON with each key once") from error
    if isinstance(raw, dict) and isinstance(raw.get("schema"), dict):
        version = raw["schema"].get("version")
        if isinstance(version, int) and not isinstance(version, bool) and version > SCHEMA_VERSION:
            raise VerificationError(
                f"{FILE_NAME} has a newer layout than this graphring knows", "Use a newer graphring"
            )
    try:
        manifest = Manifest.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part)[:40] for part in first["loc"]) or "content"
        raise _refused(f"its '{where}' is not what it should be: {first['msg'][:200]}") from error
    names = [file.name for file in manifest.files]
    if len(set(names)) < len(names) or FILE_NAME in names:
        raise _refused("it lists a file twice, or itself")
    return manifest


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _refused(why: str) -> VerificationError:
    return VerificationError(f"{FILE_NAME} is refused: {why}", "Ask the sender for the case file again")
