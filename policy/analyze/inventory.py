"""Who there is: tokens, roles, entities and groups, read from one file into tokens to decide for.

Pydantic stands here, at the border: what comes out are the frozen values of `policy.model`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from policy.catalog import MountTable
from policy.errors import InventoryError
from policy.inventory import AliasModel, MountModel, MountsFile, read_model
from policy.model import Alias, Entity, Group, Token

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from policy.evaluate import ACL
    from policy.policies import PolicySet

__all__ = ["Holder", "HolderKind", "Inventory", "InventoryFile", "SharedACLs", "read_inventory"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class InventoryToken(_Model):
    """A token that exists, by a name of your own."""

    policies: list[str] = Field(
        default=[], description="names as `auth/token/lookup` shows them; `default` only if listed"
    )
    entity: str | None = Field(default=None, description="a key of `entities`")
    namespace: str = ""


class InventoryRole(_Model):
    """What somebody who logs in by a role gets."""

    policies: list[str] = Field(default=[], description="the `token_policies` of the role")
    no_default_policy: bool = Field(default=False, description="`token_no_default_policy`")
    namespace: str = ""


class InventoryEntity(_Model):
    """An identity; the groups it is in say so themselves."""

    id: str = ""
    name: str = Field(default="", description="the key, unless given")
    metadata: dict[str, str] = {}
    policies: list[str] = []
    aliases: list[AliasModel] = []


class InventoryGroup(_Model):
    """A group, internal or external."""

    id: str = ""
    name: str = Field(default="", description="the key, unless given")
    metadata: dict[str, str] = {}
    policies: list[str] = []
    members: list[str] = Field(default=[], description="keys of `entities`")
    groups: list[str] = Field(default=[], description="keys of member groups, which inherit")
    namespace: str = ""


class InventoryFile(_Model):
    """Everybody who may ask, and what is mounted. Policies are not in it: they are files."""

    tokens: dict[str, InventoryToken] = {}
    roles: dict[str, InventoryRole] = Field(
        default={}, description="by path, e.g. auth/approle/role/ci"
    )
    entities: dict[str, InventoryEntity] = {}
    groups: dict[str, InventoryGroup] = {}
    mounts: dict[str, str | MountModel] = Field(
        default={}, description="path to type, or what `secrets list` and `auth list` print"
    )
    namespaces: list[str] = Field(default=[], description="child namespaces, e.g. team-a/")

    def inventory(self) -> Inventory:
        """The value of the analysis. Raises `InventoryError` for a name that stands for nothing."""
        groups = _Groups(self)
        entities = {key: _entity(key, entity) for key, entity in self.entities.items()}
        holders = []
        for key, token in self.tokens.items():
            entity = None
            if token.entity is not None:
                if token.entity not in entities:
                    raise InventoryError(f"token `{key}`: there is no entity `{token.entity}`")
                entity = entities[token.entity]
            held = groups.of(token.entity)
            value = Token(tuple(token.policies), entity, held, _namespace(token.namespace))
            holders.append(Holder(HolderKind.TOKEN, key, value))
        for key, role in self.roles.items():
            names = list(role.policies)
            if not role.no_default_policy and "default" not in names:
                names.append("default")
            value = Token(tuple(names), namespace=_namespace(role.namespace))
            holders.append(Holder(HolderKind.ROLE, key, value))
        for key, known in entities.items():
            holders.append(Holder(HolderKind.ENTITY, key, Token((), known, groups.of(key))))
        for key in self.groups:
            value = Token((), None, groups.inherited(key), groups.value(key).namespace)
            holders.append(Holder(HolderKind.GROUP, key, value))
        mounts = MountsFile.model_validate(self.mounts).mounts()
        namespaces = tuple(_namespace(name) for name in self.namespaces if name.strip("/"))
        return Inventory(tuple(holders), mounts, namespaces)


class _Groups:
    """Groups by key, and which of them an entity is in, directly or by inheritance."""

    def __init__(self, file: InventoryFile) -> None:
        self._file = file
        self._parents: dict[str, list[str]] = {key: [] for key in file.groups}
        self._of_entity: dict[str, list[str]] = {}
        for key, group in file.groups.items():
            for member in group.groups:
                if member not in self._parents:
                    raise InventoryError(f"group `{key}`: there is no group `{member}`")
                self._parents[member].append(key)
            for member in group.members:
                if member not in file.entities:
                    raise InventoryError(f"group `{key}`: there is no entity `{member}`")
                self._of_entity.setdefault(member, []).append(key)

    def value(self, key: str) -> Group:
        group = self._file.groups[key]
        return Group(
            group.id or key,
            group.name or key,
            group.metadata,
            tuple(group.policies),
            _namespace(group.namespace),
        )

    def inherited(self, *keys: str) -> tuple[Group, ...]:
        """The groups and all that they are members of."""
        found: dict[str, None] = {}
        pending = list(reversed(keys))
        while pending:
            key = pending.pop()
            if key not in found:
                found[key] = None
                pending.extend(reversed(self._parents[key]))
        return tuple(self.value(key) for key in found)

    def of(self, entity: str | None) -> tuple[Group, ...]:
        return () if entity is None else self.inherited(*self._of_entity.get(entity, ()))


def _entity(key: str, entity: InventoryEntity) -> Entity:
    return Entity(
        entity.id or key,
        entity.name or key,
        entity.metadata,
        tuple(entity.policies),
        tuple(Alias(**alias.model_dump()) for alias in entity.aliases),
    )


def _namespace(name: str) -> str:
    name = name.strip("/")
    return name + "/" if name else ""


class HolderKind(StrEnum):
    """What holds policies."""

    TOKEN = "token"  # noqa: S105  (a kind, no secret)
    ROLE = "role"
    """Whoever logs in by it."""
    ENTITY = "entity"
    """Whoever is it, by its own policies and those of its groups alone."""
    GROUP = "group"
    """Whoever is in it."""
    POLICY = "policy"
    """Whoever holds this one policy alone."""


@dataclass(frozen=True)
class Holder:
    """Somebody who holds policies, and the token that stands for them."""

    kind: HolderKind
    name: str
    token: Token

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Inventory:
    """All holders, and what is mounted."""

    holders: tuple[Holder, ...] = ()
    mounts: MountTable = field(default_factory=MountTable.default)
    namespaces: tuple[str, ...] = ()

    def acl(self, policies: PolicySet, holder: Holder | Token, *, now: float | None = None) -> ACL:
        """What a holder may do."""
        token = holder.token if isinstance(holder, Holder) else holder
        return policies.acl(token, mounts=self.mounts, namespaces=self.namespaces, now=now)

    def acls(
        self, policies: PolicySet, holders: Iterable[Holder], *, now: float | None = None
    ) -> Iterator[tuple[Holder, ACL]]:
        """Every holder with its ACL; those who hold the same policies share one, unless a template
        tells them apart."""
        shared = SharedACLs(self, policies, now)
        for holder in holders:
            yield holder, shared.of(holder.token)

    def find(self, name: str) -> Holder:
        """The holder of that name, or of `kind:name`. Raises `InventoryError` when there is none,
        or more than one."""
        found = self._by_name.get(name, ())
        if len(found) == 1:
            return found[0]
        if found:
            which = ", ".join(f"`{holder.kind}:{name}`" for holder in found)
            raise InventoryError(f"`{name}` is more than one: say {which}")
        raise InventoryError(f"the inventory has no token, role, entity or group `{name}`")

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[Holder, ...]]:
        known: dict[str, tuple[Holder, ...]] = {}
        for holder in self.holders:
            for name in (holder.name, f"{holder.kind}:{holder.name}"):
                known[name] = (*known.get(name, ()), holder)
        return known


class SharedACLs:
    """The ACLs of many tokens. Those that hold the same policies share one, unless a template
    tells them apart."""

    def __init__(self, inventory: Inventory, policies: PolicySet, now: float | None) -> None:
        self._inventory = inventory
        self._policies = policies
        self._now = now
        self._templated: dict[tuple[str, str], bool] = {}
        self._known: dict[object, ACL] = {}

    def of(self, token: Token) -> ACL:
        """What a token may do."""
        key = self._key(token)
        acl = self._known.get(key)
        if acl is None:
            acl = self._known[key] = self._inventory.acl(self._policies, token, now=self._now)
        return acl

    def _key(self, token: Token) -> object:
        names = token.policy_names
        if any(map(self._is_templated, names)):
            # The ACL keeps the token, and so these two, alive.
            return token.namespace, names, id(token.entity), id(token.groups)
        return token.namespace, names

    def _is_templated(self, key: tuple[str, str]) -> bool:
        found = self._templated.get(key)
        if found is None:
            namespace, name = key
            policy = self._policies.get(name, namespace)
            found = policy is not None and any(rule.pattern is None for rule in policy.rules)
            self._templated[key] = found
        return found


def read_inventory(data: bytes, name: str) -> Inventory:
    """An inventory file (JSON). Raises `InventoryError`, which names every field that does not
    hold."""
    file = read_model(InventoryFile, data, name)
    try:
        return file.inventory()
    except InventoryError as error:
        raise InventoryError(f"{name}: {error.message}") from None
