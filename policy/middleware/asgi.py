"""The ASGI middleware: who asks, may they, and only then the application.

It fails closed. An exception on the way to a verdict is a 500 without a word about it, and the
application is not called.
"""

from __future__ import annotations

import inspect
import logging
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from policy.middleware.gate import Refusal, Verdict
from policy.model import Token

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.middleware.gate import Gate

__all__ = ["Exists", "PolicyMiddleware", "Resolve"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

Resolve = Callable[[str], Token | Awaitable[Token | None] | None]
"""The policies and identity behind the text of a token; None if nobody is known by it."""
Exists = Callable[[Scope], bool | Awaitable[bool | None] | None]
"""Whether a PUT or POST meets an object; None if that is not known."""

_LOG: Final = logging.getLogger("policy.middleware")
_POLICY_VIOLATION: Final = 1008
_INTERNAL_ERROR: Final = 1011
_BODIES: Final = {
    HTTPStatus.BAD_REQUEST: b'{"errors":["bad request"]}\n',
    HTTPStatus.FORBIDDEN: b'{"errors":["permission denied"]}\n',
    HTTPStatus.METHOD_NOT_ALLOWED: b'{"errors":["method not allowed"]}\n',
    HTTPStatus.INTERNAL_SERVER_ERROR: b'{"errors":["internal error"]}\n',
}


class PolicyMiddleware:
    """An application behind a gate.

    `resolve` gets the token of `X-Vault-Token` or `Authorization: Bearer …` and is never called
    without one: `anonymous` is who asks then; nobody by default. `exists` is asked before a PUT or
    POST. Both may be coroutines; what blocks in a plain one blocks the event loop.

    The application finds the `Verdict` in `scope["policy"]`. Bodies and answers stream through
    untouched. WebSockets take `read` and `update`; a lifespan passes; there is nothing else.
    """

    def __init__(
        self,
        app: App,
        gate: Gate,
        resolve: Resolve,
        *,
        anonymous: Token | None = None,
        exists: Exists | None = None,
    ) -> None:
        self._app = app
        self._gate = gate
        self._resolve = resolve
        self._anonymous = anonymous
        self._exists = exists

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            await self._app(scope, receive, send)
            return
        if kind not in ("http", "websocket"):
            raise ValueError(f"cannot guard `{kind}`")
        try:
            verdict = await self._verdict(scope)
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is no permission
            verdict = self._gate.count(_failed(error))
        if verdict.allowed:
            await self._app({**scope, "policy": verdict}, receive, send)
        elif kind == "http":
            await _refuse(verdict.status, scope, send)
        else:
            failed = verdict.status == HTTPStatus.INTERNAL_SERVER_ERROR
            code = _INTERNAL_ERROR if failed else _POLICY_VIOLATION
            await send({"type": "websocket.close", "code": code})

    async def _verdict(self, scope: Scope) -> Verdict:
        gate = self._gate
        path, raw_path = scope["path"], scope.get("raw_path")
        token = _token(scope["headers"])
        if isinstance(token, Verdict):
            return gate.count(token)
        subject = await self._subject(token)
        if scope["type"] == "websocket":
            return gate.check_socket(path, subject, raw_path=raw_path)
        exists = None
        if self._exists is not None and scope["method"] in ("POST", "PUT") and subject is not None:
            exists = await _awaited(self._exists(scope))
        query = scope.get("query_string", b"").decode("latin-1")
        return gate.check(
            scope["method"], path, subject, query=query, raw_path=raw_path, exists=exists
        )

    async def _subject(self, token: str) -> Token | None:
        if not token:
            return self._anonymous
        found = await _awaited(self._resolve(token))
        if found is not None and not isinstance(found, Token):
            raise TypeError("a resolver returns a `policy.Token` or None")
        return found


async def _awaited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def _token(headers: Iterable[tuple[bytes, bytes]]) -> str | Verdict:
    """The one token of a request; empty if there is none."""
    tokens: set[str] = set()
    for name, value in headers:
        text = value.decode("latin-1").strip()
        match name.lower():
            case b"x-vault-token":
                tokens.add(text)
            case b"authorization":
                scheme, _, rest = text.partition(" ")
                if scheme.lower() == "bearer":
                    tokens.add(rest.strip())
            case b"x-vault-namespace" if text:
                return Verdict.refused(
                    Refusal.NAMESPACE, HTTPStatus.BAD_REQUEST, "namespaces are not looked at"
                )
    tokens.discard("")
    if len(tokens) > 1:
        return Verdict.refused(
            Refusal.SEVERAL_TOKENS, HTTPStatus.BAD_REQUEST, "there are different tokens"
        )
    return tokens.pop() if tokens else ""


def _failed(error: Exception) -> Verdict:
    """The verdict after an exception. Its words may hold the token, so they stay out of the log."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    kind = type(error).__name__
    _LOG.error("no verdict: %s at %s:%s", kind, place.filename, place.lineno)
    return Verdict.refused(Refusal.FAILED, HTTPStatus.INTERNAL_SERVER_ERROR, kind)


async def _refuse(status: int, scope: Scope, send: Send) -> None:
    body = _BODIES[HTTPStatus(status)]
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
