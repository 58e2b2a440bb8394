"""Who asks: a token, and the entity, aliases and groups behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from policy.errors import UsageError

__all__ = ["Alias", "Entity", "Group", "Token"]

Metadata = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Alias:
    """The name an entity has on one auth mount."""

    id: str
    name: str
    mount_accessor: str
    metadata: Metadata = field(default_factory=dict)
    custom_metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """A group the entity belongs to, directly or by inheritance.

    `namespace` is empty (the root namespace) or ends in a slash.
    """

    id: str
    name: str
    metadata: Metadata = field(default_factory=dict)
    policies: tuple[str, ...] = ()
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Entity:
    """The identity behind a token."""

    id: str
    name: str
    metadata: Metadata = field(default_factory=dict)
    policies: tuple[str, ...] = ()
    aliases: tuple[Alias, ...] = ()


@dataclass(frozen=True, slots=True)
class Token:
    """The policies a token holds and the identity it stands for.

    `policies` are the names attached to the token, as `auth/token/lookup` shows them: `default`
    is among them only when named. `namespace` is empty (root) or ends in a slash. `groups` are
    all groups the entity belongs to, inherited ones included. Raises `UsageError` for a string
    in place of a list.
    """

    policies: Sequence[str] = ()
    entity: Entity | None = None
    groups: Sequence[Group] = ()
    namespace: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.policies, str):
            raise UsageError("`policies` is a list of names, not one string")
        # A list is what people write; a value that can change is not what is kept.
        object.__setattr__(self, "policies", tuple(self.policies))
        object.__setattr__(self, "groups", tuple(self.groups))

    @property
    def policy_names(self) -> tuple[tuple[str, str], ...]:
        """Namespace and name of every policy the server uses for a request: the token's, its
        entity's and its groups', trimmed, in lower case, each once, sorted by name (OpenBao
        2.7.2, recorded as `names-*` and `identity-policies-*`).

        The policies of a group count only if its namespace is the token's or lies below it.
        """
        names = [(self.namespace, name) for name in self.policies]
        if self.entity is not None:
            names += [(self.namespace, name) for name in self.entity.policies]
        for group in self.groups:
            if group.namespace.startswith(self.namespace):
                names += [(group.namespace, name) for name in group.policies]
        clean = {(namespace, name.strip().lower()) for namespace, name in names}
        return tuple(sorted((pair for pair in clean if pair[1]), key=lambda pair: pair[1]))
