"""Routed requests: who asks, may they, and which handler answers.

Every verdict is the evaluator's. Here it is only asked, with the request as the server sees it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from policy.evaluate import Reason
from policy.model import Operation, Request
from policy.server.answers import Answer, Refused, Reply, envelope
from policy.server.go_text import quoted
from policy.server.help import help_page
from policy.server.inputs import misfit
from policy.server.mount_types import routes_of
from policy.server.routing import Call
from policy.server.wrapping import WRAPPING_PATHS, check_wrapping_token, wrap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.catalog import Guard
    from policy.evaluate import ACL
    from policy.server.cluster import Node
    from policy.server.core import Core
    from policy.server.records import MountRecord, TokenRecord
    from policy.server.routing import Route

__all__ = ["MustForwardError", "Routed", "Router"]

_READS: Final = (Operation.READ, Operation.LIST, Operation.SCAN, Operation.HELP, Operation.HEADER)
_MAX_PLACES: Final = 1024
_MAX_REMEMBERED_PATH: Final = 256
_OF_THE_TOKEN: Final = (
    "auth/token/lookup-self",
    "auth/token/renew-self",
    "auth/token/revoke-self",
    *WRAPPING_PATHS,
)
_OF_POLICIES: Final = ("sys/policies/acl/", "sys/policy/")
_OF_A_TOKEN: Final = (
    "auth/token/lookup",
    "auth/token/renew",
    "auth/token/revoke",
    "auth/token/revoke-orphan",
)


class MustForwardError(Exception):
    """A standby cannot answer this itself: the active node has to."""


@dataclass(slots=True)
class Routed:
    """A request that has passed the front door."""

    operation: Operation
    """`update` for every PUT and POST; what it becomes is found out here."""
    path: str
    namespace: str
    data: Mapping[str, Any]
    token: str
    wrap_ttl_seconds: float | None
    is_standby: bool
    """Whether the node that answers is a standby, which serves reads alone."""


class _Place(NamedTuple):
    """What only namespace and path say, as long as the same is mounted there."""

    guard: Guard
    mount: MountRecord | None
    route: Route | None
    match: Mapping[str, str]
    is_open: bool
    """Whether it needs no token."""
    path: str
    """The path as a verdict is asked for it."""


class Router:
    """Answers routed requests for all nodes of a cluster."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._index = (-1, "")
        self._places: dict[tuple[str, str], _Place] = {}

    def answer(self, node: Node, request: Routed) -> Answer:
        """The answer. Raises `Refused`, and `MustForwardError` on a standby."""
        core = self._core
        namespace, path = self._place(request)
        guard = core.guard(namespace)
        if namespace and guard.root_namespace_only(path):
            raise Refused(400, "operation only available in root namespace")
        place = self._places.get((namespace, path))
        if place is None or place.guard is not guard:
            place = self._find(guard, namespace, path)
        route = place.route
        call = Call(
            core,
            node,
            request.operation,
            namespace,
            place.path,
            request.data,
            request.token,
            None,
            None,
            place.mount,
            place.match,
            bool(request.wrap_ttl_seconds),
        )
        if place.is_open:
            return self._finish(call, request, route, self._open(call, request, route))
        entry = self._token(request.token, is_standby=request.is_standby)
        call.entry = entry
        call.acl = core.acl(entry, namespace)
        try:
            if (
                route is not None
                and route.exists is not None
                and call.operation is Operation.UPDATE
            ):
                problem = _misfit(call, route)
                if problem:
                    raise Refused(400, problem)
                call.operation = Operation.UPDATE if route.exists(call) else Operation.CREATE
            self._authorize(call, request, call.acl)
            if request.is_standby and not self._served_by_standby(call, route):
                raise MustForwardError
            return self._finish(call, request, route, self._handle(call, route))
        finally:
            if entry.uses < 0:
                core.tokens.revoke(entry)

    def check(self, asked: Request, token: str) -> None:
        """May this token do exactly this? For the few paths that answer before any mount is asked.

        One use is taken in any case. After the last one the token is revoked if the request is
        allowed, and stays as spent if not (OpenBao 2.7.2). Raises `Refused`.
        """
        entry = self._token(token, is_standby=False)
        if not self._core.acl(entry).decide(asked).allowed:
            raise Refused.not_allowed()
        if entry.uses < 0:
            self._core.tokens.revoke(entry)

    # Who and where

    def _place(self, request: Routed) -> tuple[str, str]:
        """The namespace of a request, from header and path, and the path inside it.

        Some paths are about a token, and lead to its namespace. Raises `Refused`.
        """
        core = self._core
        namespace, path = core.split_namespace(request.namespace + request.path)
        if request.operation.is_listing and not path.endswith("/"):
            path += "/"
        if path.startswith(_OF_POLICIES):
            # Names of policies are in lower case before anybody asks for a verdict.
            path = path.lower()
        if not path.startswith(("auth/token/", "sys/wrapping/")):
            return namespace, path
        if path in _OF_THE_TOKEN or (path == "auth/token/lookup" and "token" not in request.data):
            entry = core.tokens.find(request.token)
            if entry is not None:
                namespace = entry.namespace
            if path in WRAPPING_PATHS:
                check_wrapping_token(core, request.data, request.token)
        elif path in _OF_A_TOKEN and "token" in request.data:
            text = request.data["token"]
            if not isinstance(text, str):
                raise Refused(403, "invalid token")
            id_ = text[2:].partition(".")[2]
            known = [found.path for found in core.namespaces.values() if id_ and found.id == id_]
            namespace = known[0] if known else namespace
        return namespace, path

    def _token(self, text: str, *, is_standby: bool) -> TokenRecord:
        """The token, with one use taken from it. Raises `Refused`."""
        core = self._core
        entry = core.tokens.find(text)
        if entry is None or entry.uses < 0:
            if is_standby:
                raise MustForwardError
            raise Refused.no_token()
        if entry.entity_id:
            entity = core.identity.entity(entry.entity_id)
            if entity is None or entity.disabled:
                raise Refused.no_token()
        if entry.uses:
            if is_standby:
                raise MustForwardError
            entry = core.tokens.use(entry)
            if entry is None:
                raise Refused.no_token()
        return entry

    # May they

    def _authorize(self, call: Call, request: Routed, acl: ACL) -> None:
        data, wrap_ttl = call.data or None, request.wrap_ttl_seconds
        if call.namespace or acl.error is not None:
            decision = acl.decide(
                Request(call.operation, call.path, call.namespace, data, wrap_ttl)
            )
            if decision.reason is Reason.NO_ACL:
                raise Refused(400, "Forbidden")
            allowed = decision.allowed
        else:
            allowed = acl.allows(call.operation, call.path, data=data, wrap_ttl_seconds=wrap_ttl)
        if not allowed:
            raise Refused.not_allowed()

    # Who answers

    def _find(self, guard: Guard, namespace: str, path: str) -> _Place:
        """Find out what is at a path, and remember it until the guard is another one: there is a
        new one whenever something else is mounted."""
        is_open = guard.unauthenticated(path) is not None
        found = self._core.mounts.find(path, namespace)
        if found is None:
            place = _Place(guard, None, None, {}, is_open, path)
        else:
            mount, rest = found
            routes = routes_of(mount)
            route, match = (routes and routes.find(rest)) or (None, {})
            asked = path
            if route is not None and route.is_lower_case:
                asked = path.removesuffix(rest) + rest.lower()
                match = {name: value.lower() for name, value in match.items()}
            place = _Place(guard, mount, route, match, is_open, asked)
        if len(path) <= _MAX_REMEMBERED_PATH:
            if len(self._places) >= _MAX_PLACES:
                self._places.clear()
            self._places[namespace, path] = place
        return place

    def _open(self, call: Call, request: Routed, route: Route | None) -> Reply | None:
        """A path that needs no token; a good one is known all the same."""
        entry = self._core.tokens.find(request.token)
        if entry is not None and entry.uses >= 0:
            call.entry = entry
            call.acl = self._core.acl(entry, call.namespace)
        if request.is_standby and not self._served_by_standby(call, route):
            raise MustForwardError
        problem = "" if route is None else _misfit(call, route)
        if problem:
            # Whose login it would be is found out first, and there it fails.
            raise Refused(500, f"Field validation failed: {problem}")
        try:
            return self._handle(call, route, is_open=True)
        except Refused as refusal:
            # Here the server does not make a list of it.
            if refusal.status == 404 and refusal.texts == Refused.unsupported_path().texts:
                raise Refused(404, "unsupported path") from None
            if refusal.status == 405:
                raise Refused(405, "unsupported operation") from None
            raise

    def _served_by_standby(self, call: Call, route: Route | None) -> bool:
        # To wrap an answer is to write.
        if call.is_wrapped or (route is not None and route.is_active_only):
            return False
        return call.operation in _READS

    def _handle(self, call: Call, route: Route | None, *, is_open: bool = False) -> Reply | None:
        if call.mount is None:
            raise Refused(404, f"no handler for route {quoted(call.path)}. route entry not found.")
        if call.operation is Operation.HELP:
            return Reply(raw=help_page(call, route))
        if route is None:
            raise Refused.unsupported_path()
        handler = route.handlers.get(call.operation)
        if handler is None:
            raise Refused.unsupported_operation()
        problem = _misfit(call, route)
        if problem:
            raise Refused(400, f"Field validation failed: {problem}")
        warnings = _about_parameters(call, route)
        try:
            reply = handler(call)
        except Refused as refusal:
            if refusal.status != 404 or refusal.texts or call.operation is not Operation.LIST:
                raise
            # An empty list is nothing, unless there is something to say about it.
            if not warnings and call.is_wrapped:
                raise Refused(404, "unsupported path") from None
            if not warnings:
                raise
            reply = Reply(data={})
        if reply is not None and warnings and reply.status == 200 and not reply.is_unwrapped:
            # What becomes of a login is found out after the mount has spoken, and what was wrapped
            # is warned of then.
            own = reply.warnings or []
            is_said_later = is_open or call.path == "cubbyhole/response"
            reply.warnings = [*warnings, *own] if is_said_later else [*own, *warnings]
        return reply

    def _finish(
        self, call: Call, request: Routed, route: Route | None, reply: Reply | None
    ) -> Answer:
        ttls = (request.wrap_ttl_seconds, reply.wrap_ttl_seconds if reply is not None else 0)
        wrap_ttl = min((ttl for ttl in ttls if ttl), default=0)
        if reply is not None and reply.raw is not None and not wrap_ttl:
            answer = Answer.json(reply.status, None)
            answer.body = reply.raw
            return answer
        if reply is None:
            answer = Answer.empty(204)
        else:
            if wrap_ttl:
                reply = wrap(call, reply, wrap_ttl)
            repeats = route is not None and route.repeats
            answer = Answer.json(reply.status, envelope(reply, repeat_data=repeats))
            if reply.status != 200 or reply.is_unwrapped:
                # Such an answer goes out as the mount wrote it, without a line break.
                answer.body = answer.body.removesuffix(b"\n")
        if self._core.cluster.ha:
            revision = self._core.storage.revision()
            if revision != self._index[0]:
                text = base64.b64encode(f"{revision:012}".encode()).decode()
                self._index = revision, text
            answer.headers["X-Vault-Index"] = self._index[1]
        return answer


def _misfit(call: Call, route: Route) -> str:
    """What is wrong with the parameters, apart from those that the path says itself."""
    if not call.data:
        return ""
    given = {name: value for name, value in call.data.items() if name not in call.match}
    return misfit(route.schema or {}, given)


def _about_parameters(call: Call, route: Route) -> list[str]:
    """What the server says about parameters that it knows nothing of, or takes from the path."""
    if not call.data:
        return []
    warnings = []
    ignored = () if route.schema is None else sorted(call.data.keys() - route.schema.keys())
    if ignored:
        named = " ".join(ignored)
        warnings.append(f"Endpoint ignored these unrecognized parameters: [{named}]")
    replaced = [name for name in call.match if call.data.get(name) is not None]
    if replaced:
        named = " ".join(replaced)
        warnings.append(
            "Endpoint replaced the value of these parameters with the values captured from the "
            f"endpoint's path: [{named}]"
        )
    return warnings
