"""Listening: the nodes of a mock on TCP ports of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Any

from policy.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from policy.server.mock import Mock

__all__ = ["Tls", "announce", "bind", "run", "serve"]


class Tls:
    """Certificate and key, as files in PEM form."""

    def __init__(self, certificate: str, key: str) -> None:
        self.certificate = certificate
        self.key = key


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a server to its end, on the fastest event loop there is."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        with asyncio.Runner() as runner:
            runner.run(main)
    else:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(main)


def bind(host: str, port: int, count: int) -> list[socket.socket]:
    """One listening socket a node: the given port and, for more nodes, every second one behind
    it; any free ones for port 0. Raises `UsageError` when a port cannot be had."""
    sockets: list[socket.socket] = []
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        for at in range(count):
            # Only where TCP is named does asyncio turn off the delay of small packets.
            opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            sockets.append(opened)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind((host, port + 2 * at if port else 0))
            opened.listen(1024)
    except OSError as error:
        for opened in sockets:
            opened.close()
        raise UsageError(
            f"cannot listen on {host}:{port + 2 * (len(sockets) - 1) if port else 0}: "
            f"{error.strerror or error}"
        ) from None
    return sockets


def announce(
    mock: Mock, sockets: Sequence[socket.socket], *, is_tls: bool, address: str = ""
) -> list[str]:
    """Tell every node its own address. Returns them. `address` is that of the first, where it is
    not the one it listens on."""
    addresses = []
    for node, opened in zip(mock.cluster.nodes, sockets, strict=True):
        host, port = opened.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        addresses.append(f"{'https' if is_tls else 'http'}://{shown}:{port}")
        mock.set_address(
            node, address if address and node is mock.cluster.nodes[0] else addresses[-1]
        )
    return addresses


async def serve(
    mock: Mock,
    sockets: Sequence[socket.socket],
    stop: asyncio.Event,
    *,
    tls: Tls | None = None,
    ready: Callable[[], None] | None = None,
) -> None:
    """Serve until `stop` is set; then finish the requests under way, give up the lock if this is
    the active one of several processes, and close.

    Needs the extra `server`. Raises `UsageError` without it, or when certificate or key cannot
    be used.
    """
    try:
        import uvicorn

        from policy.server.protocol import QuietServer, http_protocol
    except ImportError:
        raise UsageError("the server needs more packages: install `sudopath[server]`") from None
    if mock.member is not None:
        # Who is told that the server is ready may ask at once where the others are.
        await mock.member.beat()
    servers = []
    protocol = http_protocol()
    for application in mock.applications:
        options: dict[str, Any] = {}
        if tls is not None:
            options = {"ssl_certfile": tls.certificate, "ssl_keyfile": tls.key}
        config = uvicorn.Config(
            application,
            http=protocol,
            interface="asgi3",
            proxy_headers=False,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=3,
            **options,
        )
        try:
            config.load()
        except OSError as error:
            raise UsageError(f"cannot use certificate or key: {error.strerror or error}") from None
        servers.append(QuietServer(config))
    tasks = [
        asyncio.create_task(server.serve([opened]))
        for server, opened in zip(servers, sockets, strict=True)
    ]
    while not all(server.started for server in servers):
        if any(task.done() for task in tasks):
            break
        await asyncio.sleep(0.005)
    else:
        if ready is not None:
            ready()
    waiting = asyncio.create_task(stop.wait())
    beating = [asyncio.create_task(mock.member.keep_beating())] if mock.member else []
    await asyncio.wait([waiting, *tasks, *beating], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*tasks)
    for task in (waiting, *beating):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    if mock.member is not None:
        mock.member.close()
