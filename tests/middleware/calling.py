"""Calls an ASGI application without a server, and policies to call it with."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

__all__ = ["Called", "Recorder", "call", "write"]

Message = MutableMapping[str, Any]


@dataclass
class Called:
    """What an application sent."""

    messages: list[Message] = field(default_factory=list)

    @property
    def status(self) -> int:
        status: int = self.messages[0]["status"]
        return status

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])


class Recorder:
    """The application behind the gate: notes what reaches it and answers 200."""

    def __init__(self) -> None:
        self.scopes: list[Message] = []

    @property
    def paths(self) -> list[str]:
        return [scope["path"] for scope in self.scopes]

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
        elif scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"served"})


async def call(
    application: Callable[..., Awaitable[None]],
    method: str = "GET",
    path: str = "/",
    *,
    raw_path: bytes | None = None,
    query: str = "",
    headers: Mapping[str, str] | list[tuple[str, str]] | None = None,
    token: str = "",
    kind: str = "http",
) -> Called:
    """One request, as a server hands it to an application."""
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers or ())
    if token:
        pairs.append(("x-vault-token", token))
    scope = {
        "type": kind,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in pairs],
    }
    if kind == "http":
        scope["method"] = method
    if raw_path is not None:
        scope["raw_path"] = raw_path
    called = Called()

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        called.messages.append(message)

    await application(scope, receive, send)
    return called


def write(folder: Path, **texts: str) -> Path:
    """Policy files: names and texts."""
    for name, text in texts.items():
        (folder / f"{name}.hcl").write_text(text)
    return folder
