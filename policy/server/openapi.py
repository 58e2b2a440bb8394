"""An OpenAPI document of what the mock serves, made from its tables of routes.

    python -m policy.server.openapi > openapi.json

It says which operations there are, and what every answer looks like; what an endpoint makes of its
parameters is not in it. LIST is `GET` with `list=true`, since OpenAPI knows no other methods.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from policy.model import Operation
from policy.server.mount_types import identity, kv1, kv2, system, token, userpass
from policy.server.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.server.routing import Route, Routes

__all__ = ["PAGES", "document"]

_MOUNTS: Final = {
    "sys": system.ROUTES,
    "identity": identity.ROUTES,
    "auth/token": token.ROUTES,
    "cubbyhole": kv1.CUBBYHOLE,
    "auth/userpass": userpass.ROUTES,
    "kv": kv1.ROUTES,
    "secret": kv2.ROUTES,
}
"""Where each kind of mount stands: the first four always do, the others once they are enabled."""

PAGES: Final = {
    "sys/health": ("get",),
    "sys/init": ("get", "post", "put"),
    "sys/leader": ("get",),
    "sys/seal": ("post", "put"),
    "sys/seal-status": ("get",),
    "sys/step-down": ("post", "put"),
    "sys/unseal": ("post", "put"),
}
"""The methods of what is answered before any mount is asked: no route of theirs has a handler."""

_VERBS: Final = {
    Operation.READ: ("get",),
    Operation.LIST: ("get",),
    Operation.UPDATE: ("post", "put"),
    Operation.PATCH: ("patch",),
    Operation.DELETE: ("delete",),
}
_NAMED: Final = re.compile(r"\(\?P<(\w+)>[^()]*\)")
_LITERAL: Final = re.compile(r"[a-z0-9/{}_-]*")
_NAME: Final = {"type": "string", "pattern": "^[^\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]+$"}
"""No path holds a control character: the answer is 400 without a body then."""
_ERRORS: Final = {
    "description": "Why not.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["errors"],
                "properties": {"errors": {"type": "array", "items": {"type": "string"}}},
            }
        }
    },
}
_ENVELOPE: Final = {
    "type": "object",
    "required": ["request_id", "lease_id", "renewable", "lease_duration"],
    "properties": {
        "request_id": {"type": "string"},
        "lease_id": {"type": "string"},
        "renewable": {"type": "boolean"},
        "lease_duration": {"type": "integer"},
        "data": {"type": "object", "nullable": True},
        "auth": {"type": "object", "nullable": True},
        "wrap_info": {"type": "object", "nullable": True},
        "warnings": {"type": "array", "nullable": True, "items": {"type": "string"}},
    },
}


def document() -> dict[str, Any]:
    """The document. Raises `ValueError` for a route it cannot say."""
    paths: dict[str, dict[str, Any]] = {}
    for mount, routes in _MOUNTS.items():
        for path, route in _paths(mount, routes):
            operations = paths.setdefault("/" + path, {})
            if path in PAGES:
                operations |= {method: _page(method) for method in PAGES[path]}
            for operation in route.handlers:
                for method in _VERBS.get(operation, ()):
                    operations[method] = _operation(path, route, method)
    return {
        "openapi": "3.0.3",
        "info": {"title": "sudopath serve", "version": VERSION},
        "servers": [{"url": "/v1"}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "X-Vault-Token"}
            }
        },
    }


def _paths(mount: str, routes: Routes) -> Iterator[tuple[str, Route]]:
    """Every route with its path, in which what is free has its name in braces."""
    for route in routes:
        pattern = route.pattern.pattern
        if pattern == ".*":
            continue  # what nothing else fits
        path = _NAMED.sub(r"{\1}", pattern.replace("/?", "/")).removesuffix("/")
        if not _LITERAL.fullmatch(path):
            raise ValueError(f"no path for the route `{pattern}` of `{mount}/`")
        yield f"{mount}/{path}", route


def _page(method: str) -> dict[str, Any]:
    page: dict[str, Any] = {
        "responses": {
            "200": {
                "description": "Done.",
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            "204": {"description": "Done."},
            "default": {"description": "The state as a status, or why not."},
        }
    }
    if method != "get":
        page["requestBody"] = _body("application/json")
    return page


def _operation(path: str, route: Route, method: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "security": [{"token": []}],
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": _NAME}
            for name in re.findall(r"\{(\w+)\}", path)
        ],
        "responses": {
            "200": {
                "description": "What was asked for.",
                "content": {"application/json": {"schema": _ENVELOPE}},
            },
            "202": {"description": "Begun."},
            "204": {"description": "Done."},
            "307": {"description": "The path has a cleaner form."},
            "404": {"description": "Nothing is there; or what is left of it."},
            "4XX": _ERRORS,
            "5XX": _ERRORS,
        },
    }
    if method == "get" and Operation.LIST in route.handlers:
        described["parameters"].append(
            {
                "name": "list",
                "in": "query",
                "required": Operation.READ not in route.handlers,
                "schema": {"type": "string", "enum": ["true"]},
            }
        )
    if method in ("post", "put", "patch"):
        is_patch = method == "patch"
        described["requestBody"] = _body(
            "application/merge-patch+json" if is_patch else "application/json"
        )
    return described


def _body(kind: str) -> dict[str, Any]:
    return {"content": {kind: {"schema": {"type": "object"}}}}


if __name__ == "__main__":
    import contextlib
    import json
    import sys

    # Who closes the pipe has seen enough.
    with contextlib.suppress(BrokenPipeError):
        json.dump(document(), sys.stdout, indent=1)
        print(flush=True)
