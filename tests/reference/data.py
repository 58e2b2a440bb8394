"""Plain data the reference works on. Nothing here comes from the package under test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Value = str | bool | int | float | None | Sequence["Value"] | Mapping[str, "Value"]
"""A JSON-like value, in a policy or in a request."""

Parameters = tuple[tuple[str, tuple[Value, ...]], ...]
"""The keys of one parameter block with their values, in textual order; a key may be repeated."""

DIALECTS = ("openbao-2.7", "vault-1.11", "vault-1.21", "vault-2.0")


class Refused(Exception):
    """The server refuses the policy text."""


class NoACL(Exception):
    """No ACL can be built for the token: every request of it fails."""


class NotDetermined(Exception):
    """The specification does not say what the server does here."""


@dataclass(frozen=True)
class RuleData:
    """One `path` block as written. None means that the key is absent."""

    path: str
    capabilities: tuple[str, ...] | None = None
    policy: str | None = None
    allowed_parameters: Parameters | None = None
    denied_parameters: Parameters | None = None
    required_parameters: tuple[str, ...] | None = None
    min_wrapping_ttl: str | int | float | None = None
    max_wrapping_ttl: str | int | float | None = None
    pagination_limit: int | None = None
    expiration: str | int | None = None
    other_keys: tuple[str, ...] = ()
    """Further keys of the block that have no effect on verdicts, such as `comment`."""


@dataclass(frozen=True)
class PolicyData:
    """A policy: its blocks in textual order and the options given when it was written."""

    rules: tuple[RuleData, ...]
    allow_slashes: bool = False
    allow_wildcards: bool = False


@dataclass(frozen=True)
class AliasData:
    """The entity's alias on one auth mount."""

    id: str
    name: str
    mount_accessor: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    custom_metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class EntityData:
    """The entity behind a token."""

    id: str
    name: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    policies: tuple[str, ...] = ()
    aliases: tuple[AliasData, ...] = ()


@dataclass(frozen=True)
class GroupData:
    """A group the entity belongs to, directly or by inheritance."""

    id: str
    name: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    policies: tuple[str, ...] = ()
    namespace: str = ""


@dataclass(frozen=True)
class TokenData:
    """A token. `namespace` is empty for the root namespace, or ends in a slash."""

    policies: tuple[str, ...] = ()
    entity: EntityData | None = None
    groups: tuple[GroupData, ...] = ()
    namespace: str = ""


@dataclass(frozen=True)
class RequestData:
    """A request. `wrap_ttl_seconds` is None when the request is not wrapped."""

    operation: str
    path: str
    namespace: str = ""
    data: Mapping[str, Value] | None = None
    wrap_ttl_seconds: float | None = None
