"""Entities, their aliases, and groups, as they are stored."""

from __future__ import annotations

import secrets
import uuid
from typing import TYPE_CHECKING

from policy.server.records import AliasRecord, EntityRecord, GroupRecord

if TYPE_CHECKING:
    from policy.server.core import Core
    from policy.server.storage import Record

__all__ = ["Identity"]


class Identity:
    """The identity store of one cluster. Everything lies in the area `identity`."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def entity(self, id_: str) -> EntityRecord | None:
        """The entity with this id."""
        record = self._core.storage.read(f"identity/entity/{id_}")
        return None if record is None else EntityRecord.of(record)

    def entities(self, namespace: str) -> list[EntityRecord]:
        """All entities of a namespace, by id."""
        found = self._core.storage.scan("identity/entity/")
        return [EntityRecord.of(r) for _, r in found if r["namespace"] == namespace]

    def entity_by_name(self, name: str, namespace: str) -> EntityRecord | None:
        """The entity of this name; case does not count."""
        lower = name.lower()
        return next((e for e in self.entities(namespace) if e.name.lower() == lower), None)

    def alias(self, id_: str) -> AliasRecord | None:
        """The alias with this id."""
        record = self._core.storage.read(f"identity/alias/{id_}")
        return None if record is None else AliasRecord.of(record)

    def aliases(self, namespace: str) -> list[AliasRecord]:
        """All aliases of a namespace, by id."""
        found = self._core.storage.scan("identity/alias/")
        return [AliasRecord.of(r) for _, r in found if r["namespace"] == namespace]

    def aliases_of(self, entity_id: str) -> list[AliasRecord]:
        """The aliases of one entity, the oldest first."""
        found = self._core.storage.scan("identity/alias/")
        aliases = [AliasRecord.of(r) for _, r in found if r["canonical_id"] == entity_id]
        return sorted(aliases, key=lambda alias: alias.created)

    def alias_named(self, name: str, mount_accessor: str) -> AliasRecord | None:
        """The alias of this name on one auth mount; case does not count."""
        lower = name.lower()
        for _, record in self._core.storage.scan("identity/alias/"):
            if record["mount_accessor"] == mount_accessor and record["name"].lower() == lower:
                return AliasRecord.of(record)
        return None

    def new_id(self, namespace: str) -> str:
        """An id; in a child namespace it ends in that of the namespace."""
        suffix = f".{self._core.namespaces[namespace].id}" if namespace else ""
        return f"{uuid.uuid4()}{suffix}"

    def new_name(self, kind: str, namespace: str) -> str:
        """A name for what was given none."""
        place = self._core.namespaces[namespace].id if namespace else "root"
        return f"{kind}_{secrets.token_hex(4)}.{place}"

    def new_entity(self, namespace: str) -> EntityRecord:
        """An entity with a name that the server makes up; it is not stored yet."""
        now, name = self._core.now(), self.new_name("entity", namespace)
        return EntityRecord(self.new_id(namespace), name, now, now, namespace)

    def create_or_fetch(
        self, name: str, mount_accessor: str, namespace: str
    ) -> tuple[EntityRecord, dict[str, Record | None]]:
        """The entity behind a name on an auth mount, and what has to be stored if it is new."""
        alias = self.alias_named(name, mount_accessor)
        known = self.entity(alias.canonical_id) if alias is not None else None
        if known is not None:
            return known, {}
        now, entity = self._core.now(), self.new_entity(namespace)
        made = AliasRecord(
            self.new_id(namespace), name, mount_accessor, entity.id, now, now, namespace
        )
        return entity, {
            f"identity/entity/{entity.id}": entity.record(),
            f"identity/alias/{made.id}": made.record(),
        }

    def group(self, id_: str) -> GroupRecord | None:
        """The group with this id."""
        record = self._core.storage.read(f"identity/group/{id_}")
        return None if record is None else GroupRecord.of(record)

    def groups(self) -> list[GroupRecord]:
        """All groups, by id."""
        return [GroupRecord.of(r) for _, r in self._core.storage.scan("identity/group/")]

    def group_by_name(self, name: str, namespace: str) -> GroupRecord | None:
        """The group of this name; case does not count."""
        lower = name.lower()
        for group in self.groups():
            if group.name.lower() == lower and group.namespace == namespace:
                return group
        return None

    def members_of(self, group_id: str) -> list[GroupRecord]:
        """The groups that are direct members of a group."""
        return [group for group in self.groups() if group_id in group.parent_group_ids]

    def is_below(self, group_id: str, outer_id: str) -> bool:
        """Whether a group is another one, or a member of it, directly or through others."""
        pending, seen = [outer_id], set()
        while pending:
            last = pending.pop()
            if last == group_id:
                return True
            if last not in seen:
                seen.add(last)
                pending += [member.id for member in self.members_of(last)]
        return False

    def direct_groups_of(self, entity_id: str) -> list[GroupRecord]:
        """The groups that name an entity as their member."""
        return [group for group in self.groups() if entity_id in (group.member_entity_ids or ())]

    def groups_of(self, entity_id: str) -> list[GroupRecord]:
        """All groups of an entity, each with the ones it is in behind it."""
        groups = {group.id: group for group in self.groups()}
        found: dict[str, GroupRecord] = {}
        pending = [g for g in groups.values() if entity_id in (g.member_entity_ids or ())][::-1]
        while pending:
            group = pending.pop()
            if group.id not in found:
                found[group.id] = group
                pending += [groups[id_] for id_ in group.parent_group_ids[::-1] if id_ in groups]
        return list(found.values())

    def policies_of(self, entity_id: str) -> dict[str, list[str]]:
        """The policies that an entity brings, and then its groups, by their namespace."""
        entity = self.entity(entity_id)
        if entity is None:
            return {}
        found: dict[str, list[str]] = {}
        parts: list[EntityRecord | GroupRecord] = [entity, *self.groups_of(entity_id)]
        for part in parts:
            if part.policies:
                found.setdefault(part.namespace, []).extend(part.policies)
        return found
