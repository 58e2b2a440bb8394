"""A standby hands a request on to the active node, over HTTP, and its answer back unchanged.

The request carries the header that forbids to forward it again: whoever gets it by mistake says
so, and no request goes round in circles. When the active node cannot be reached, or turns out not
to be active, the client is sent there by a redirect, as the real server does while the link between
two of its nodes is not up.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from policy.server.answers import Answer

if TYPE_CHECKING:
    from policy.server.front_door import HttpRequest

__all__ = ["Forwarder"]

_HOP_BY_HOP: Final = {b"connection", b"content-length", b"date", b"server", b"transfer-encoding"}
_PIECE_BYTES: Final = 65536
_PRINTABLE: Final = "".join(map(chr, range(0x21, 0x7F)))


class Forwarder:
    """Sends requests to other nodes. `seconds` is how long one may take; `certificate` the file of
    the one that all nodes of the cluster use, which is trusted besides the usual ones."""

    def __init__(self, seconds: float, certificate: str = "") -> None:
        self._seconds = seconds
        self._certificate = certificate
        self._tls: ssl.SSLContext | None = None

    async def send(self, address: str, request: HttpRequest) -> Answer | None:
        """The answer of the node at `address`; None when there was none, or not in time. Then it
        is not known whether the request was heard."""
        try:
            return await asyncio.wait_for(self._send(address, request), self._seconds)
        except (TimeoutError, OSError, EOFError, _protocol_error()):
            return None

    async def _send(self, address: str, request: HttpRequest) -> Answer:
        parts = urlsplit(address)
        tls = self._context() if parts.scheme == "https" else None
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, ssl=tls)
        try:
            return await _exchange(reader, writer, parts.netloc, request)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
            if self._certificate:
                self._tls.load_verify_locations(self._certificate)
        return self._tls


def _protocol_error() -> type[Exception]:
    import h11

    return h11.ProtocolError


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, request: HttpRequest
) -> Answer:
    # It comes with uvicorn, and only a server that listens forwards anything.
    import h11

    line = h11.Connection(h11.CLIENT)
    for part in (
        h11.Request(
            method=request.method.encode("latin-1"),
            target=_target(request),
            headers=_headers(host, request),
        ),
        h11.Data(data=request.body),
        h11.EndOfMessage(),
    ):
        writer.write(line.send(part) or b"")
    await writer.drain()
    answer = Answer(0, b"", {})
    while True:
        event = line.next_event()
        if event is h11.NEED_DATA:
            line.receive_data(await reader.read(_PIECE_BYTES))
        elif isinstance(event, h11.Response):
            answer.status = event.status_code
            answer.headers = {
                name.decode("latin-1"): value.decode("utf-8", "surrogateescape")
                for name, value in event.headers.raw_items()
                if name.lower() not in _HOP_BY_HOP
            }
        elif isinstance(event, h11.Data):
            answer.body += event.data
        elif isinstance(event, h11.EndOfMessage):
            return answer
        elif isinstance(event, h11.ConnectionClosed):
            raise EOFError("the node closed the connection")


def _target(request: HttpRequest) -> bytes:
    target = request.target.escaped
    if request.target.query:
        # Bytes that no target may hold came in one all the same.
        target += "?" + quote(request.target.query.encode("latin-1"), safe=_PRINTABLE)
    return target.encode("ascii")


def _headers(host: str, request: HttpRequest) -> list[tuple[bytes, bytes]]:
    sent: list[tuple[str, Any]] = [
        ("Host", host),
        ("Connection", "close"),
        ("X-Vault-No-Request-Forwarding", "forwarded"),
    ]
    sent += [("Authorization", value) for value in request.authorization]
    sent += request.headers.items()
    if request.body or request.method in ("PUT", "POST", "PATCH"):
        sent.append(("Content-Length", str(len(request.body))))
    return [
        (name.encode("latin-1"), value.encode("utf-8", "surrogateescape")) for name, value in sent
    ]
