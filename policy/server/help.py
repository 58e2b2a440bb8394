"""Help pages, as far as a mock needs them: the route, and a small OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.model import Operation
from policy.server.answers import Refused, dump
from policy.server.version import VERSION

if TYPE_CHECKING:
    from policy.server.routing import Call, Route

__all__ = ["help_page"]

_STEP_DOWN: Final = {
    "post": {
        "summary": "Cause the node to give up active status.",
        "description": "This endpoint forces the node to give up active status. If the node does "
        "not have active status, this endpoint does nothing. Note that the node will sleep for "
        "ten seconds before attempting to grab the active lock again, but if no standby nodes "
        "grab the active lock in the interim, the same node may become the active node again.",
        "operationId": "step-down-leader",
        "responses": {"204": {"description": "empty body"}},
    }
}
_VERBS: Final = {
    Operation.READ: "get",
    Operation.LIST: "get",
    Operation.UPDATE: "post",
    Operation.DELETE: "delete",
    Operation.PATCH: "patch",
}


def help_page(call: Call, route: Route | None) -> bytes:
    """The page of one path. Raises `Refused` where the mount has no such path."""
    if call.mount is None:
        raise Refused.unsupported_path()
    inner = call.path.removeprefix(call.mount.path)
    text = "## DESCRIPTION\n\n<no description>"
    if inner and route is None:
        raise Refused.unsupported_path()
    if route is not None:
        text = (
            f"Request:        {inner}\nMatching Route: ^{route.pattern.pattern}$\n\n"
            f"<no synopsis>\n\n\n{text}"
        )
    operations: dict[str, Any] = {
        _VERBS[operation]: {"responses": {"200": {"description": "OK"}}}
        for operation in (route.handlers if route is not None else ())
        if operation in _VERBS
    }
    if call.path == "sys/step-down":
        operations = _STEP_DOWN
    return dump(
        {
            "help": text,
            "openapi": {
                "openapi": "3.0.2",
                "info": {
                    "title": "OpenBao API",
                    "description": "HTTP API that gives you full access to OpenBao. All API "
                    "routes are prefixed with `/v1/`.",
                    "version": VERSION,
                    "license": {
                        "name": "Mozilla Public License 2.0",
                        "url": "https://www.mozilla.org/en-US/MPL/2.0",
                    },
                },
                "paths": {f"/{inner}": operations},
                "components": {"schemas": {}},
            },
            "see_also": None,
        }
    )
