"""`identity/`: entities, their aliases, and groups (OpenBao 2.7.2)."""

from __future__ import annotations

import secrets
import uuid
from typing import TYPE_CHECKING, Any, Final

from policy.server.answers import Refused, Reply
from policy.server.mount_types.token import timestamp
from policy.server.records import AliasRecord, EntityRecord, GroupRecord
from policy.server.routing import Route, Routes

if TYPE_CHECKING:
    from policy.server.records import MountRecord
    from policy.server.routing import Call
    from policy.server.storage import Record

__all__ = ["ROUTES"]


def _namespace_id(call: Call, namespace: str) -> str:
    return call.core.namespaces[namespace].id if namespace else "root"


def _policies(call: Call) -> list[str]:
    names = sorted({n.strip().lower() for n in call.fields.texts("policies") if n.strip()})
    if "root" in names:
        raise Refused(400, "policies cannot contain root")
    return names


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


def _create_entity(call: Call) -> Reply | None:
    identity, fields = call.core.identity, call.fields
    id_, name = fields.text("id"), fields.text("name")
    if id_:
        known = identity.entity(id_)
        if known is None:
            raise Refused(400, "entity not found from id")
        return _store_entity(call, known, name)
    return _store_entity(call, identity.entity_by_name(name, call.namespace), name)


def _update_entity(call: Call) -> Reply | None:
    known = _entity(call)
    if known is None and call.match.get("id"):
        raise Refused(400, "entity not found from id")
    return _store_entity(call, known, call.fields.text("name") or call.match.get("name", ""))


def _store_entity(call: Call, known: EntityRecord | None, name: str) -> Reply | None:
    fields, now = call.fields, call.core.now()
    policies = _policies(call) if "policies" in fields else None
    if not name and known is None:
        place = call.namespace.strip("/").replace("/", "_") or "root"
        name = f"entity_{secrets.token_hex(4)}.{place}"
    entity = known or EntityRecord(str(uuid.uuid4()), name, now, now, call.namespace)
    entity = entity.but(updated=now, name=name or entity.name)
    if policies is not None:
        entity = entity.but(policies=policies)
    if "metadata" in fields:
        entity = entity.but(metadata=fields.mapping("metadata"))
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
        members = [member for member in group.member_entity_ids if member != entity.id]
        changes[f"identity/group/{group.id}"] = group.but(member_entity_ids=members).record()
    call.core.write(changes)


def _list_entities(call: Call) -> Reply:
    found = call.core.identity.entities(call.namespace)
    if not found:
        raise Refused.not_found()
    info = {entity.id: {"name": entity.name} for entity in found}
    return Reply(data={"keys": list(info), "key_info": info})


def _list_entity_names(call: Call) -> Reply:
    found = call.core.identity.entities(call.namespace)
    if not found:
        raise Refused.not_found()
    return Reply(data={"keys": [entity.name for entity in found]})


# Aliases


def _mount_of(call: Call, accessor: str) -> MountRecord | None:
    mounts = call.core.mounts.all(call.namespace)
    return next((mount for mount in mounts if mount.accessor == accessor), None)


def _inner_alias(call: Call, alias: AliasRecord) -> dict[str, Any]:
    mount = _mount_of(call, alias.mount_accessor)
    return {
        "canonical_id": alias.canonical_id,
        "creation_time": timestamp(alias.created),
        "custom_metadata": alias.custom_metadata,
        "id": alias.id,
        "last_update_time": timestamp(alias.updated),
        "local": False,
        "merged_from_canonical_ids": None,
        "metadata": alias.metadata,
        "mount_accessor": alias.mount_accessor,
        "mount_path": mount.path if mount is not None else "",
        "mount_type": mount.type if mount is not None else "",
        "name": alias.name,
    }


def _read_alias(call: Call) -> Reply:
    alias = call.core.identity.alias(call.match["id"])
    if alias is None or alias.namespace != call.namespace:
        raise Refused.not_found()
    shown = _inner_alias(call, alias)
    return Reply(data={**shown, "namespace_id": _namespace_id(call, alias.namespace)})


