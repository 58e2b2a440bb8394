"""Where the server takes a request: the namespace, the path it looks up, and what it refuses.

All of this comes before any rule is looked at. Source: OpenBao 2.7.2, spec of the ACL, section 9,
and live comparison (`tests/live`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from policy.model import Operation, byte_text, plain_text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from policy.model import Request

__all__ = ["PECULIAR", "WRITES", "Route", "refusal", "route", "written"]

WRITES = frozenset({Operation.CREATE, Operation.UPDATE, Operation.PATCH, Operation.WRITE})
_ROUTED_FIRST = WRITES - {Operation.PATCH}
_ONLY_WRITTEN = frozenset({"sys/step-down", "sys/seal"})
# The HTTP layer answers these itself, and has no such methods for them.
_ONLY_READ = frozenset({"sys/health", "sys/init", "sys/leader", "sys/seal-status"})
PECULIAR = _ONLY_WRITTEN | _ONLY_READ
"""The paths that `refusal` knows by name, but for the bare `sys`."""
_NOT_FOR_THEM = frozenset({Operation.LIST, Operation.SCAN, Operation.DELETE})
_OF_THE_TOKEN = frozenset(
    {"auth/token/lookup-self", "auth/token/renew-self", "auth/token/revoke-self"}
)


class Route(NamedTuple):
    """A namespace (empty, or ending in a slash) and the path in it, both as byte text."""

    namespace: str
    path: str

    @property
    def full(self) -> str:
        """The path that rules are compared with."""
        return self.namespace + self.path


def refusal(operation: Operation | str, path: str, namespace: str = "") -> str | None:
    """Why the server answers before it looks at the ACL, whatever the policies say; `path` is the
    path in its namespace as sent, with the slash that is appended for lists."""
    if ("//" in path or (namespace and path[:1] == "/")) and operation != Operation.HELP:
        return "a path with `//` is redirected, and never matches a rule"
    if path == "sys" and not namespace and operation != Operation.HELP:
        return "it is redirected to `sys/`"
    if ("/." in path or path[:1] == ".") and any(p in (".", "..") for p in path.split("/")):
        return "a path with `.` or `..` segments is redirected"
    if path[-1:] == "/" and operation in WRITES:
        return "the server refuses writes to a path that ends in a slash"
    if path in _ONLY_WRITTEN and operation not in WRITES and operation != Operation.HELP:
        return "only PUT and POST exist here"
    if not (path.isascii() and path.isprintable()) and not _is_printable(plain_text(path)):
        return "a path with an unprintable character is refused (400)"
    if operation in _NOT_FOR_THEM and path.removesuffix("/") in _ONLY_READ:
        return "the server has no such method here (405)"
    return None


def _is_printable(path: str) -> bool:
    """As Go's `unicode.IsPrint` sees it; bytes that are not UTF-8 count as U+FFFD, which is."""
    return all(char.isprintable() or "\ud800" <= char <= "\udfff" for char in path)


def route(request: Request, namespaces: Sequence[str], token_namespace: str | None) -> Route:
    """Split the path of a request into namespace and rest.

    The namespace is that of the request and, beyond it, the longest of the known `namespaces`
    (byte text, longest first) that the path begins with. A path that is the bare name of a
    namespace is looked up inside it by that very name, so `ns1` is `ns1/ns1`. Where a server lets
    requests about the token itself go to the namespace of the token, `token_namespace` names it.
    """
    found = _route(request, namespaces)
    if token_namespace is not None and _is_about_the_token(request, found.path):
        return Route(token_namespace, found.path)
    return found


def _is_about_the_token(request: Request, path: str) -> bool:
    if path == "auth/token/lookup":
        return "token" not in (request.data or {})
    return path in _OF_THE_TOKEN


def _route(request: Request, namespaces: Sequence[str]) -> Route:
    namespace = byte_text(request.namespace)
    # Paths are compared with their namespace in front, without any leading slash.
    full = (namespace + byte_text(request.path)).lstrip("/")
    if full != namespace + byte_text(request.path) and request.operation is Operation.HELP:
        return Route(namespace, full)  # behind a leading slash no namespace is looked for
    if request.operation.is_listing and not full.endswith("/"):
        full += "/"
    for known in namespaces:
        if len(known) > len(namespace):
            if full.startswith(known):
                return Route(known, full[len(known) :])
            if full + "/" == known:
                return Route(known, full)
    return Route(namespace, full.removeprefix(namespace))


def written(operation: Operation | str, path: str, bare_mounts: Collection[str]) -> str:
    """The path a write is looked up by: a slash is appended to the bare name of a mount, because
    the existence check routes the request first."""
    return path + "/" if path in bare_mounts and operation in _ROUTED_FIRST else path
