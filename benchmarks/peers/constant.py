"""The least an ASGI server can do: read a request, send an answer that is always the same.

It runs on the very setup of `sudopath serve`: the same event loop, HTTP parser and settings. As a
program it prints its port and serves until its standard input ends.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any, Final

import uvicorn

from policy.server.network import bind, run
from policy.server.protocol import QuietServer, http_protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_BODY: Final = (
    b'{"capabilities":["read"],"secret/data/team-1/app-1/prod/tls":["read"],'
    b'"request_id":"01234567-89ab-cdef-0123-456789abcdef","lease_id":"","renewable":false,'
    b'"lease_duration":0,"data":{"capabilities":["read"],'
    b'"secret/data/team-1/app-1/prod/tls":["read"]},"wrap_info":null,"warnings":null,'
    b'"auth":null}\n'
)
_START: Final = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"Cache-Control", b"no-store"),
        (b"Content-Type", b"application/json"),
        (b"Strict-Transport-Security", b"max-age=31536000; includeSubDomains"),
        (b"X-Vault-Index", b"MDAwMDAwMDAwMDAw"),
        (b"Content-Length", str(len(_BODY)).encode()),
    ],
}


async def _application(
    _scope: Any,
    receive: Callable[[], Awaitable[Any]],
    send: Callable[[Any], Awaitable[None]],
) -> None:
    while (await receive()).get("more_body"):
        pass
    await send(_START)
    await send({"type": "http.response.body", "body": _BODY})


async def _serve() -> None:
    [opened] = bind("127.0.0.1", 0, 1)
    config = uvicorn.Config(
        _application,
        http=http_protocol(),
        interface="asgi3",
        proxy_headers=False,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
    )
    server = QuietServer(config)
    serving = asyncio.create_task(server.serve([opened]))
    print(opened.getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = True
    await serving


if __name__ == "__main__":
    run(_serve())
