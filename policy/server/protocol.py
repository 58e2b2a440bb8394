"""HTTP/1.1 as uvicorn speaks it, and what a stand-in for another server needs besides.

Two things: methods that no standard knows (`LIST`, `SCAN`, `FOO`, `get`) get to the application,
and the application can close a connection without an answer.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Generator

__all__ = ["Http", "QuietServer"]


class Http(H11Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        application = self.app

        async def with_extension(scope: Any, receive: Any, send: Any) -> None:
            scope["extensions"] = {"policy.drop": {"close": transport.abort}}
            await application(scope, receive, send)

        self.app = with_extension


class QuietServer(uvicorn.Server):
    """A server that leaves the signals of the process to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture nothing: see `policy.server.network.serve`."""
        yield
