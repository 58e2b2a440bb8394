"""HTTP/1.1 as uvicorn speaks it, and what a stand-in for another server needs besides.

Methods that no standard knows (`LIST`, `SCAN`, `FOO`, `get`) and odd targets have to reach the
application, which only the h11 parser lets through; all the others take the fast parser
(`httptools`) where it is installed. And the application can close a connection without an answer.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Generator

__all__ = ["QuietServer", "http_protocol"]

_PLAIN: Final = re.compile(
    rb"(?:GET|PUT|POST|DELETE|HEAD|OPTIONS|PATCH) /(?!/)[A-Za-z0-9/_.~?&=%+*:,-]* HTTP/1\.[01]\r\n"
)
"""Request lines of which both parsers make the same."""

_MAX_HEAD_BYTES: Final = 1024 * 1024
"""As the real server's HTTP library; the careful parser takes 64 KiB."""


def _droppable(application: Any, transport: asyncio.Transport) -> Any:
    """The application, able to close the connection."""

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        scope["extensions"] = {"policy.drop": {"close": transport.abort}}
        await application(scope, receive, send)

    return wrapped


class Careful(H11Protocol):
    """One connection, read by the parser that takes every method."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        super().connection_made(transport)
        self.app = _droppable(self.app, transport)


def http_protocol() -> type[asyncio.Protocol]:
    """The protocol for new connections."""
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    except ImportError:
        return Careful

    class Fast(HttpToolsProtocol):
        """One connection, read by the fast parser until something odd comes."""

        is_in_message = False
        head_bytes = 0
        """How much of an unfinished request head has come; -1 once it is complete."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
            super().connection_made(transport)
            self.app = _droppable(self.app, transport)

        def on_message_begin(self) -> None:
            self.is_in_message = True
            self.head_bytes = 0
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self.head_bytes = -1
            super().on_headers_complete()

        def on_message_complete(self) -> None:
            self.is_in_message = False
            super().on_message_complete()

        def data_received(self, data: bytes) -> None:
            is_idle = self.cycle is None or self.cycle.response_complete
            if self.is_in_message or not is_idle or _PLAIN.match(data):
                super().data_received(data)
                if self.is_in_message and self.head_bytes >= 0:
                    self.head_bytes += len(data)
                    if self.head_bytes > _MAX_HEAD_BYTES:
                        self.send_400_response("The request head is too large.")
            else:
                self._hand_over(data)

        def _hand_over(self, data: bytes) -> None:
            """Let the other parser have the connection, for good."""
            self._unset_keepalive_if_required()
            self.connections.discard(self)
            other = Careful(self.config, self.server_state, self.app_state, self.loop)
            other.connection_made(self.transport)
            self.transport.set_protocol(other)
            other.data_received(data)

    return Fast


class QuietServer(uvicorn.Server):
    """A server that leaves the signals of the process to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture nothing: see `policy.server.network.serve`."""
        yield
