"""Capabilities, the words of a rule, and operations, what a request does."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Capability", "Operation"]


class Capability(StrEnum):
    """A word that may stand in `capabilities`. Which of them a server knows is the dialect's."""

    CREATE = "create"
    DELETE = "delete"
    DENY = "deny"
    LIST = "list"
    PATCH = "patch"
    READ = "read"
    RECOVER = "recover"
    SCAN = "scan"
    SUBSCRIBE = "subscribe"
    SUDO = "sudo"
    UPDATE = "update"


class Operation(StrEnum):
    """What a request does to a path, as the server's ACL sees it.

    `write` is not an operation of the server: it stands for a PUT or POST of which nobody said
    whether the object exists, so that the server would make it a `create` or an `update`.
    """

    CREATE = "create"
    DELETE = "delete"
    HEADER = "header"
    HELP = "help"
    LIST = "list"
    PATCH = "patch"
    READ = "read"
    RENEW = "renew"
    REVOKE = "revoke"
    ROLLBACK = "rollback"
    SCAN = "scan"
    UPDATE = "update"
    WRITE = "write"

    @property
    def capability(self) -> Capability | None:
        """The capability it needs. None for `help`, which needs none, for `header` (HTTP HEAD),
        which no capability allows, and for `write`, which is decided as two others."""
        return _NEEDS.get(self)

    @property
    def is_listing(self) -> bool:
        """Whether the server appends a slash to the path and looks rules up the LIST way."""
        return self is Operation.LIST or self is Operation.SCAN


_NEEDS = {
    Operation.CREATE: Capability.CREATE,
    Operation.DELETE: Capability.DELETE,
    Operation.LIST: Capability.LIST,
    Operation.PATCH: Capability.PATCH,
    Operation.READ: Capability.READ,
    Operation.RENEW: Capability.UPDATE,
    Operation.REVOKE: Capability.UPDATE,
    Operation.ROLLBACK: Capability.UPDATE,
    Operation.SCAN: Capability.SCAN,
    Operation.UPDATE: Capability.UPDATE,
}