def _store_alias(call: Call) -> Reply | None:
    fields, identity, now = call.fields, call.core.identity, call.core.now()
    id_ = call.match.get("id") or fields.text("id")
    name, accessor = fields.text("name"), fields.text("mount_accessor")
    known = identity.alias(id_) if id_ else None
    if id_ and known is None:
        raise Refused(400, "invalid alias ID")
    if known is None and not (name and accessor):
        raise Refused(400, "'id' or 'mount_accessor' and 'name' must be provided")
    if accessor and _mount_of(call, accessor) is None:
        raise Refused(400, f'invalid mount accessor "{accessor}"')
    known = known or identity.alias_named(name, accessor)
    canonical = fields.text("canonical_id") or fields.text("entity_id")
    changes: dict[str, Record | None] = {}
    if canonical and identity.entity(canonical) is None:
        raise Refused(400, "invalid canonical ID")
    if not canonical and known is None:
        entity = EntityRecord(
            str(uuid.uuid4()), f"entity_{secrets.token_hex(4)}", now, now, call.namespace
        )
        canonical = entity.id
        changes[f"identity/entity/{entity.id}"] = entity.record()
    alias = known or AliasRecord(
        str(uuid.uuid4()), name, accessor, canonical, now, now, call.namespace
    )
    alias = alias.but(
        name=name or alias.name,
        mount_accessor=accessor or alias.mount_accessor,
        canonical_id=canonical or alias.canonical_id,
        updated=now,
    )
    if "custom_metadata" in fields:
        alias = alias.but(custom_metadata=fields.mapping("custom_metadata"))
    changes[f"identity/alias/{alias.id}"] = alias.record()
    call.core.write(changes)
    return Reply(data={"canonical_id": alias.canonical_id, "id": alias.id})


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


def _parents(call: Call, group: GroupRecord) -> list[str]:
    return [g.id for g in call.core.identity.groups() if group.id in g.member_group_ids]


def _shown_group(call: Call, group: GroupRecord) -> Reply:
    return Reply(
        data={
            "alias": {},
            "creation_time": timestamp(group.created),
            "id": group.id,
            "last_update_time": timestamp(group.updated),
            "member_entity_ids": group.member_entity_ids or None,
            "member_group_ids": group.member_group_ids or None,
            "metadata": group.metadata,
            "modify_index": group.modify_index,
            "name": group.name,
            "namespace_id": _namespace_id(call, group.namespace),
            "parent_group_ids": _parents(call, group) or None,
            "policies": group.policies,
            "type": group.type,
        }
    )


def _read_group(call: Call) -> Reply:
    group = _group(call)
    if group is None:
        raise Refused.not_found()
    return _shown_group(call, group)


def _create_group(call: Call) -> Reply:
    id_, name = call.fields.text("id"), call.fields.text("name")
    if id_:
        known = call.core.identity.group(id_)
        if known is None:
            raise Refused(400, "invalid group ID")
        return _store_group(call, known, name)
    return _store_group(call, call.core.identity.group_by_name(name, call.namespace), name)


def _update_group(call: Call) -> Reply:
    known = _group(call)
    if known is None and call.match.get("id"):
        raise Refused(400, "invalid group ID")
    return _store_group(call, known, call.fields.text("name") or call.match.get("name", ""))


