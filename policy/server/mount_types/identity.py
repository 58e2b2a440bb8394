"""`identity/`: entities, their aliases, and groups (OpenBao 2.7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.server.answers import Refused, Reply
from policy.server.go_text import quoted
from policy.server.inputs import Kind
from policy.server.mount_types.metadata import check_custom_metadata, check_metadata
from policy.server.mount_types.token import timestamp
from policy.server.records import AliasRecord, EntityRecord, GroupRecord
from policy.server.routing import NAME, Route, Routes

if TYPE_CHECKING:
    from policy.server.records import MountRecord
    from policy.server.routing import Call
    from policy.server.storage import Record

__all__ = ["ROUTES"]


def _namespace_id(call: Call, namespace: str) -> str:
    return call.core.namespaces[namespace].id if namespace else "root"


def _policies(call: Call) -> list[str]:
    names = sorted({name.lower() for name in call.fields.texts("policies") if name})
    if "root" in names:
        raise Refused(400, "policies cannot contain root")
    return names


def _metadata(call: Call, kind: str) -> dict[str, str] | None:
    pairs = call.fields.pairs("metadata")
    check_metadata(pairs or {}, kind)
    return pairs


# Entities


def _shown_entity(call: Call, entity: EntityRecord) -> Reply:
    identity = call.core.identity
    direct = [group.id for group in identity.direct_groups_of(entity.id)]
    every = [group.id for group in identity.groups_of(entity.id)]
    inherited = [id_ for id_ in every if id_ not in direct]
    return Reply(
        data={
            "aliases": [_inner_alias(call, alias) for alias in identity.aliases_of(entity.id)],
            "creation_time": timestamp(entity.created),
            "direct_group_ids": direct,
            "disabled": entity.disabled,
            "group_ids": [*direct, *inherited],
            "id": entity.id,
            "inherited_group_ids": inherited,
            "last_update_time": timestamp(entity.updated),
            "merged_entity_ids": None,
            "metadata": entity.metadata,
            "name": entity.name,
            "namespace_id": _namespace_id(call, entity.namespace),
            "policies": entity.policies or [],
        }
    )


def _entity(call: Call) -> EntityRecord | None:
    """The entity that a path names by id or name."""
    if call.match.get("id"):
        found = call.core.identity.entity(call.match["id"])
        return found if found is not None and found.namespace == call.namespace else None
    return call.core.identity.entity_by_name(call.match["name"], call.namespace)


def _read_entity(call: Call) -> Reply:
    entity = _entity(call)
    if entity is None:
        raise Refused.not_found()
    return _shown_entity(call, entity)


def _write_entity(call: Call) -> Reply | None:
    identity, fields, now = call.core.identity, call.fields, call.core.now()
    id_ = call.match.get("id") or fields.text("id")
    name = call.match.get("name") or fields.text("name")
    known = identity.entity(id_) if id_ else None
    if id_ and known is None:
        raise Refused(400, "entity not found from id")
    if name:
        same = identity.entity_by_name(name, call.namespace)
        if known is not None and same is not None and same.id != known.id:
            raise Refused(400, "entity name is already in use")
        known = known or same
    policies = _policies(call) if "policies" in fields else None
    metadata = _metadata(call, "entity") if "metadata" in fields else None
    if known is not None and known.namespace != call.namespace:
        raise Refused.listed(500, "entity does not belong to this namespace")
    # An empty map does not survive a change.
    entity = known.but(metadata=known.metadata or None) if known else None
    entity = entity or identity.new_entity(call.namespace)
    entity = entity.but(updated=now, name=name or entity.name)
    if policies is not None:
        entity = entity.but(policies=policies)
    if fields.values.get("metadata") is not None:
        entity = entity.but(metadata=metadata)
    if "disabled" in fields:
        entity = entity.but(disabled=fields.boolean("disabled"))
    call.core.write({f"identity/entity/{entity.id}": entity.record()})
    if known is not None:
        return None
    return Reply(data={"aliases": None, "id": entity.id, "name": entity.name})


def _delete_entity(call: Call) -> None:
    entity = _entity(call)
    if entity is None:
        return
    changes: dict[str, Record | None] = {f"identity/entity/{entity.id}": None}
    for alias in call.core.identity.aliases_of(entity.id):
        changes[f"identity/alias/{alias.id}"] = None
    for group in call.core.identity.direct_groups_of(entity.id):
        members = [member for member in group.member_entity_ids or () if member != entity.id]
        left = group.but(member_entity_ids=members, modify_index=group.modify_index + 1)
        changes[f"identity/group/{group.id}"] = left.record()
    call.core.write(changes)


def _list_entities(call: Call) -> Reply:
    info: dict[str, Any] = {}
    shown = ("id", "mount_accessor", "mount_path", "mount_type", "name")
    for entity in call.core.identity.entities(call.namespace):
        info[entity.id] = {"name": entity.name}
        aliases = [_inner_alias(call, a) for a in call.core.identity.aliases_of(entity.id)]
        if aliases:
            info[entity.id]["aliases"] = [
                {key: alias[key] for key in shown if key in alias} for alias in aliases
            ]
    if not info:
        raise Refused.not_found()
    return Reply(data={"keys": list(info), "key_info": info})


def _list_entity_names(call: Call) -> Reply:
    names = [entity.name for entity in call.core.identity.entities(call.namespace)]
    if not names:
        raise Refused.not_found()
    return Reply(data={"keys": names})


# Aliases


def _mount_of(call: Call, accessor: str) -> MountRecord | None:
    mounts = call.core.mounts.all(call.namespace)
    return next((mount for mount in mounts if mount.accessor == accessor), None)


def _inner_alias(call: Call, alias: AliasRecord) -> dict[str, Any]:
    mount = _mount_of(call, alias.mount_accessor)
    shown = {
        "canonical_id": alias.canonical_id,
        "creation_time": timestamp(alias.created),
        "custom_metadata": alias.custom_metadata,
        "id": alias.id,
        "last_update_time": timestamp(alias.updated),
        "local": False,
        "merged_from_canonical_ids": None,
        "metadata": alias.metadata,
        "mount_accessor": alias.mount_accessor,
        "name": alias.name,
    }
    if mount is not None:
        shown |= {"mount_path": mount.path, "mount_type": mount.type}
    return shown


def _read_alias(call: Call) -> Reply:
    alias = call.core.identity.alias(call.match["id"])
    if alias is None or alias.namespace != call.namespace:
        raise Refused.not_found()
    shown = _inner_alias(call, alias)
    return Reply(data={**shown, "namespace_id": _namespace_id(call, alias.namespace)})


class _Alias:
    """What a request says about an alias, which it makes or changes."""

    def __init__(self, call: Call) -> None:
        fields = call.fields
        self.call = call
        self.name = fields.text("name")
        self.accessor = fields.text("mount_accessor")
        self.canonical = fields.text("canonical_id") or fields.text("entity_id")
        self.has_custom = fields.values.get("custom_metadata") is not None
        self.custom = fields.pairs("custom_metadata") or {}
        check_custom_metadata(self.custom, 500)

    def write(self) -> Reply | None:
        """Make it or change it. Raises `Refused`."""
        identity = self.call.core.identity
        id_ = self.call.match.get("id") or self.call.fields.text("id")
        if id_:
            known = identity.alias(id_)
            if known is None or known.namespace != self.call.namespace:
                raise Refused(400, "invalid alias ID provided")
            if not (self.accessor or self.name or self.canonical or self.has_custom):
                return None
            return self._change(known)
        if not (self.accessor and self.name):
            raise Refused(400, "'id' or 'mount_accessor' and 'name' must be provided")
        self._check_mount()
        known = identity.alias_named(self.name, self.accessor)
        return self._make() if known is None else self._change(known)

    def _check_mount(self) -> None:
        if _mount_of(self.call, self.accessor) is not None:
            return
        if any(m.accessor == self.accessor for m in self.call.core.mounts.everywhere()):
            raise Refused(403, "matching mount is in a different namespace than request")
        raise Refused(400, f"invalid mount accessor {quoted(self.accessor)}")

    def _make(self) -> Reply:
        call, identity, now = self.call, self.call.core.identity, self.call.core.now()
        changes: dict[str, Record | None] = {}
        if self.canonical and identity.entity(self.canonical) is None:
            raise Refused(400, "invalid canonical ID")
        if self.canonical and self._is_taken(self.canonical):
            raise Refused(400, "Alias already exists for requested entity and mount accessor")
        if not self.canonical:
            entity = identity.new_entity(call.namespace)
            self.canonical = entity.id
            changes[f"identity/entity/{entity.id}"] = entity.record()
        alias = AliasRecord(
            identity.new_id(call.namespace),
            self.name,
            self.accessor,
            self.canonical,
            now,
            now,
            call.namespace,
            custom_metadata=self.custom,
        )
        return self._stored(alias, changes)

    def _change(self, known: AliasRecord) -> Reply | None:
        alias = known.but(
            name=self.name or known.name,
            mount_accessor=self.accessor or known.mount_accessor,
            canonical_id=self.canonical or known.canonical_id,
        )
        is_by_id = self.call.match.get("id") or self.call.fields.text("id")
        custom = self.custom if self.has_custom or not is_by_id else known.custom_metadata or None
        alias = alias.but(custom_metadata=custom)
        if alias.but(custom_metadata=alias.custom_metadata or {}) == known.but(
            custom_metadata=known.custom_metadata or {}
        ):
            return None
        self.accessor = alias.mount_accessor
        is_moved = alias.canonical_id != known.canonical_id
        is_remounted = alias.mount_accessor != known.mount_accessor
        if is_remounted and not is_moved and self._is_taken(alias.canonical_id):
            raise Refused(
                400,
                "Alias cannot be updated as the entity already has an alias for the given "
                "'mount_accessor' ",
            )
        if alias != known.but(canonical_id=alias.canonical_id):
            self._check_mount()
            same = self.call.core.identity.alias_named(alias.name, alias.mount_accessor)
            if same is not None and same.id != known.id:
                raise Refused(
                    400, "alias with combination of mount accessor and name already exists"
                )
        alias = alias.but(updated=self.call.core.now())
        problem = self._why_not_there(alias.canonical_id) if is_moved else ""
        if problem:
            if not is_by_id:
                # By then the server has changed all but the entity, and leaves it at that.
                self._stored(alias.but(canonical_id=known.canonical_id), {})
            raise Refused(400, problem)
        return self._stored(alias, {})

    def _why_not_there(self, entity_id: str) -> str:
        """Why an alias cannot move to an entity; empty if it can."""
        if self.call.core.identity.entity(entity_id) is None:
            return "given 'canonical_id' is not associated with an entity"
        if self._is_taken(entity_id):
            return (
                "Alias cannot be updated as the given entity already has an alias for this mount "
            )
        return ""

    def _is_taken(self, entity_id: str) -> bool:
        aliases = self.call.core.identity.aliases_of(entity_id)
        return any(alias.mount_accessor == self.accessor for alias in aliases)

    def _stored(self, alias: AliasRecord, changes: dict[str, Record | None]) -> Reply:
        self.call.core.write({**changes, f"identity/alias/{alias.id}": alias.record()})
        return Reply(data={"canonical_id": alias.canonical_id, "id": alias.id})


def _write_alias(call: Call) -> Reply | None:
    return _Alias(call).write()


def _delete_alias(call: Call) -> None:
    alias = call.core.identity.alias(call.match["id"])
    if alias is not None and alias.namespace == call.namespace:
        call.core.write({f"identity/alias/{alias.id}": None})


def _list_aliases(call: Call) -> Reply:
    info = {}
    hidden = ("creation_time", "id", "last_update_time", "merged_from_canonical_ids")
    for alias in call.core.identity.aliases(call.namespace):
        shown = _inner_alias(call, alias)
        info[alias.id] = {key: value for key, value in shown.items() if key not in hidden}
    if not info:
        raise Refused.not_found()
    return Reply(data={"keys": list(info), "key_info": info})


# Groups


def _group(call: Call) -> GroupRecord | None:
    """The group that a path names by id or name."""
    if call.match.get("id"):
        found = call.core.identity.group(call.match["id"])
        return found if found is not None and found.namespace == call.namespace else None
    return call.core.identity.group_by_name(call.match["name"], call.namespace)


def _shown_group(call: Call, group: GroupRecord) -> Reply:
    return Reply(
        data={
            "alias": {},
            "creation_time": timestamp(group.created),
            "id": group.id,
            "last_update_time": timestamp(group.updated),
            "member_entity_ids": group.member_entity_ids,
            "member_group_ids": [g.id for g in call.core.identity.members_of(group.id)] or None,
            "metadata": group.metadata,
            "modify_index": group.modify_index,
            "name": group.name,
            "namespace_id": _namespace_id(call, group.namespace),
            "parent_group_ids": group.parent_group_ids or None,
            "policies": group.policies,
            "type": group.type,
        }
    )


def _read_group(call: Call) -> Reply:
    group = _group(call)
    if group is None:
        raise Refused.not_found()
    return _shown_group(call, group)


def _create_group(call: Call) -> Reply | None:
    fields, identity = call.fields, call.core.identity
    known = None
    if "id" in fields:
        if not fields.text("id"):
            raise Refused(400, "empty group ID")
        known = identity.group(fields.text("id"))
        if known is None:
            raise Refused(400, "invalid group ID")
    elif "name" in fields:
        if not fields.text("name"):
            raise Refused(400, "empty group name")
        known = identity.group_by_name(fields.text("name"), call.namespace)
    return _write_group(call, known)


def _update_group(call: Call) -> Reply | None:
    known = _group(call)
    if known is None and call.match.get("id"):
        raise Refused(400, "invalid group ID")
    return _write_group(call, known)


def _write_group(call: Call, known: GroupRecord | None) -> Reply | None:
    fields, now, identity = call.fields, call.core.now(), call.core.identity
    policies = (known.policies or None) if known else None
    if "policies" in fields:
        policies = _policies(call)
    kind = known.type if known is not None else "internal"
    if "type" in fields:
        if known is not None and fields.text("type") != kind:
            raise Refused(400, "group type cannot be changed")
        kind = fields.text("type") or "internal"
    if kind not in ("internal", "external"):
        raise Refused(400, f"invalid group type {quoted(kind)}")
    name = call.match.get("name") or fields.text("name")
    same = identity.group_by_name(name, call.namespace) if name else None
    if same is not None and (known is None or same.id != known.id):
        raise Refused(400, "group name is already in use")
    if not name and known is None:
        name = identity.new_name("group", call.namespace)
    # An empty map or list does not survive a change.
    group = known and known.but(
        metadata=known.metadata or None, member_entity_ids=known.member_entity_ids or None
    )
    group = group or GroupRecord(
        identity.new_id(call.namespace), name, now, now, call.namespace, kind
    )
    group = group.but(
        updated=now,
        name=name or group.name,
        policies=policies,
        modify_index=group.modify_index + 1,
    )
    for field, members in (("member_entity_ids", "entities"), ("member_group_ids", "groups")):
        if field in fields and kind == "external":
            manually = " manually" if members == "entities" else ""
            raise Refused(400, f"member {members} can't be set{manually} for external groups")
    if fields.values.get("metadata") is not None:
        group = group.but(metadata=_metadata(call, "group"))
    if "member_entity_ids" in fields:
        group = group.but(member_entity_ids=_member_entities(call))
    changes = _member_groups(call, group) if "member_group_ids" in fields else {}
    call.core.write({**changes, f"identity/group/{group.id}": group.record()})
    if known is not None:
        return None
    return Reply(data={"id": group.id, "name": group.name})


def _member_entities(call: Call) -> list[str]:
    """The entities that a request makes members of a group. Raises `Refused`."""
    members = sorted({member for member in call.fields.texts("member_entity_ids") if member})
    for member in members:
        if call.core.identity.entity(member) is None:
            raise Refused.listed(500, f"invalid entity ID {quoted(member)}")
    return members


def _member_groups(call: Call, group: GroupRecord) -> dict[str, Record | None]:
    """What has to be stored so that a group has the member groups that a request names.

    Raises `Refused`.
    """
    identity = call.core.identity
    wanted = sorted({member for member in call.fields.texts("member_group_ids") if member})
    changed = []
    for member in identity.members_of(group.id):
        if member.id not in wanted:
            left = [parent for parent in member.parent_group_ids if parent != group.id]
            changed.append(member.but(parent_group_ids=left))
    for id_ in wanted:
        found = identity.group(id_)
        if found is None:
            raise Refused.listed(500, f"invalid member group ID {quoted(id_)}")
        if group.id in found.parent_group_ids:
            continue
        if group.id == id_:
            raise Refused.listed(
                500, f"member group ID {quoted(id_)} is same as the ID of the group"
            )
        if identity.is_below(group.id, id_):
            raise Refused(400, f"cyclic relationship detected for member group ID {quoted(id_)}")
        changed.append(found.but(parent_group_ids=[*found.parent_group_ids, group.id]))
    return {
        f"identity/group/{member.id}": member.but(modify_index=member.modify_index + 1).record()
        for member in changed
    }


def _delete_group(call: Call) -> None:
    group = _group(call)
    if group is not None:
        call.core.write({f"identity/group/{group.id}": None})


def _groups(call: Call) -> list[GroupRecord]:
    return [g for g in call.core.identity.groups() if g.namespace == call.namespace]


def _list_groups(call: Call) -> Reply:
    info = {
        group.id: {
            "name": group.name,
            "num_member_entities": len(group.member_entity_ids or ()),
            "num_parent_groups": len(group.parent_group_ids),
        }
        for group in _groups(call)
    }
    if not info:
        raise Refused.not_found()
    return Reply(data={"keys": list(info), "key_info": info})


def _list_group_names(call: Call) -> Reply:
    names = [group.name for group in _groups(call)]
    if not names:
        raise Refused.not_found()
    return Reply(data={"keys": names})


# Lookups


def _check_question(call: Call) -> None:
    """Exactly one way to name what is looked for. Raises `Refused`."""
    fields = call.fields
    given = [name for name in _LOOKUP if name in fields]
    if not given:
        raise Refused(400, "query parameter not supplied")
    alias = fields.text("alias_name"), fields.text("alias_mount_accessor")
    if len(given) > 1 and not (len(given) == 2 and all(alias)):
        raise Refused(
            400, "query parameter conflict; please supply distinct set of query parameters"
        )
    if len(given) == 1 and any(alias):
        raise Refused(400, "both 'alias_name' and 'alias_mount_accessor' needs to be set")


def _lookup_entity(call: Call) -> Reply | None:
    _check_question(call)
    fields, identity = call.fields, call.core.identity
    id_, name, alias_id = fields.text("id"), fields.text("name"), fields.text("alias_id")
    if id_:
        entity = identity.entity(id_)
    elif name:
        entity = identity.entity_by_name(name, call.namespace)
    else:
        alias = (
            identity.alias(alias_id)
            if alias_id
            else identity.alias_named(
                fields.text("alias_name"), fields.text("alias_mount_accessor")
            )
        )
        entity = identity.entity(alias.canonical_id) if alias is not None else None
    if entity is None or entity.namespace != call.namespace:
        return None
    return _shown_entity(call, entity)


def _lookup_group(call: Call) -> Reply | None:
    _check_question(call)
    fields, identity = call.fields, call.core.identity
    id_, name = fields.text("id"), fields.text("name")
    group = identity.group(id_) if id_ else None
    if name and not id_:
        group = identity.group_by_name(name, call.namespace)
    if group is None or group.namespace != call.namespace:
        return None
    return _shown_group(call, group)


_ENTITY: Final = {
    "disabled": Kind.BOOLEAN,
    "id": Kind.TEXT,
    "metadata": Kind.PAIRS,
    "name": Kind.TEXT,
    "policies": Kind.TEXTS,
}
_ALIAS: Final = {
    "canonical_id": Kind.TEXT,
    "custom_metadata": Kind.PAIRS,
    "entity_id": Kind.TEXT,
    "id": Kind.TEXT,
    "mount_accessor": Kind.TEXT,
    "name": Kind.TEXT,
}
_GROUP: Final = {
    "id": Kind.TEXT,
    "member_entity_ids": Kind.TEXTS,
    "member_group_ids": Kind.TEXTS,
    "metadata": Kind.PAIRS,
    "name": Kind.TEXT,
    "policies": Kind.TEXTS,
    "type": Kind.TEXT,
}
_LOOKUP: Final = dict.fromkeys(
    ("alias_id", "alias_mount_accessor", "alias_name", "id", "name"), Kind.TEXT
)

ROUTES: Final = Routes(
    Route("entity", _ENTITY, update=_write_entity),
    Route("entity/id/?", list=_list_entities),
    Route("entity/name/?", list=_list_entity_names),
    Route(
        f"entity/id/(?P<id>{NAME})",
        _ENTITY,
        read=_read_entity,
        update=_write_entity,
        delete=_delete_entity,
    ),
    Route(
        "entity/name/(?P<name>.+)",
        _ENTITY,
        read=_read_entity,
        update=_write_entity,
        delete=_delete_entity,
    ),
    Route("entity-alias", _ALIAS, update=_write_alias),
    Route("entity-alias/id/?", list=_list_aliases),
    Route(
        f"entity-alias/id/(?P<id>{NAME})",
        _ALIAS,
        read=_read_alias,
        update=_write_alias,
        delete=_delete_alias,
    ),
    Route("group", _GROUP, update=_create_group),
    Route("group/id/?", list=_list_groups),
    Route("group/name/?", list=_list_group_names),
    Route(
        f"group/id/(?P<id>{NAME})",
        _GROUP,
        read=_read_group,
        update=_update_group,
        delete=_delete_group,
    ),
    Route(
        "group/name/(?P<name>.+)",
        _GROUP,
        read=_read_group,
        update=_update_group,
        delete=_delete_group,
    ),
    Route("lookup/entity", _LOOKUP, update=_lookup_entity),
    Route("lookup/group", _LOOKUP, update=_lookup_group),
)
"""The paths of the identity store."""
