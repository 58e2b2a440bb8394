"""`sys/namespaces`: namespaces inside the one that is asked (OpenBao 2.7.2)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from policy.server.answers import Refused, Reply
from policy.server.core import policy_key
from policy.server.go_text import quoted, quoted_char
from policy.server.initial_policies import INITIAL_POLICIES
from policy.server.inputs import Kind
from policy.server.mount_types.shown_rules import has_access
from policy.server.records import NamespaceRecord, PolicyRecord
from policy.server.routing import Route
from policy.server.tokens import random_name

if TYPE_CHECKING:
    from policy.server.routing import Call
    from policy.server.storage import Record

__all__ = ["NAMESPACE_ROUTES", "first_policies"]

_RESERVED: Final = ("audit", "auth", "cubbyhole", "identity", "root", "sys")


def first_policies(namespace: str, now: float) -> dict[str, Record | None]:
    """The records of the policies every namespace begins with."""
    return {
        policy_key(name, namespace): PolicyRecord(name, text, namespace, modified=now).record()
        for name, text in INITIAL_POLICIES.items()
    }


def _path(call: Call) -> str:
    """The whole path of the namespace that a request names. Raises `Refused`."""
    name = call.match["path"].strip("/")
    if "/" in name:
        raise Refused(400, "namespace name cannot contain /")
    if name in _RESERVED:
        raise Refused(400, f'"{name}/" is a reserved path and cannot be used as a namespace name')
    return f"{call.namespace}{name}/"


def _check_name(name: str) -> None:
    for char in name:
        if char.isspace():
            raise Refused(
                400,
                f"{quoted(name)} contains space characters that cannot be used in a namespace name",
            )
        if char in "+*":
            raise Refused(
                400,
                f"{quoted(name)} contains wildcard characters that cannot be used in a namespace "
                f"name: {quoted_char(char)}",
            )


def _shown(found: NamespaceRecord) -> dict[str, Any]:
    return {
        "custom_metadata": found.custom_metadata,
        "id": found.id,
        "locked": False,
        "path": found.path,
        "tainted": False,
        "uuid": found.uuid,
    }


def _metadata(call: Call) -> dict[str, str | None]:
    given = call.fields.mapping("custom_metadata") or {}
    for value in given.values():
        if not isinstance(value, str) and (value is not None or call.operation != "patch"):
            raise Refused(400, "custom_metadata values must be strings")
    return given


def _write(call: Call) -> Reply:
    path, core = _path(call), call.core
    metadata = {name: text for name, text in _metadata(call).items() if text is not None}
    found = core.namespaces.get(path)
    changes: dict[str, Record | None] = {}
    if found is None:
        _check_name(call.match["path"].strip("/"))
        found = NamespaceRecord(path, random_name(6), str(uuid.uuid4()))
        changes = {**core.mounts.first_records(path), **first_policies(path, core.now())}
    found = found.but(custom_metadata=metadata)
    core.write({**changes, f"namespace/{path}": found.record()})
    return Reply(data=_shown(found))


def _patch(call: Call) -> Reply:
    path, core = _path(call), call.core
    found = core.namespaces.get(path)
    if found is None:
        raise Refused(400, "namespace not found")
    merged = {**found.custom_metadata, **_metadata(call)}
    found = found.but(custom_metadata={k: v for k, v in merged.items() if v is not None})
    core.write({f"namespace/{path}": found.record()})
    return Reply(data=_shown(found))


def _read(call: Call) -> Reply:
    found = call.core.namespaces.get(_path(call))
    if found is None:
        raise Refused.not_found()
    return Reply(data=_shown(found))


def _delete(call: Call) -> Reply:
    path, core = _path(call), call.core
    if path not in core.namespaces:
        return Reply(warnings=["requested namespace does not exist"])
    if any(other != path and other.startswith(path) for other in core.namespaces):
        raise Refused(400, "unable to delete namespace containing child namespaces")
    changes: dict[str, Record | None] = {f"namespace/{path}": None}
    for area in ("policy", "mount", "role"):
        changes |= {key: None for key, _ in core.storage.scan(f"{area}/{path}|")}
    for mount in core.mounts.all(path):
        changes |= core.mounts.remove(mount)
    for area in ("identity/entity/", "identity/alias/", "identity/group/", "token/"):
        for key, record in core.storage.scan(area):
            if record["namespace"] == path:
                changes[key] = None
    core.write(changes)
    return Reply(data={"status": "in-progress"})


def _inner(call: Call) -> dict[str, NamespaceRecord]:
    """The namespaces directly inside the one that is asked, by name."""
    found = {}
    for path, namespace in sorted(call.core.namespaces.items()):
        name = path.removeprefix(call.namespace)
        if path.startswith(call.namespace) and name.count("/") == 1:
            found[name] = namespace
    return found


def _list(call: Call) -> Reply:
    found = {name: _shown(namespace) for name, namespace in _inner(call).items()}
    if not found:
        raise Refused.not_found()
    return Reply(data={"keys": list(found), "key_info": found})


def _scan(call: Call) -> Reply:
    found = {
        path.removeprefix(call.namespace): _shown(namespace)
        for path, namespace in sorted(call.core.namespaces.items())
        if path.startswith(call.namespace) and path != call.namespace
    }
    return Reply(data={"keys": list(found), "key_info": found} if found else {})


def _for_the_ui(call: Call) -> Reply:
    if not call.token:
        raise Refused(500, "client token empty")
    if call.entry is None:
        raise Refused.no_token()
    keys = [name for name, found in _inner(call).items() if has_access(call, found.path)]
    return Reply(data={"keys": keys} if keys else {})


_NAMESPACE: Final = {"custom_metadata": Kind.MAP, "pgp_keys": Kind.TEXTS, "seal": Kind.TEXT}

NAMESPACE_ROUTES: Final = (
    Route("internal/ui/namespaces", read=_for_the_ui),
    Route("namespaces/?", list=_list, scan=_scan),
    Route(
        "namespaces/(?P<path>.+)",
        _NAMESPACE,
        read=_read,
        update=_write,
        patch=_patch,
        delete=_delete,
    ),
)
"""The paths below `sys/` that are about namespaces."""
