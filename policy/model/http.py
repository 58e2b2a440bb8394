"""From an HTTP request to the operation the server makes of it.

Source: OpenBao 2.7.2 (spec of the ACL, sections 5 and 9). What the server answers without asking
the ACL is a `UsageError` here: there is no verdict to give.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.errors import UsageError
from policy.model.capability import Operation
from policy.model.request import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["http_request", "operation_request"]

_METHODS = {
    "DELETE": Operation.DELETE,
    "GET": Operation.READ,
    "HEAD": Operation.HEADER,
    "HELP": Operation.HELP,
    "LIST": Operation.LIST,
    "PATCH": Operation.PATCH,
    "POST": Operation.WRITE,
    "PUT": Operation.WRITE,
    "SCAN": Operation.SCAN,
}
_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False", ""})


def http_request(
    method: str,
    target: str,
    *,
    data: Mapping[str, Any] | None = None,
    namespace: str = "",
    wrap_ttl_seconds: float | None = None,
    exists: bool | None = None,
) -> Request:
    """The request that the ACL sees for an HTTP method and target such as `/v1/a/b?list=true`.

    A whole address counts as its path, as it does for the server.

    `data` is the body of a write. Query parameters are the parameters of a read, list, scan or
    delete, and count for nothing in a write. A PUT or POST becomes an update if the object
    `exists`, a create if not, and stays a `write` when nobody says; where the backend has no
    existence check it is an update in any case. Raises `UsageError` for a method or query that
    the server refuses before it looks at the ACL.
    """
    from urllib.parse import unquote  # it takes longer to load than all of the model

    if target.startswith(("http://", "https://")):
        target = "/" + target.partition("://")[2].partition("/")[2]
    path, _, query = target.partition("?")
    path = unquote(path.removeprefix("/v1/").removeprefix("v1/"), errors="surrogateescape")
    operation = _METHODS.get(method.upper())
    if operation is None:
        known = ", ".join(sorted(_METHODS))
        raise UsageError(f"the server has no operation for the method `{method}`; known: {known}")
    parameters = _query(query)
    if parameters.get("help"):
        operation = Operation.HELP
    elif operation is Operation.READ:
        operation = _listing(parameters)
    if operation is Operation.WRITE and exists is not None:
        operation = Operation.UPDATE if exists else Operation.CREATE
    if operation not in (Operation.WRITE, Operation.CREATE, Operation.UPDATE, Operation.PATCH):
        data = parameters or None
    return Request(operation, path, namespace, data, wrap_ttl_seconds)


def operation_request(
    operation: str,
    path: str,
    *,
    data: Mapping[str, Any] | None = None,
    namespace: str = "",
    wrap_ttl_seconds: float | None = None,
    exists: bool | None = None,
) -> Request:
    """A request by the name of its operation. Raises `UsageError`."""
    if operation not in frozenset(Operation) and operation.upper() in _METHODS:
        raise UsageError(
            f"unknown operation `{operation}`; HTTP methods are written in capitals: "
            f"`{operation.upper()}`"
        )
    request = Request(
        operation,  # type: ignore[arg-type]  # the request checks the word
        path,
        namespace,
        data,
        wrap_ttl_seconds,
    )
    if request.operation is Operation.WRITE and exists is not None:
        written = Operation.UPDATE if exists else Operation.CREATE
        return Request(written, path, namespace, data, wrap_ttl_seconds)
    return request


def _query(query: str) -> dict[str, str | None]:
    """Query parameters; one that is repeated becomes None, which equals nothing a policy says."""
    from urllib.parse import parse_qsl

    parameters: dict[str, str | None] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        parameters[name] = None if name in parameters else value
    return parameters


def _listing(parameters: Mapping[str, str | None]) -> Operation:
    """`list=true` and `scan=true` turn a GET into a list or a scan."""
    wanted = [
        operation
        for operation in (Operation.LIST, Operation.SCAN)
        if operation in parameters and _boolean(operation, parameters[operation])
    ]
    if len(wanted) == 2:
        raise UsageError("`list` and `scan` cannot both be true: the server answers 400")
    return wanted[0] if wanted else Operation.READ


def _boolean(name: str, value: str | None) -> bool:
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise UsageError(f"`{name}={value}` is no boolean: the server answers 400")
