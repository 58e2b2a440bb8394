"""The ASGI application of one node: reads a request, asks the front door, sends the answer."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Final

from policy.server.answers import DROP, STANDARD_HEADERS, Answer, errors
from policy.server.front_door import MAX_BODY_BYTES, FrontDoor, HttpRequest
from policy.server.paths import Target

if TYPE_CHECKING:
    from policy.server.cluster import Node

__all__ = ["Application", "RequestLog"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
RequestLog = Callable[[dict[str, Any]], None]
"""Takes one line of the request log: never a token, a header or a body."""

_HEADERS: Final = {
    name.encode(): name
    for name in (
        *("authorization", "content-type", "x-vault-mfa", "x-vault-namespace"),
        *("x-vault-no-request-forwarding", "x-vault-token", "x-vault-wrap-ttl"),
    )
}
"""The headers that matter, in lower case as an ASGI server has them."""
_TOKEN: Final = re.compile(r"\b(?:s|b|hvs|hvb|hvr)\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9]+)?")
"""What looks like a token: old clients put it into the path, and the log must not show it."""
_MAX_READ_BYTES: Final = MAX_BODY_BYTES + 8 * 1024 * 1024
"""How much of a body that is too large is read and thrown away, so that the client can read the
answer. Behind that the connection is closed."""


class Application:
    """One node, as an ASGI server (or a test) talks to it."""

    def __init__(self, door: FrontDoor, node: Node, log: RequestLog | None = None) -> None:
        self._door = door
        self._node = node
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            raise ValueError(f"cannot speak `{scope['type']}`")
        started = time.perf_counter()
        target = Target.of(scope["raw_path"], scope["query_string"])
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            body = message.get("body", b"")
            size = len(body)
        else:
            read = await _long_body(message, receive)
            if read is None:
                return
            body, size = read
        headers: dict[str, str] = {}
        authorization = []
        for raw_name, raw_value in scope["headers"]:
            name = _HEADERS.get(raw_name)
            if name is not None:
                value = raw_value.decode("utf-8", "surrogateescape").strip(" \t")
                if name == "authorization":
                    authorization.append(value)
                else:
                    headers.setdefault(name, value)
        request = HttpRequest(
            scope["method"], target, headers, body, tuple(authorization), size > MAX_BODY_BYTES
        )
        try:
            answer = await self._door.answer(self._node, request)
        except Exception:
            await self._reply(errors(500, "internal error"), scope, receive, send)
            raise
        if size > _MAX_READ_BYTES:
            answer.headers["Connection"] = "close"
        if self._log is not None:
            self._log(
                {
                    "node": self._node.name,
                    "method": request.method,
                    "path": _TOKEN.sub("…", target.path),
                    "status": answer.status,
                    "milliseconds": round((time.perf_counter() - started) * 1000, 2),
                }
            )
        await self._reply(answer, scope, receive, send)

    async def _reply(self, answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
        if answer.status == DROP:
            drop = scope.get("extensions", {}).get("policy.drop")
            if drop is not None:
                drop["close"]()
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        body = b"" if scope["method"] == "HEAD" else answer.body
        headers = [_LINES.get(line) or _line(line) for line in answer.headers.items()]
        if answer.status not in (204, 304):
            headers.append((b"Content-Length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _line(line: tuple[str, str]) -> tuple[bytes, bytes]:
    return line[0].encode("latin-1"), line[1].encode("utf-8", "surrogateescape")


_LINES: Final = {line: _line(line) for line in STANDARD_HEADERS.items()}
"""The header lines that nearly every answer has."""


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _long_body(message: Message, receive: Receive) -> tuple[bytes, int] | None:
    """A body in several pieces and its size, or None if the client left. What is too large is not
    kept, and what goes on behind that for too long is not read to its end."""
    pieces: list[bytes] = []
    size = 0
    while message["type"] == "http.request":
        piece = message.get("body", b"")
        size += len(piece)
        if size <= MAX_BODY_BYTES:
            pieces.append(piece)
        else:
            pieces.clear()
        if not message.get("more_body") or size > _MAX_READ_BYTES:
            return b"".join(pieces), size
        message = await receive()
    return None
