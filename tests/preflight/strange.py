"""Servers that are no Vault: each connection gets the same bytes, or none."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["closed_port", "page", "responding", "strange"]


@contextlib.contextmanager
def strange(
    serve: Callable[[socket.socket, bytes], None],
    context: ssl.SSLContext | None = None,
    heard: list[bytes] | None = None,
) -> Iterator[str]:
    """Listens on a free port; `serve` is called with each connection and the head of its first
    request, which `heard` keeps. Yields `host:port`."""
    listener = socket.create_server(("127.0.0.1", 0))
    is_over = threading.Event()
    threads: list[threading.Thread] = []

    def one(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            wrapped = connection
            if context is not None:
                wrapped = context.wrap_socket(connection, server_side=True)
            with wrapped:
                head = wrapped.recv(65_536)
                if heard is not None:
                    heard.append(head)
                serve(wrapped, head)

    def accept() -> None:
        while not is_over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.settimeout(20)
            threads.append(threading.Thread(target=one, args=(connection,), daemon=True))
            threads[-1].start()

    threads.append(threading.Thread(target=accept, daemon=True))
    threads[0].start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        is_over.set()
        # `close` alone does not wake the thread that waits for a connection.
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in threads:
            thread.join(20)


def responding(
    answers: Mapping[str, bytes], otherwise: bytes = b"", pause: float = 0.0
) -> Callable[[socket.socket, bytes], None]:
    """Answers by the path of the request, and closes."""

    def serve(connection: socket.socket, head: bytes) -> None:
        time.sleep(pause)
        path = head.split(b" ")[1].decode("utf-8", "replace") if b" " in head else ""
        connection.sendall(answers.get(path, otherwise))

    return serve


def page(body: object, status: str = "200 OK") -> bytes:
    """An answer in JSON."""
    raw = orjson.dumps(body)
    head = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {len(raw)}\r\n\r\n"
    return head.encode() + raw


def closed_port() -> str:
    """An address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"
