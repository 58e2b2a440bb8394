"""The lines of a recorded file, told apart by their fields."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

__all__ = [
    "AccessRow",
    "BrokenLine",
    "Identity",
    "Line",
    "PolicyRow",
    "Row",
    "Sent",
    "SyntaxRow",
    "UnreadableFile",
    "read_lines",
]

_GZIP = b"\x1f\x8b"


class UnreadableFile(Exception):
    """A file is missing, not readable, or not whole."""


class BrokenLine(Exception):
    """A line is no recorded case."""


class _Recorded(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class _Alias(_Recorded):
    id: str
    name: str
    mount_accessor: str
    metadata: dict[str, str] | None = None
    custom_metadata: dict[str, str] | None = None


class _Entity(_Recorded):
    id: str
    name: str
    metadata: dict[str, str] | None = None
    policies: list[str] = []
    aliases: list[_Alias] = []


class _Group(_Recorded):
    id: str
    name: str
    metadata: dict[str, str] | None = None
    policies: list[str] = []
    member: bool = True


class Identity(_Recorded):
    """Who holds the token."""

    entity: _Entity | None = None
    groups: list[_Group] = []


class _Options(_Recorded):
    """What is stored beside a policy's text."""

    model_config = ConfigDict(extra="forbid")

    allow_slashes_in_identity_templates: bool = False
    allow_wildcards_in_identity_templates: bool = False


class _Rules(_Recorded):
    exact: dict[str, dict[str, Any]]
    prefix: dict[str, dict[str, Any]]


class PolicyRow(_Recorded):
    """One policy text: is it accepted, and what does it mean to a token that holds only it?

    Exactly one of `policy` and `policy_base64` is there. `acl` is there when an identity was
    recorded as well.
    """

    id: str
    policy: str | None = None
    policy_base64: str | None = None
    accepted: bool
    rules: _Rules | None
    probes: dict[str, list[str]]
    options: _Options = _Options()
    identity: Identity = Identity()
    acl: str | None = None

    @field_validator("policy_base64")
    @classmethod
    def _is_base64(cls, value: str) -> str:
        base64.b64decode(value, validate=True)
        return value

    @property
    def is_api_field(self) -> bool:
        """Whether `policy` is what a client sent, before the server's own base64 step.

        These lines have the fields of all others; only the topic in the id tells. It matters:
        as a text, `//` twice on lines of its own is a comment; as a field it is base64.
        """
        return self.id.rpartition("-")[0] == "transport"


class _Acceptance(_Recorded):
    accepted: bool


class SyntaxRow(_Recorded):
    """One policy text on which versions of the parser library disagree."""

    id: str
    policy: str
    openbao: _Acceptance
    syntax_old: _Acceptance
    syntax_strict: _Acceptance


class _Asked(_Recorded):
    path: str
    namespace: str = ""
    capabilities: list[str]


class Sent(_Recorded):
    operation: str
    path: str
    namespace: str = ""
    data: dict[str, Any] | None
    wrap_ttl_seconds: int | float | None
    allowed: bool


class AccessRow(Identity):
    """Policies, a token, and what the server answered to its requests."""

    id: str
    dialect: str
    namespace: str = ""
    policies: dict[str, str]
    policy_options: dict[str, _Options] = {}
    rejected: dict[str, str] = {}
    token_policies: list[str] | None = None
    acl_error: str | None = None
    capabilities: list[_Asked]
    requests: list[Sent]


Row = PolicyRow | SyntaxRow | AccessRow


class Line(NamedTuple):
    """A line of a file, counted from 1. `text` is not decoded yet."""

    number: int
    text: bytes

    def row(self) -> Row:
        """The case on the line. Raises `BrokenLine`."""
        try:
            fields = json.loads(self.text)
        except (ValueError, RecursionError) as error:
            raise BrokenLine(f"not JSON: {error}") from None
        if not isinstance(fields, dict):
            raise BrokenLine("not a JSON object")
        try:
            return _shape(fields).model_validate(fields)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "line"
            raise BrokenLine(f"`{where}`: {first['msg']}") from None


def _shape(fields: dict[str, Any]) -> type[Row]:
    if "policies" in fields:
        return AccessRow
    if "syntax_old" in fields:
        return SyntaxRow
    if ("policy" in fields) != ("policy_base64" in fields):
        return PolicyRow
    raise BrokenLine("neither a policy text nor a set of policies")


def read_lines(path: Path) -> list[Line]:
    """The lines of a file, plain or gzipped, that are not blank. Raises `UnreadableFile`."""
    try:
        content = path.read_bytes()
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFile(str(error)) from None
    lines = enumerate(content.split(b"\n"), start=1)
    return [Line(number, text) for number, text in lines if text.strip()]
