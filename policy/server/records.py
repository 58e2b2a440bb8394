"""What is stored: a frozen value for each kind of record, and its way into the storage and back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from policy.server.storage import Record

__all__ = [
    "NOBODY",
    "AliasRecord",
    "EntityRecord",
    "GroupRecord",
    "MountRecord",
    "NamespaceRecord",
    "PolicyRecord",
    "RoleRecord",
    "Stored",
    "TokenRecord",
    "UserRecord",
]


@dataclass(frozen=True, slots=True)
class Stored:
    """Base of all records. Times are seconds since 1970."""

    @classmethod
    def of(cls, record: Record) -> Self:
        """The value that a stored record stands for."""
        return cls(**record)

    def record(self) -> Record:
        """The record to store."""
        return asdict(self)

    def but(self, **changes: Any) -> Self:
        """The same value with some fields changed."""
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class TokenRecord(Stored):
    """A token. The token itself is nowhere: `id` is its keyed hash."""

    id: str
    accessor: str
    policies: list[str]
    created: float
    namespace: str = ""
    path: str = "auth/token/create"
    display_name: str = "token"
    kind: str = "service"
    ttl: float = 0
    """The TTL it was made with; 0 for a token that does not expire."""
    expires: float | None = None
    explicit_max_ttl: float = 0
    period: float = 0
    renewable: bool = False
    uses: int = 0
    """How many are left; 0 is without limit, -1 spent and waiting to be revoked."""
    granted_ttl: float = 0
    """For how long it was granted last; a renewal that names no time grants the same again."""
    granted_uses: int = 0
    """The limit it was made with, which renewals still show (OpenBao 2.7.2)."""
    parent: str = ""
    """The hash of the parent; empty for an orphan."""
    entity_id: str = ""
    meta: dict[str, str] | None = None
    last_renewal: float | None = None
    is_first_root: bool = False
    role: str = ""
    """The token role it was made with."""
    bound_cidrs: list[str] = field(default_factory=list)
    """Where it may be used from. It is shown, and nobody is held to it."""
    wrapped_path: str = ""
    """For a wrapping token: the path whose answer it holds."""


NOBODY: Final = TokenRecord("", "", ["default"], 0.0)
"""A token that nobody has."""


@dataclass(frozen=True, slots=True)
class PolicyRecord(Stored):
    """A policy text with what is stored beside it."""

    name: str
    text: str
    namespace: str = ""
    version: int = 1
    modified: float = 0
    expiration: float | None = None
    cas_required: bool = False
    allow_slashes: bool = False
    allow_wildcards: bool = False


@dataclass(frozen=True, slots=True)
class NamespaceRecord(Stored):
    """A child namespace; `path` ends in a slash."""

    path: str
    id: str
    uuid: str
    custom_metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MountRecord(Stored):
    """What is mounted at `path` (with a final slash; `auth/…/` for auth methods)."""

    path: str
    type: str
    accessor: str
    uuid: str
    namespace: str = ""
    description: str = ""
    options: dict[str, str] | None = None
    local: bool = False
    seal_wrap: bool = False
    external_entropy_access: bool = False
    default_ttl: int = 0
    max_ttl: int = 0
    config: dict[str, Any] = field(default_factory=dict)
    """What else was given or tuned, by the names under which it is shown."""

    @property
    def is_kv2(self) -> bool:
        """Whether it is a versioned key-value mount."""
        return self.type == "kv" and (self.options or {}).get("version") == "2"


@dataclass(frozen=True, slots=True)
class AliasRecord(Stored):
    """The name of an entity on one auth mount."""

    id: str
    name: str
    mount_accessor: str
    canonical_id: str
    created: float
    updated: float
    namespace: str = ""
    metadata: dict[str, str] | None = None
    custom_metadata: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class EntityRecord(Stored):
    """An entity."""

    id: str
    name: str
    created: float
    updated: float
    namespace: str = ""
    metadata: dict[str, str] | None = None
    policies: list[str] | None = None
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class GroupRecord(Stored):
    """A group with the entities and groups that are its members."""

    id: str
    name: str
    created: float
    updated: float
    namespace: str = ""
    type: str = "internal"
    metadata: dict[str, str] | None = None
    policies: list[str] | None = None
    member_entity_ids: list[str] | None = None
    parent_group_ids: list[str] = field(default_factory=list)
    """The groups it is a member of; some may be gone."""
    modify_index: int = 0


@dataclass(frozen=True, slots=True)
class RoleRecord(Stored):
    """A token role: what tokens made with it may and must have."""

    name: str
    namespace: str = ""
    allowed_entity_aliases: list[str] | None = None
    allowed_policies: list[str] = field(default_factory=list)
    allowed_policies_glob: list[str] = field(default_factory=list)
    disallowed_policies: list[str] = field(default_factory=list)
    disallowed_policies_glob: list[str] = field(default_factory=list)
    bound_cidrs: list[str] = field(default_factory=list)
    uses: int = 0
    orphan: bool = False
    renewable: bool = True
    period: float = 0
    explicit_max_ttl: float = 0
    old_bound_cidrs: list[str] = field(default_factory=list)
    """What was given under the old name of the field, which is shown under that name alone."""
    old_period: float = 0
    old_explicit_max_ttl: float = 0
    path_suffix: str = ""
    no_default_policy: bool = False
    kind: str = "default-service"


@dataclass(frozen=True, slots=True)
class UserRecord(Stored):
    """A user of a userpass mount. The password is nowhere: `secret` is its salted hash."""

    name: str
    salt: str
    secret: str
    token_bound_cidrs: list[str] = field(default_factory=list)
    token_explicit_max_ttl: int = 0
    token_max_ttl: int = 0
    token_no_default_policy: bool = False
    token_num_uses: int = 0
    token_period: int = 0
    token_policies: list[str] = field(default_factory=list)
    token_strictly_bind_ip: bool = False
    token_ttl: int = 0
    token_type: str = "default"  # noqa: S105 -- the kind of the tokens it gets, no secret
    policies: list[str] = field(default_factory=list)
    """What was given under the old name of a field, and is shown under that name, too."""
    ttl: int = 0
    max_ttl: int = 0
