"""Entities, their aliases, and groups, as they are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.server.records import AliasRecord, EntityRecord, GroupRecord

if TYPE_CHECKING:
    from policy.server.core import Core

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
        """The aliases of one entity."""
        found = self._core.storage.scan("identity/alias/")
        return [AliasRecord.of(r) for _, r in found if r["canonical_id"] == entity_id]

    def alias_named(self, name: str, mount_accessor: str) -> AliasRecord | None:
        """The alias of this name on one auth mount."""
        for _, record in self._core.storage.scan("identity/alias/"):
            if record["name"] == name and record["mount_accessor"] == mount_accessor:
                return AliasRecord.of(record)
        return None

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

    def direct_groups_of(self, entity_id: str) -> list[GroupRecord]:
        """The groups that name an entity as their member."""
        return [group for group in self.groups() if entity_id in group.member_entity_ids]

    def groups_of(self, entity_id: str) -> list[GroupRecord]:
        """All groups of an entity, inherited ones included."""
        groups = self.groups()
        found: dict[str, GroupRecord] = {}
        pending = [group for group in groups if entity_id in group.member_entity_ids]
        while pending:
            group = pending.pop()
            if group.id not in found:
                found[group.id] = group
                pending += [outer for outer in groups if group.id in outer.member_group_ids]
        return sorted(found.values(), key=lambda group: group.id)
