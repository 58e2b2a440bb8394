"""`sys/`: capabilities, the resulting ACL, nodes, and all that has a module of its own
(OpenBao 2.7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.server.answers import Refused, Reply
from policy.server.inputs import Kind
from policy.server.mount_types.mounting import MOUNT_ROUTES
from policy.server.mount_types.namespaces import NAMESPACE_ROUTES
from policy.server.mount_types.policies import POLICY_ROUTES
from policy.server.mount_types.shown_rules import resultant_acl
from policy.server.mount_types.token import find_by_accessor, timestamp
from policy.server.routing import Route, Routes
from policy.server.version import VERSION
from policy.server.wrapping import WRAPPING_ROUTES

if TYPE_CHECKING:
    from policy.server.records import TokenRecord
    from policy.server.routing import Call

__all__ = ["ROUTES"]

# Capabilities


def _asked_paths(call: Call) -> list[str]:
    fields = call.fields
    paths = fields.texts("paths") or fields.texts("path")
    if not paths:
        raise Refused(400, "paths must be supplied")
    return paths


def _capabilities_of(call: Call, token: TokenRecord | None) -> Reply:
    paths = _asked_paths(call)
    if not paths[0]:
        raise Refused.listed(400, "missing path")
    # The last use is spent before the token is looked up.
    if token is None or token.uses < 0:
        raise Refused.listed(400, "invalid token")
    if "" in paths:
        raise Refused.listed(400, "missing path")
    acl = call.core.acl(token, call.namespace)
    if acl.error is not None:
        raise Refused.listed(500, acl.error)
    data = {path: acl.capabilities(path, call.namespace) for path in paths}
    if len(paths) == 1:
        data = {"capabilities": data[paths[0]], **data}
    return Reply(data=data)


def _capabilities_self(call: Call) -> Reply:
    return _capabilities_of(call, call.subject)


def _capabilities(call: Call) -> Reply:
    text = call.data.get("token")
    if not text or not isinstance(text, str):
        raise Refused.listed(500, "no token found")
    return _capabilities_of(call, call.core.tokens.find(text))


def _capabilities_accessor(call: Call) -> Reply:
    accessor = call.fields.text("accessor")
    if not accessor:
        raise Refused(400, "missing accessor")
    return _capabilities_of(call, find_by_accessor(call, accessor))


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


_PATHS: Final = {"path": Kind.TEXTS, "paths": Kind.TEXTS}
ROUTES: Final = Routes(
    Route(
        "capabilities-self",
        _PATHS | {"token": Kind.TEXT},
        update=_capabilities_self,
        repeats=True,
    ),
    Route("capabilities", _PATHS | {"token": Kind.TEXT}, update=_capabilities, repeats=True),
    Route(
        "capabilities-accessor",
        _PATHS | {"accessor": Kind.TEXT},
        update=_capabilities_accessor,
        repeats=True,
    ),
    Route("internal/ui/resultant-acl", read=resultant_acl),
    *POLICY_ROUTES,
    Route("ha-status", read=_ha_status, repeats=True, is_active_only=True),
    Route("key-status", read=_key_status, repeats=True),
    *MOUNT_ROUTES,
    *NAMESPACE_ROUTES,
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
