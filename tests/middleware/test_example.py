"""The example application does what its page says, behind a real server."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "guarded_notes.py"


def _free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        port: int = opened.getsockname()[1]
        return port


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether the server answers; False if it ended, because somebody else took the port."""
    until = time.monotonic() + 30
    while process.poll() is None:
        assert time.monotonic() < until, "the example does not start"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return process.poll() is None
    return False


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    for _ in range(5):
        chosen = _free_port()
        with subprocess.Popen(
            [sys.executable, str(EXAMPLE), str(chosen)], stderr=subprocess.DEVNULL
        ) as process:
            if not _answers(process, chosen):
                continue
            try:
                yield chosen
            finally:
                process.terminate()
                process.wait(timeout=30)
            return
    pytest.fail("no free port")


def _ask(port: int, method: str, path: str, token: str = "", body: bytes | None = None) -> int:
    return _answer(port, method, path, token, body)[0]


def _answer(
    port: int, method: str, path: str, token: str = "", body: bytes | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_notes_of_ann_and_bob(port: int) -> None:
    first = "/notes/ann/first"
    assert _ask(port, "PUT", first, body=b"hello") == 403
    assert _ask(port, "PUT", first, "bob-token", b"hello") == 403
    assert _ask(port, "PUT", first, "ann-token", b"hello") == 204
    assert _ask(port, "PUT", first, "ann-token", b"hello again") == 204
    assert _ask(port, "PUT", "/notes/bob/first", "ann-token", b"hello") == 403
    assert _answer(port, "GET", first, "bob-token") == (200, b"hello again")
    assert _answer(port, "GET", "/notes?list=true", "bob-token") == (200, b'["/notes/ann/first"]')
    assert _ask(port, "GET", "/notes/board/x", "bob-token") == 403
    assert _ask(port, "GET", "/notes/ann/../board/x", "bob-token") == 400
    assert _ask(port, "GET", "/notes/%62oard/x", "bob-token") == 403
    assert _ask(port, "GET", "/notes/board%2Fx", "bob-token") == 400
    assert _ask(port, "DELETE", first, "bob-token") == 403
    assert _ask(port, "DELETE", first, "ann-token") == 204


def test_metrics_of_the_example(port: int) -> None:
    assert _ask(port, "GET", "/metrics") == 403
    status, text = _answer(port, "GET", "/metrics", "bob-token")
    assert status == 200
    assert b'sudopath_decisions_total{outcome="deny",reason="no-subject"}' in text
