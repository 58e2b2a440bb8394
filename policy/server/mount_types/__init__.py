"""What each kind of mount serves: one module a kind, each a table of paths and their handlers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.server.mount_types import identity, kv1, kv2, system, token, userpass

if TYPE_CHECKING:
    from policy.server.records import MountRecord
    from policy.server.routing import Routes

__all__ = ["routes_of"]

_BY_TYPE = {
    "cubbyhole": kv1.CUBBYHOLE,
    "generic": kv1.ROUTES,
    "identity": identity.ROUTES,
    "kv": kv1.ROUTES,
    "system": system.ROUTES,
    "token": token.ROUTES,
    "userpass": userpass.ROUTES,
}


def routes_of(mount: MountRecord) -> Routes | None:
    """The paths of a mount; None for a kind of which the mock serves nothing."""
    if mount.is_kv2:
        return kv2.ROUTES
    return _BY_TYPE.get(mount.type.removeprefix("ns_"))
