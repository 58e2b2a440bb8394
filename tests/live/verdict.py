"""Requests on the wire, and what an HTTP answer says about the ACL."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from policy.model import Operation

if TYPE_CHECKING:
    from policy.model import Request
    from tests.live.server import Answer, RealServer

__all__ = ["Verdict", "ask", "is_harmless", "verdict_of"]


class Verdict(StrEnum):
    """What one answer says."""

    ALLOWED = "allowed"
    DENIED = "denied"
    BEFORE_ACL = "answered before the ACL"
    """A redirect, a malformed request and the like: no verdict, whatever the policies say."""
    UNKNOWN = "unknown"


_METHODS = {
    Operation.READ: "GET",
    Operation.LIST: "LIST",
    Operation.SCAN: "SCAN",
    Operation.CREATE: "PUT",
    Operation.UPDATE: "PUT",
    Operation.PATCH: "PATCH",
    Operation.DELETE: "DELETE",
    Operation.HELP: "GET",
    Operation.HEADER: "HEAD",
}
_LOOKS = (Operation.READ, Operation.LIST, Operation.HELP, Operation.HEADER)
_WITH_BODY = (Operation.CREATE, Operation.UPDATE, Operation.PATCH)
_ANSWERED_BY_HTTP = ("sys/health", "sys/init", "sys/leader", "sys/seal-status")
_BACKENDS = ("sys/", "auth/", "identity/", "cubbyhole/", "pki/")


def is_harmless(request: Request, known: frozenset[tuple[str, str]]) -> bool:
    """Whether a request may be sent even where it is allowed: anything to a key-value mount or
    to nowhere; to other backends only what looks, and the `known` operations."""
    path = request.path.lstrip("/")
    if (str(request.operation), path) in known:
        return True
    if path.rstrip("/").endswith(_ANSWERED_BY_HTTP):
        # No harm, but no verdict either: whatever is sent there, the ACL never sees it.
        return request.operation in (Operation.READ, Operation.HELP)
    looks = request.operation in _LOOKS
    return looks or not path.startswith(_BACKENDS)


def ask(server: RealServer, token: str, request: Request) -> Answer:
    """Send the request with that token."""
    operation = request.operation
    headers = {}
    if request.wrap_ttl_seconds is not None:
        headers["X-Vault-Wrap-TTL"] = f"{request.wrap_ttl_seconds * 1000:.0f}ms"
    if operation is Operation.PATCH:
        headers["Content-Type"] = "application/merge-patch+json"
    method, body, query = _METHODS[operation], None, ""
    if operation in _WITH_BODY:
        body = request.data
    elif request.data:
        query = urlencode(request.data, doseq=True)
    if operation is Operation.HELP:
        query = "help=1"
    elif len(request.path) % 2:
        # The other spelling of the same operation.
        if operation.is_listing:
            method, query = "GET", f"{operation}=true" + ("&" + query if query else "")
        elif method == "PUT":
            method = "POST"
    return server.send(
        method,
        request.path,
        body,
        token=token,
        namespace=request.namespace,
        query=query,
        headers=headers,
    )


_BEFORE = (
    "cannot write to a path ending in",
    "operation only available in root namespace",
    "operation unavailable in namespaces",
    "relative paths not supported",
    "wrapping token is not valid",
    "namespace not found",
    "existence check",
    "error parsing",
    "failed to parse",
    "conflicting",
    "both list and scan",
)
_BEHIND = ("missing path", "missing password")


def verdict_of(answer: Answer) -> Verdict:
    """Read an answer. Source: OpenBao 2.7.2, answers given before and after the ACL.

    A token whose ACL cannot be built gets 400 `Forbidden`, or 500: its requests are denied. A
    400, 404 or 405 of a backend means that the ACL let the request through.
    """
    status, text = answer.status, "\n".join(answer.errors)
    if status == 403 and ("permission denied" in text or not answer.body):
        # An answer to HEAD has no body.
        return Verdict.DENIED
    if status == 400 and not answer.body:
        # A character in the path that cannot be printed.
        return Verdict.BEFORE_ACL
    if status == 400 and text == "Forbidden":
        return Verdict.DENIED
    if status in (301, 302, 307, 308, 415) or any(words in text for words in _BEFORE):
        return Verdict.BEFORE_ACL
    if status in (200, 204, 404, 405):
        return Verdict.ALLOWED
    if status == 400 or (status == 500 and any(words in text for words in _BEHIND)):
        return Verdict.ALLOWED
    return Verdict.UNKNOWN