def _store_group(call: Call, known: GroupRecord | None, name: str) -> Reply:
    fields, now, identity = call.fields, call.core.now(), call.core.identity
    kind = fields.text("type")
    if known is not None and kind not in ("", known.type):
        raise Refused(400, "group type cannot be changed")
    if kind not in ("", "internal", "external"):
        raise Refused(400, f'invalid group type "{kind}"')
    policies = _policies(call) if "policies" in fields else None
    if not name and known is None:
        name = f"group_{secrets.token_hex(4)}"
    group = known or GroupRecord(
        str(uuid.uuid4()), name, now, now, call.namespace, kind or "internal"
    )
    group = group.but(updated=now, name=name or group.name, modify_index=group.modify_index + 1)
    if policies is not None:
        group = group.but(policies=policies)
    if "metadata" in fields:
        group = group.but(metadata=fields.mapping("metadata"))
    if "member_entity_ids" in fields:
        members = fields.texts("member_entity_ids")
        for member in members:
            if identity.entity(member) is None:
                raise Refused(400, f'invalid entity ID "{member}"')
        group = group.but(member_entity_ids=members)
    if "member_group_ids" in fields:
        members = fields.texts("member_group_ids")
        for member in members:
            if identity.group(member) is None:
                raise Refused(400, f'invalid group ID "{member}"')
        group = group.but(member_group_ids=members)
    call.core.write({f"identity/group/{group.id}": group.record()})
    return Reply(data={"id": group.id, "name": group.name})


def _delete_group(call: Call) -> None:
    group = _group(call)
    if group is not None:
        call.core.write({f"identity/group/{group.id}": None})


def _list_groups(call: Call) -> Reply:
    info = {
        group.id: {
            "name": group.name,
            "num_member_entities": len(group.member_entity_ids),
            "num_parent_groups": len(_parents(call, group)),
        }
        for group in call.core.identity.groups()
        if group.namespace == call.namespace
    }
    if not info:
        raise Refused.not_found()
    return Reply(data={"keys": list(info), "key_info": info})


def _list_group_names(call: Call) -> Reply:
    groups = call.core.identity.groups()
    names = [group.name for group in groups if group.namespace == call.namespace]
    if not names:
        raise Refused.not_found()
    return Reply(data={"keys": names})


# Lookups


def _lookup_entity(call: Call) -> Reply | None:
    fields, identity = call.fields, call.core.identity
    id_, name, alias_id = fields.text("id"), fields.text("name"), fields.text("alias_id")
    alias_name = fields.text("alias_name")
    if id_:
        entity = identity.entity(id_)
    elif name:
        entity = identity.entity_by_name(name, call.namespace)
    elif alias_id or alias_name:
        alias = (
            identity.alias(alias_id)
            if alias_id
            else identity.alias_named(alias_name, fields.text("alias_mount_accessor"))
        )
        entity = identity.entity(alias.canonical_id) if alias is not None else None
    else:
        raise Refused(400, "query parameter not supplied")
    return None if entity is None else _shown_entity(call, entity)


def _lookup_group(call: Call) -> Reply | None:
    fields, identity = call.fields, call.core.identity
    id_, name = fields.text("id"), fields.text("name")
    if not (id_ or name):
        raise Refused(400, "query parameter not supplied")
    group = identity.group(id_) if id_ else identity.group_by_name(name, call.namespace)
    return None if group is None else _shown_group(call, group)


ROUTES: Final = Routes(
    Route("entity", update=_create_entity),
    Route("entity/id/?", list=_list_entities),
    Route("entity/name/?", list=_list_entity_names),
    Route("entity/id/(?P<id>.+)", read=_read_entity, update=_update_entity, delete=_delete_entity),
    Route(
        "entity/name/(?P<name>.+)", read=_read_entity, update=_update_entity, delete=_delete_entity
    ),
    Route("entity-alias", update=_store_alias),
    Route("entity-alias/id/?", list=_list_aliases),
    Route(
        "entity-alias/id/(?P<id>.+)", read=_read_alias, update=_store_alias, delete=_delete_alias
    ),
    Route("group", update=_create_group),
    Route("group/id/?", list=_list_groups),
    Route("group/name/?", list=_list_group_names),
    Route("group/id/(?P<id>.+)", read=_read_group, update=_update_group, delete=_delete_group),
    Route("group/name/(?P<name>.+)", read=_read_group, update=_update_group, delete=_delete_group),
    Route("lookup/entity", update=_lookup_entity),
    Route("lookup/group", update=_lookup_group),
)
"""The paths of the identity store."""
