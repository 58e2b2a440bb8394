"""`sys/`: capabilities, the resulting ACL, mounts, namespaces, nodes (OpenBao 2.7.2)."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any, Final

from policy.model import Capability, PatternKind, plain_text
from policy.server.answers import Refused, Reply
from policy.server.core import policy_key
from policy.server.initial_policies import INITIAL_POLICIES
from policy.server.mount_types.policies import POLICY_ROUTES
from policy.server.mount_types.token import timestamp
from policy.server.records import MountRecord, NamespaceRecord, PolicyRecord
from policy.server.routing import Route, Routes
from policy.server.tokens import DEFAULT_TTL, random_name
from policy.server.version import VERSION
from policy.server.wrapping import WRAPPING_ROUTES

if TYPE_CHECKING:
    from policy.evaluate import ACL
    from policy.model import Conditions
    from policy.server.routing import Call
    from policy.server.storage import Record

__all__ = ["ROUTES", "first_policies"]

# Capabilities


def _asked_paths(call: Call) -> list[str]:
    fields = call.fields
    paths = fields.texts("paths") or fields.texts("path")
    if not paths or paths == [""]:
        raise Refused(400, "paths must be supplied")
    return paths


def _capabilities_of(call: Call, acl: ACL, paths: list[str]) -> Reply:
    if acl.error is not None:
        raise Refused.listed(500, acl.error)
    data = {path: acl.capabilities(path, call.namespace) for path in paths}
    if len(paths) == 1:
        data = {"capabilities": data[paths[0]], **data}
    return Reply(data=data)


def _capabilities_self(call: Call) -> Reply:
    paths = _asked_paths(call)
    if call.subject.uses < 0:
        # The last use is spent before the token is looked up.
        raise Refused.listed(400, "invalid token")
    return _capabilities_of(call, call.acl or call.core.acl(call.subject, call.namespace), paths)


def _capabilities(call: Call) -> Reply:
    paths = _asked_paths(call)
    text = call.fields.text("token")
    if not text:
        raise Refused.listed(500, "no token found")
    token = call.core.tokens.find(text)
    if token is None or token.uses < 0:
        raise Refused.listed(400, "invalid token")
    return _capabilities_of(call, call.core.acl(token, call.namespace), paths)


def _capabilities_accessor(call: Call) -> Reply:
    accessor = call.fields.text("accessor")
    if not accessor:
        raise Refused(400, "missing accessor")
    paths = _asked_paths(call)
    token = call.core.tokens.by_accessor(accessor)
    if token is None:
        raise Refused.listed(400, "invalid accessor")
    return _capabilities_of(call, call.core.acl(token, call.namespace), paths)


# The resulting ACL

_ORDER: Final = (
    Capability.CREATE,
    Capability.DELETE,
    Capability.LIST,
    Capability.READ,
    Capability.SUDO,
    Capability.UPDATE,
    Capability.PATCH,
    Capability.SCAN,
)


def _resultant_acl(call: Call) -> Reply:
    acl = call.acl
    if acl is None:
        raise Refused.no_token()
    if acl.is_root:
        return Reply(data={"root": True})
    exact, prefix = _shown_rules(acl)
    return Reply(data={"exact_paths": exact, "glob_paths": prefix, "root": False})


def _shown_rules(acl: ACL) -> tuple[dict[str, Any], dict[str, Any]]:
    exact: dict[str, Any] = {}
    prefix: dict[str, Any] = {}
    for grant in acl.table:
        pattern = grant.pattern
        if pattern.kind is PatternKind.SEGMENT:
            continue
        held = grant.capabilities
        words = ["deny"] if grant.is_deny or not held else [c.value for c in _ORDER if c in held]
        shown: dict[str, Any] = {"capabilities": words}
        if grant.conditions is not None:
            shown |= _shown_conditions(grant.conditions)
        place = exact if pattern.kind is PatternKind.EXACT else prefix
        place[plain_text(pattern.text)] = shown
    return dict(sorted(exact.items())), dict(sorted(prefix.items()))


def _shown_conditions(conditions: Conditions) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name in ("allowed_parameters", "denied_parameters"):
        given = getattr(conditions, name)
        if given:
            shown[name] = {key: list(values) for key, values in sorted(given.items())}
    if conditions.required_parameters:
        shown["required_parameters"] = list(conditions.required_parameters)
    for name in ("min_wrapping_ttl", "max_wrapping_ttl"):
        nanoseconds = getattr(conditions, name)
        if nanoseconds:
            shown[name] = nanoseconds // 1_000_000_000
    if conditions.pagination_limit:
        shown["pagination_limit"] = conditions.pagination_limit
    return shown


# Nodes and keys


def _ha_status(call: Call) -> Reply:
    cluster = call.core.cluster
    now = call.core.now()
    nodes = []
    for node in sorted(cluster.nodes, key=lambda node: node.address):
        if node.is_sealed and not node.is_active:
            continue
        shown: dict[str, Any] = {
            "hostname": node.name,
            "api_address": node.address,
            "cluster_address": node.cluster_address,
            "active_node": node.is_active,
            "last_echo": None if node.is_active else timestamp(now),
            "version": VERSION,
        }
        if cluster.ha:
            shown["upgrade_version"] = VERSION
        nodes.append(shown)
    return Reply(data={"nodes": nodes})


def _key_status(call: Call) -> Reply:
    started = call.core.storage.read("core/init") or {"time": call.core.now()}
    return Reply(
        data={
            "encryptions": call.core.storage.revision(),
            "install_time": timestamp(started["time"]),
            "term": 1,
        }
    )


# Mounts

_SECRET_TYPES: Final = ("kv", "kv-v1", "kv-v2", "generic")
_AUTH_TYPES: Final = ("userpass",)


def _mounts(call: Call, *, auth: bool) -> list[MountRecord]:
    return [m for m in call.core.mounts.all(call.namespace) if m.path.startswith("auth/") == auth]


def _shown_mounts(call: Call, *, auth: bool) -> dict[str, Any]:
    return {
        mount.path.removeprefix("auth/"): call.core.mounts.shown(mount)
        for mount in _mounts(call, auth=auth)
    }


def _list_mounts(call: Call) -> Reply:
    return Reply(data=_shown_mounts(call, auth=False))


def _list_auth(call: Call) -> Reply:
    return Reply(data=_shown_mounts(call, auth=True))


def _read_mount(call: Call) -> Reply:
    return _shown_mount(call, call.match["path"].strip("/") + "/", "secret engine mount")


def _read_auth(call: Call) -> Reply:
    return _shown_mount(call, "auth/" + call.match["path"].strip("/") + "/", "auth engine")


def _shown_mount(call: Call, path: str, kind: str) -> Reply:
    for mount in call.core.mounts.all(call.namespace):
        if mount.path == path:
            return Reply(data=call.core.mounts.shown(mount))
    raise Refused(400, f"No {kind} at {path.removeprefix('auth/')}")


def _mount(call: Call) -> None:
    _add_mount(call, call.match["path"].strip("/") + "/", _SECRET_TYPES)


def _enable_auth(call: Call) -> None:
    _add_mount(call, "auth/" + call.match["path"].strip("/") + "/", _AUTH_TYPES)


def _add_mount(call: Call, path: str, served: tuple[str, ...]) -> None:
    kind = call.fields.text("type")
    shown = path.removeprefix("auth/")
    if not kind:
        raise Refused(400, "backend type must be specified as a string")
    if kind not in served:
        raise Refused(400, f"plugin not found in the catalog: {kind}")
    taken = call.core.mounts.find(path, call.namespace)
    if taken is not None:
        raise Refused(400, f"path is already in use at {taken[0].path}")
    if any(m.path.startswith(path) for m in call.core.mounts.all(call.namespace)):
        raise Refused(400, f"path is already in use at {shown}")
    options = call.fields.mapping("options")
    if kind == "kv-v2":
        kind, options = "kv", {"version": "2"}
    elif kind in ("kv-v1", "generic"):
        kind = "kv"
    description = call.fields.text("description")
    call.core.write(call.core.mounts.add(path, kind, call.namespace, description, options))


def _unmount(call: Call) -> None:
    _remove_mount(call, call.match["path"].strip("/") + "/")


def _disable_auth(call: Call) -> None:
    _remove_mount(call, "auth/" + call.match["path"].strip("/") + "/")


def _remove_mount(call: Call, path: str) -> None:
    found = [m for m in call.core.mounts.all(call.namespace) if m.path == path]
    for mount in found:
        if mount.type.removeprefix("ns_") in ("system", "identity", "cubbyhole", "token"):
            raise Refused(400, f'cannot unmount "{path}"')
        call.core.write(call.core.mounts.remove(mount))


def _tune(call: Call, path: str) -> Reply:
    for mount in call.core.mounts.all(call.namespace):
        if mount.path == path:
            break
    else:
        raise Refused.listed(400, f'cannot fetch sysview for path "{path}"')
    data: dict[str, Any] = {
        "default_lease_ttl": mount.default_ttl or int(DEFAULT_TTL),
        "description": mount.description,
        "force_no_cache": False,
        "max_lease_ttl": mount.max_ttl or int(DEFAULT_TTL),
    }
    if path.startswith("auth/"):
        data["token_type"] = "default-service"  # noqa: S105 -- the name of a kind
    if mount.options:
        data["options"] = mount.options
    return Reply(data=data)


def _tune_mount(call: Call) -> Reply:
    return _tune(call, call.match["path"].strip("/") + "/")


def _tune_auth(call: Call) -> Reply:
    return _tune(call, "auth/" + call.match["path"].strip("/") + "/")


def _ui_mounts(call: Call) -> Reply:
    """What a person may see: everything for root, for others the mounts they have something in."""
    acl = call.acl
    shown: dict[str, dict[str, Any]] = {"auth": {}, "secret": {}}
    for mount in call.core.mounts.all(call.namespace) if acl is not None else ():
        if acl is not None and _has_access(acl, call.namespace + mount.path):
            is_auth = mount.path.startswith("auth/")
            name = mount.path.removeprefix("auth/")
            shown["auth" if is_auth else "secret"][name] = call.core.mounts.shown(mount)
    return Reply(data=shown)


def _has_access(acl: ACL, path: str) -> bool:
    if acl.is_root or acl.capabilities(path) != ["deny"]:
        return True
    return any(str(grant.pattern).startswith(path) and not grant.is_deny for grant in acl.table)


def _ui_mount(call: Call) -> Reply:
    found = call.core.mounts.find(call.match["path"].strip("/") + "/", call.namespace)
    acl = call.acl
    if acl is None or found is None or not _has_access(acl, call.namespace + found[0].path):
        asked = call.match["path"].strip("/") + "/"
        raise Refused(
            403,
            "preflight capability check returned 403, please ensure client's policies grant "
            f'access to path "{asked}"',
        )
    mount = found[0]
    return Reply(data={**call.core.mounts.shown(mount), "path": mount.path})


# Namespaces

_NAMESPACE: Final = re.compile(r"[^/ ]+(/[^/ ]+)*")


def first_policies(namespace: str, now: float) -> dict[str, Record | None]:
    """The records of the policies every namespace begins with."""
    return {
        policy_key(name, namespace): PolicyRecord(name, text, namespace, modified=now).record()
        for name, text in INITIAL_POLICIES.items()
    }


def _shown_namespace(found: NamespaceRecord) -> dict[str, Any]:
    return {
        "custom_metadata": found.custom_metadata,
        "id": found.id,
        "locked": False,
        "path": found.path,
        "tainted": False,
        "uuid": found.uuid,
    }


def _create_namespace(call: Call) -> Reply:
    name = call.match["path"].strip("/")
    if not _NAMESPACE.fullmatch(name) or name in ("root", "sys", "auth", "identity", "cubbyhole"):
        raise Refused(400, f'invalid namespace path "{name}"')
    path = f"{call.namespace}{name}/"
    core = call.core
    outer = path[: path.rstrip("/").rfind("/") + 1]
    if outer and outer not in core.namespaces:
        raise Refused(400, "parent namespace does not exist")
    found = core.namespaces.get(path)
    if found is None:
        metadata = call.fields.mapping("custom_metadata") or {}
        found = NamespaceRecord(path, random_name(6), str(uuid.uuid4()), metadata)
        core.write(
            {
                f"namespace/{path}": found.record(),
                **core.mounts.first_records(path),
                **first_policies(path, core.now()),
            }
        )
    return Reply(data=_shown_namespace(found))


def _read_namespace(call: Call) -> Reply:
    found = call.core.namespaces.get(f"{call.namespace}{call.match['path'].strip('/')}/")
    if found is None:
        raise Refused.not_found()
    return Reply(data=_shown_namespace(found))


def _delete_namespace(call: Call) -> Reply | None:
    path = f"{call.namespace}{call.match['path'].strip('/')}/"
    core = call.core
    if path not in core.namespaces:
        return None
    if any(other != path and other.startswith(path) for other in core.namespaces):
        raise Refused(400, "cannot delete namespace with child namespaces")
    changes: dict[str, Record | None] = {f"namespace/{path}": None}
    for area in ("policy", "mount"):
        changes |= {key: None for key, _ in core.storage.scan(f"{area}/{path}|")}
    for mount in core.mounts.all(path):
        changes |= core.mounts.remove(mount)
    for area in ("identity/entity/", "identity/alias/", "identity/group/", "token/"):
        for key, record in core.storage.scan(area):
            if record["namespace"] == path:
                changes[key] = None
    core.write(changes)
    return Reply(data={"status": "in-progress"})


def _list_namespaces(call: Call) -> Reply:
    found = {}
    for path, namespace in sorted(call.core.namespaces.items()):
        inner = path.removeprefix(call.namespace)
        if path.startswith(call.namespace) and inner.count("/") == 1:
            found[inner] = _shown_namespace(namespace)
    if not found:
        raise Refused.not_found()
    return Reply(data={"keys": list(found), "key_info": found})


def _ui_namespaces(call: Call) -> Reply:
    keys = [p for p in sorted(call.core.namespaces) if p.count("/") == 1] if call.acl else []
    return Reply(data={"keys": keys} if keys else {})


ROUTES: Final = Routes(
    Route("capabilities-self", update=_capabilities_self, repeats=True),
    Route("capabilities", update=_capabilities, repeats=True),
    Route("capabilities-accessor", update=_capabilities_accessor, repeats=True),
    Route("internal/ui/resultant-acl", read=_resultant_acl),
    Route("internal/ui/mounts", read=_ui_mounts),
    Route("internal/ui/mounts/(?P<path>.+)", read=_ui_mount),
    Route("internal/ui/namespaces", read=_ui_namespaces),
    *POLICY_ROUTES,
    Route("ha-status", read=_ha_status, repeats=True, is_active_only=True),
    Route("key-status", read=_key_status, repeats=True),
    Route("mounts", read=_list_mounts, repeats=True),
    Route("mounts/(?P<path>.+?)/tune", read=_tune_mount, repeats=True),
    Route("mounts/(?P<path>.+)", read=_read_mount, update=_mount, delete=_unmount, repeats=True),
    Route("auth", read=_list_auth, repeats=True),
    Route("auth/(?P<path>.+?)/tune", read=_tune_auth, repeats=True),
    Route(
        "auth/(?P<path>.+)",
        read=_read_auth,
        update=_enable_auth,
        delete=_disable_auth,
        repeats=True,
    ),
    Route("namespaces/?", list=_list_namespaces),
    Route(
        "namespaces/(?P<path>.+)",
        read=_read_namespace,
        update=_create_namespace,
        delete=_delete_namespace,
    ),
    *WRAPPING_ROUTES,
    # Answered before any mount is asked; here for their help, and for other spellings.
    Route("step-down"),
    Route("seal"),
    Route("unseal"),
    Route("seal-status"),
    Route("leader"),
    Route("health"),
    Route("init"),
)
"""The paths of the system backend."""
