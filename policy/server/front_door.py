"""The order of checks: from a request line to the handler, or to the first thing that is wrong.

Source: OpenBao 2.7.2, requests with two faults; the order is a contract that clients can see.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from policy.model import STEP_DOWN, Operation, Request
from policy.server import status
from policy.server.answers import Answer, Refused, errors
from policy.server.inputs import parse_boolean, parse_seconds
from policy.server.json_input import decode_object
from policy.server.paths import Target, parse_query
from policy.server.router import MustForwardError, Routed, Router
from policy.server.storage import FencedError, UnreachableError

if TYPE_CHECKING:
    from policy.server.cluster import Node
    from policy.server.core import Core
    from policy.server.forwarding import Forwarder

__all__ = ["MAX_BODY_BYTES", "FrontDoor", "HttpRequest"]

MAX_BODY_BYTES: Final = 32 * 1024 * 1024

_OPERATIONS: Final = {
    "DELETE": Operation.DELETE,
    "GET": Operation.READ,
    "HEAD": Operation.HEADER,
    "HELP": Operation.HELP,
    "LIST": Operation.LIST,
    "PATCH": Operation.PATCH,
    "POST": Operation.UPDATE,
    "PUT": Operation.UPDATE,
    "SCAN": Operation.SCAN,
}
_MAX_FORM_BYTES: Final = 1024 * 1024
"""A form is taken apart in Python, while nobody else is served."""
_NO_ACTIVE_NODE: Final = "local node not active but active cluster node not found"
_NOT_ACTIVE_BODY: Final = errors(500, _NO_ACTIVE_NODE).body
_WITHOUT_UI: Final = ("/", "/ui", "/robots.txt")
_LOCAL_ONLY: Final = ("sys/host-info", "sys/metrics", "sys/in-flight-req")
_WRITES: Final = (Operation.UPDATE, Operation.PATCH)
_READS: Final = ("GET", "HEAD")
_BROKEN_FORM: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})|;")
_MIME_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_MIME_PARAMETERS: Final = re.compile(
    r"(\s*[!#$%&'*+.^_`|~0-9a-z-]+=([!#$%&'*+.^_`|~0-9a-z-]+|\"([^\"\\]|\\.)*\")\s*(;|$))*\s*"
)


@dataclass(slots=True)
class HttpRequest:
    """One HTTP request, read completely. Header names are in lower case; of a header that is
    repeated, `headers` has the first value."""

    method: str
    target: Target
    headers: Mapping[str, str]
    body: bytes = b""
    authorization: tuple[str, ...] = field(default=())
    """Every `Authorization` header, in order."""
    is_too_large: bool = False
    """Whether the body was larger than `MAX_BODY_BYTES`; then it is not here."""

    @property
    def token(self) -> str:
        """The token it comes with, or an empty text."""
        token = self.headers.get("x-vault-token", "")
        if token:
            return token
        for value in self.authorization:
            if value.startswith("Bearer "):
                return value.removeprefix("Bearer ").strip()
        return ""


class FrontDoor:
    """Answers every request to every node of a cluster. `forwarder` reaches the nodes that are
    other processes."""

    def __init__(
        self, core: Core, *, standby_reads: bool = True, forwarder: Forwarder | None = None
    ) -> None:
        self._core = core
        self._cluster = core.cluster
        self._router = Router(core)
        self._standby_reads = standby_reads
        self._forwarder = forwarder
        self._pages = {
            "sys/health": self._health,
            "sys/leader": self._leader,
            "sys/seal-status": self._seal_status,
            "sys/init": self._init,
            "sys/unseal": self._unseal,
            "sys/seal": self._seal,
        }

    async def answer(self, node: Node, request: HttpRequest) -> Answer:
        """The answer of one node. Never raises for what a request says."""
        try:
            answer = await self._answer(node, request)
        except Refused as refusal:
            answer = refusal.answer()
        except FencedError:
            answer = errors(500, _NO_ACTIVE_NODE)
        except UnreachableError:
            answer = errors(500, "the storage did not answer; the outcome is not known")
        except RecursionError:
            answer = errors(500, "nested deeper than the mock writes")
        namespace = request.headers.get("x-vault-namespace", "")
        if namespace and "Cache-Control" in answer.headers:
            answer.headers["X-Vault-Namespace"] = namespace
        return answer

    async def _answer(self, node: Node, request: HttpRequest) -> Answer:
        target = request.target
        if target.is_malformed:
            return Answer(400, b"400 Bad Request", {"Content-Type": "text/plain; charset=utf-8"})
        if target.has_control_character:
            return Answer(400, b"", {})
        if request.is_too_large:
            body = errors(413, "http: request body too large").body
            return Answer(413, body, {"Content-Type": "application/json"})
        if request.headers.get("x-vault-namespace") and self._is_root_only(target.inner):
            raise Refused(400, "operation unavailable in namespaces")
        query = parse_query(target.query)
        if not target.path.startswith("/v1/"):
            return _outside(target.path)
        operation = _operation(request.method, query)
        redirect = None if operation is Operation.HELP else _redirect(request.method, target)
        if redirect is not None:
            return redirect
        now = self._cluster.settle()
        page = self._pages.get(target.mux_path.removeprefix("/v1/"))
        if page is not None and operation is not Operation.HELP:
            return await page(node, request, query)
        is_step_down = target.mux_path == "/v1/sys/step-down" and operation is not Operation.HELP
        if node.is_sealed and (self._cluster.ha or not is_step_down):
            raise Refused(503, "Vault is sealed")
        if self._cluster.ha and not node.is_active:
            return await self._as_standby(node, request, query, operation, is_step_down, now)
        return self._judge(node, request, query, operation, is_step_down=is_step_down)

    def _is_root_only(self, path: str) -> bool:
        return self._core.guard("").root_namespace_only(path)

    # Standbys

    async def _as_standby(
        self,
        node: Node,
        request: HttpRequest,
        query: Mapping[str, list[str]],
        operation: Operation | None,
        is_step_down: bool,
        now: float,
    ) -> Answer:
        if node.draining_until is not None:
            await self._cluster.clock.wait_until(node.draining_until)
            self._cluster.settle()
            raise Refused(500, _NO_ACTIVE_NODE)
        serves_reads = self._standby_reads and not is_step_down and now >= node.reads_from
        if serves_reads and await self._cluster.refresh():
            try:
                return self._judge(node, request, query, operation, is_standby=True)
            except MustForwardError:
                pass
        leader = self._cluster.leader_seen_by(node)
        if leader is None:
            raise Refused(500, _NO_ACTIVE_NODE)
        if request.target.inner in _LOCAL_ONLY:
            raise Refused(400, "cannot forward local-only request")
        if request.headers.get("x-vault-no-request-forwarding") or not leader.is_active:
            return _redirect_to(leader, request)
        if leader.is_remote:
            return await self._forward(leader, request)
        return self._judge(leader, request, query, operation, is_step_down=is_step_down)

    async def _forward(self, leader: Node, request: HttpRequest) -> Answer:
        answer = None
        if self._forwarder is not None:
            answer = await self._forwarder.send(leader.address, request)
        # One that is not active any more counts as one that cannot be reached.
        if answer is None or (answer.status == 500 and answer.body == _NOT_ACTIVE_BODY):
            return _redirect_to(leader, request)
        return answer

    # The active node, and a standby that answers by itself

    def _judge(
        self,
        node: Node,
        request: HttpRequest,
        query: Mapping[str, list[str]],
        operation: Operation | None,
        *,
        is_step_down: bool = False,
        is_standby: bool = False,
    ) -> Answer:
        if operation is None and request.method != "OPTIONS":
            raise Refused(405)
        data = _parameters(request, query, operation)
        wrap_ttl = _wrap_ttl(request.headers)
        _check_mfa(request.headers)
        if is_step_down:
            return self._step_down(node, request, operation, data, wrap_ttl)
        path = request.target.inner
        if "." in path and any(part in (".", "..") for part in path.split("/")):
            raise Refused(400, "relative paths not supported")
        namespace = _namespace(request.headers)
        if namespace and namespace not in self._core.namespaces:
            raise Refused(404, "namespace not found")
        if operation is None:
            raise Refused(400, "cannot handle internal-only request operation")
        if operation in _WRITES and path.endswith("/"):
            raise Refused(400, "cannot write to a path ending in '/'")
        routed = Routed(
            operation,
            path,
            namespace,
            data,
            request.token,
            wrap_ttl,
            is_standby,
        )
        return self._router.answer(node, routed)

    def _step_down(
        self,
        node: Node,
        request: HttpRequest,
        operation: Operation | None,
        data: Mapping[str, Any],
        wrap_ttl: float | None,
    ) -> Answer:
        if operation is not Operation.UPDATE:
            raise Refused(405)
        if self._cluster.ha:
            asked = replace(STEP_DOWN, data=data or None, wrap_ttl_seconds=wrap_ttl)
            self._router.check(asked, request.token)
            self._cluster.step_down(node)
        return Answer.empty(204)

    # Pages that answer before any mount is asked, on every node

    async def _health(
        self, node: Node, request: HttpRequest, query: Mapping[str, list[str]]
    ) -> Answer:
        if request.method not in _READS:
            raise Refused(405)
        return status.health(self._cluster, node, query, is_head=request.method == "HEAD")

    async def _leader(self, node: Node, request: HttpRequest, _: Mapping[str, list[str]]) -> Answer:
        if request.method != "GET":
            raise Refused(405)
        if not self._cluster.ha:
            return Answer.json(200, status.leader(self._cluster, node))
        if node.draining_until is not None:
            await self._cluster.clock.wait_until(node.draining_until)
            self._cluster.settle()
        if node.is_sealed:
            raise Refused(503, "Vault is sealed")
        return Answer.json(200, status.leader(self._cluster, node))

    async def _seal_status(
        self, node: Node, request: HttpRequest, _: Mapping[str, list[str]]
    ) -> Answer:
        if request.method != "GET":
            raise Refused(405)
        return Answer.json(200, status.seal_status(self._cluster, node))

    async def _init(self, node: Node, request: HttpRequest, _: Mapping[str, list[str]]) -> Answer:
        if request.method == "GET":
            return Answer.json(200, {"initialized": self._cluster.is_initialized})
        if request.method not in ("PUT", "POST"):
            raise Refused(405)
        return status.initialize(self._core, node, request.body)

    async def _unseal(self, node: Node, request: HttpRequest, _: Mapping[str, list[str]]) -> Answer:
        if request.method not in ("PUT", "POST"):
            raise Refused(405)
        return status.unseal(self._cluster, node, request.body)

    async def _seal(
        self, node: Node, request: HttpRequest, query: Mapping[str, list[str]]
    ) -> Answer:
        if request.method not in ("PUT", "POST"):
            raise Refused(405)
        data = _parameters(request, query, Operation.UPDATE)
        if not node.is_sealed:
            asked = Request(Operation.UPDATE, "sys/seal", data=data or None)
            self._router.check(asked, request.token)
            self._cluster.seal(node)
        return Answer.empty(204)


# Pieces of the way


def _redirect_to(leader: Node, request: HttpRequest) -> Answer:
    """Let the client ask the active node itself."""
    query = f"?{request.target.query}" if request.target.query else ""
    answer = Answer.empty(307, content_type=False)
    answer.headers["Location"] = leader.address + request.target.escaped + query
    return answer


def _outside(path: str) -> Answer:
    """A path that is not below `/v1/`."""
    if path in _WITHOUT_UI or path.startswith("/ui/"):
        return Answer(
            404,
            b"404 page not found\n",
            {
                "Cache-Control": "no-store",
                "Content-Type": "text/plain; charset=utf-8",
                "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
                "X-Content-Type-Options": "nosniff",
            },
        )
    return errors(404)


def _operation(method: str, query: Mapping[str, list[str]]) -> Operation | None:
    """What a method asks for; None for one the server does not know. Raises `Refused`."""
    operation = _OPERATIONS.get(method)
    if not query:
        return operation
    if operation is Operation.READ:
        wanted = [
            kind
            for kind in (Operation.LIST, Operation.SCAN)
            if kind in query and _is_true(query[kind][0])
        ]
        if len(wanted) > 1:
            raise Refused(400)
        if wanted:
            operation = wanted[0]
    if query.get("help", [""])[0]:
        return Operation.HELP
    return operation


def _is_true(text: str) -> bool:
    try:
        return bool(text) and parse_boolean(text)
    except ValueError:
        raise Refused(400) from None


def _redirect(method: str, target: Target) -> Answer | None:
    """The way to the clean form of a path, if this is not it."""
    location = target.clean
    if location in ("/v1", "/v1/sys"):
        location += "/"
    if location == target.escaped:
        return None
    if target.query:
        location += f"?{target.query}"
    answer = Answer.empty(307, content_type=False)
    answer.headers["Location"] = location
    if method in _READS:
        answer.headers["Content-Type"] = "text/html; charset=utf-8"
        if method == "GET":
            answer.body = f'<a href="{html.escape(location)}">Temporary Redirect</a>.\n\n'.encode()
    return answer


def _parameters(
    request: HttpRequest, query: Mapping[str, list[str]], operation: Operation | None
) -> Mapping[str, Any]:
    """The body of a write, or the query of anything else. Raises `Refused`."""
    if operation is Operation.PATCH:
        _check_patch_type(request.headers.get("content-type", ""))
    if operation not in _WRITES:
        # Where the query makes a listing of a GET, that is all it is for.
        spent = ("help", operation.value if operation and request.method == "GET" else "")
        return {name: v[0] if len(v) == 1 else v for name, v in query.items() if name not in spent}
    kind = request.headers.get("content-type", "")
    if kind:
        kind = kind.partition(";")[0].strip().lower()
    if kind == "application/ocsp-request":
        return {}
    body = request.body
    if kind == "application/x-www-form-urlencoded" and body[:1] not in (b"{", b"["):
        return _form(body)
    return decode_object(body)


def _form(body: bytes) -> dict[str, Any]:
    if len(body) > _MAX_FORM_BYTES or _BROKEN_FORM.search(body):
        raise Refused(400, "error parsing form data")
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: v[0] if len(v) == 1 else v for name, v in found.items()}


def _check_patch_type(given: str) -> None:
    """Only a merge patch will do. Raises `Refused` with the words of Go's MIME parser."""
    kind, _, rest = given.strip().lower().partition(";")
    kind = kind.strip()
    first = _MIME_TOKEN.match(kind)
    if first is None:
        raise Refused(400, "mime: no media type")
    behind = kind[first.end() :]
    if behind:
        if behind[0] != "/":
            raise Refused(400, "mime: expected slash after first token")
        second = _MIME_TOKEN.match(behind[1:])
        if second is None:
            raise Refused(400, "mime: expected token after slash")
        if second.end() < len(behind) - 1:
            raise Refused(400, "mime: unexpected content after media subtype")
    if not _MIME_PARAMETERS.fullmatch(rest):
        raise Refused(400, "mime: invalid media parameter")
    if kind != "application/merge-patch+json":
        raise Refused(
            415,
            f"PATCH requires Content-Type of application/merge-patch+json, provided {kind}",
        )


def _wrap_ttl(headers: Mapping[str, str]) -> float | None:
    """For how long the answer is to be wrapped, in seconds. Raises `Refused`."""
    text = headers.get("x-vault-wrap-ttl", "")
    if not text:
        return None
    prefix = "error parsing X-Vault-Wrap-TTL header: "
    try:
        seconds = parse_seconds(text)
    except ValueError as error:
        raise Refused(400, f"{prefix}{error}") from None
    if seconds < 0:
        raise Refused(400, f"{prefix}requested wrap ttl cannot be negative")
    return seconds


def _check_mfa(headers: Mapping[str, str]) -> None:
    text = headers.get("x-vault-mfa", "")
    if not text:
        return
    method, colon, value = text.partition(":")
    missing = "method name or ID" if not method else "method value" if not value else ""
    if colon and missing:
        raise Refused(
            400,
            'failed to parse X-Vault-MFA header: invalid data in header "X-Vault-MFA"; '
            f"missing {missing}",
        )


def _namespace(headers: Mapping[str, str]) -> str:
    """The namespace a header names; empty for the root namespace."""
    name = headers.get("x-vault-namespace", "").strip("/")
    return "" if name in ("", "root") else name + "/"
