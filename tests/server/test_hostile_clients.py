"""Clients that mean harm, against `sudopath serve` on a real port: it answers as the documentation
says, stays up, serves everybody else meanwhile, and its memory stays bounded."""

from __future__ import annotations

import ast
import contextlib
import hmac
import json
import resource
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import policy.server
from policy.testing.server import InProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MIB = 1024 * 1024
CONNECTIONS = 1000


class Server:
    """A running server, asked with bytes."""

    def __init__(self, process: subprocess.Popen[str], start: dict[str, Any]) -> None:
        self.process = process
        self.addresses = [
            node["address"].removeprefix("http://").rpartition(":") for node in start["nodes"]
        ]
        self.root_token: str = start["root_token"]

    def connect(self) -> socket.socket:
        host, _, port = self.addresses[0]
        return socket.create_connection((host, int(port)), timeout=30)

    def send(self, *pieces: bytes) -> bytes:
        """What comes back until the server closes, or has sent one short answer."""
        with self.connect() as connection:
            # Who is refused early may find the connection closed under it.
            with contextlib.suppress(ConnectionError):
                for piece in pieces:
                    connection.sendall(piece)
            return _answer(connection)

    def ask(self, method: str, target: str, body: bytes = b"", *headers: str) -> tuple[int, bytes]:
        head = [
            f"{method} {target} HTTP/1.1",
            "Host: x",
            "Connection: close",
            f"X-Vault-Token: {self.root_token}",
            f"Content-Length: {len(body)}",
            *headers,
        ]
        answer = self.send("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        first, _, rest = answer.partition(b"\r\n")
        return int(first.split()[1]), rest.partition(b"\r\n\r\n")[2]

    def is_well(self) -> bool:
        started = time.monotonic()
        status, _ = self.ask("GET", "/v1/sys/health")
        # The machine may be busy; a server that waits for somebody else would take far longer.
        return status == 200 and time.monotonic() - started < 15 and self.process.poll() is None

    @contextmanager
    def within(self, size: int) -> Iterator[None]:
        """What happens here may take that many bytes of memory at once, and no more."""
        folder = Path(f"/proc/{self.process.pid}")
        # From now on the kernel notes the peak anew.
        (folder / "clear_refs").write_text("5")
        before = self._memory("VmRSS")
        yield
        assert self._memory("VmHWM") - before < size

    def _memory(self, name: str) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        line = next(line for line in status.splitlines() if line.startswith(name))
        return int(line.split()[1]) * 1024


def _answer(connection: socket.socket) -> bytes:
    found = b""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65536):
            found += piece
            head, end, body = found.partition(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            if end and length and len(body) >= int(length):
                break
    return found


@contextmanager
def _files(count: int) -> Iterator[None]:
    """As many open files as are needed here, and in the programs that are started here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, count), hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def _served(*words: str, limit: int | None = None) -> Iterator[Server]:
    command = [sys.executable, "-m", "policy", "serve", "--quiet", "--format", "json", *words]
    if limit is not None:
        command = ["/bin/sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh", *command]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, process.communicate()[1]
            yield Server(process, json.loads(line))
            process.terminate()
            _, complaints = process.communicate(timeout=30)
            assert process.returncode == 0
            assert "Traceback" not in complaints
        finally:
            process.kill()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with _files(CONNECTIONS + 200), _served("--listen", "127.0.0.1:0") as running:
        yield running
        assert running.is_well()


PUT = b"PUT /v1/sys/step-down HTTP/1.1\r\nHost: x\r\n"
TOO_LARGE = b'{"errors":["http: request body too large"]}\n'


def test_bodies_over_the_limit_are_413_and_not_kept(server: Server) -> None:
    half = b"x" * (17 * MIB)
    announced = PUT + b"Content-Length: %d\r\n\r\n" % (2 * len(half))
    chunked = PUT + b"Transfer-Encoding: chunked\r\n\r\n"
    chunk = b"%x\r\n" % len(half) + half + b"\r\n"
    with server.within(80 * MIB):
        for _ in range(3):
            assert server.send(announced, half, half).endswith(TOO_LARGE)
            assert server.send(chunked, chunk, chunk, b"0\r\n\r\n").endswith(TOO_LARGE)
    assert server.is_well()


def test_a_body_without_end_is_cut_off(server: Server) -> None:
    chunk = b"100000\r\n" + b"x" * MIB + b"\r\n"
    sent = 0
    with server.within(80 * MIB), server.connect() as connection:
        connection.sendall(PUT + b"Transfer-Encoding: chunked\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            for _ in range(300):
                connection.sendall(chunk)
                sent += len(chunk)
    assert sent < 100 * MIB
    assert server.is_well()


def test_a_body_at_the_limit_is_read(server: Server) -> None:
    frame = b'{"path":"a","b":""}'
    body = frame[:17] + b"a" * (32 * MIB - len(frame)) + frame[17:]
    assert len(body) == 32 * MIB
    status, answer = server.ask("POST", "/v1/sys/capabilities-self", body)
    assert (status, answer[:11]) == (200, b'{"a":["root')
    assert server.ask("POST", "/v1/sys/capabilities-self", body + b" ")[0] == 413


def test_slow_bodies_hold_up_nobody(server: Server) -> None:
    with contextlib.ExitStack() as open_ones:
        slow = [open_ones.enter_context(server.connect()) for _ in range(50)]
        body = b'{"path":"a"}'
        head = b"POST /v1/sys/capabilities-self HTTP/1.1\r\nHost: x\r\nX-Vault-Token: "
        head += server.root_token.encode() + b"\r\nContent-Length: %d\r\n\r\n" % len(body)
        for connection in slow:
            connection.sendall(head)
        for at in range(len(body)):
            assert server.is_well()
            for connection in slow:
                connection.sendall(body[at : at + 1])
        for connection in slow:
            assert _answer(connection).startswith(b"HTTP/1.1 200")


def test_who_leaves_in_the_middle_is_forgotten(server: Server) -> None:
    for piece in (b"", b"P", PUT[:-2], PUT + b"Content-Length: 1000\r\n\r\n{", b"GET /v1/"):
        for _ in range(20):
            with server.connect() as connection:
                connection.sendall(piece)
    assert server.is_well()


def test_a_thousand_idle_connections(server: Server) -> None:
    with server.within(100 * MIB), contextlib.ExitStack() as open_ones:
        idle = [open_ones.enter_context(server.connect()) for _ in range(CONNECTIONS)]
        # Half of them wait after an answer, the others have never said a word.
        request = b"GET /v1/sys/leader HTTP/1.1\r\nHost: x\r\n\r\n"
        for connection in idle[::2]:
            connection.sendall(request)
        for connection in idle[::2]:
            assert _answer(connection).startswith(b"HTTP/1.1 200")
        assert server.is_well()
        idle[-1].sendall(request)
        assert _answer(idle[-1]).startswith(b"HTTP/1.1 200")
    assert server.is_well()


def test_more_connections_than_it_may_have_files() -> None:
    with _served("--listen", "127.0.0.1:0", limit=64) as server:
        with contextlib.ExitStack() as open_ones:
            for _ in range(150):
                open_ones.enter_context(server.connect())
            time.sleep(0.5)
            assert server.process.poll() is None
        until = time.monotonic() + 30
        while not server.send(b"GET /v1/sys/leader HTTP/1.1\r\nHost: x\r\n\r\n"):
            assert time.monotonic() < until
            time.sleep(0.05)
        assert server.is_well()


BROKEN = [
    b"\r\n\r\n\0\0\0\0\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xaa" * 64 + b"\r\n\r\n",
    b"GET /v1/sys/health\r\n\r\n",
    b"GET /v1/sys/health HTTP/1.1 HTTP/1.1\r\n\r\n",
    b"GET\t/v1/sys/health\tHTTP/1.1\r\nHost: x\r\n\r\n",
    b"G\0T /v1/sys/health HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /v1/sys/health HTTP/1.1\r\nHost: x\r\nA\0B: c\r\n\r\n",
    b"GET /v1/sys/health HTTP/1.1\r\nHost: x\r\n: nameless\r\n\r\n",
    b"GET /v1/sys/health HTTP/1.1\r\nHost: x\r\nno colon here\r\n\r\n",
    b"GET /v1/sys/health HTTP/1.1\r\nHost: x\r\nspace : before\r\n\r\n",
    PUT + b"Content-Length: -1\r\n\r\n",
    PUT + b"Content-Length: 1x\r\n\r\nab",
    PUT + b"Content-Length: 99999999999999999999999\r\n\r\n",
    PUT + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    PUT + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    PUT + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
    PUT + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc\r\n",
    PUT + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
]


@pytest.mark.parametrize("raw", BROKEN, ids=range(len(BROKEN)))
def test_malformed_http_is_400_and_ends_the_connection(server: Server, raw: bytes) -> None:
    # The other request, smuggled in behind the first, must get no answer of its own.
    smuggled = b"GET /v1/sys/seal-status HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = server.send(raw + smuggled)
    assert answer.startswith(b"HTTP/1.1 400 "), answer[:200]
    assert b"sealed" not in answer
    assert server.is_well()


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/v1/%", 400),
        ("/v1/%2", 400),
        ("/v1/%zz", 400),
        ("/v1/sys/%00", 400),
        ("/v1/sys/%0d%0aX-Injected:%201", 400),
        ("/v1/sys/%7f", 400),
        ("/v1/sys/health/../leader", 307),
        ("/v1/sys//leader", 307),
        ("/v1/sys/%2e%2e/leader", 400),
        ("/v1/sys/%2E/leader", 400),
        ("/v1/sys%2Fleader", 405),
        ("/v1/sys/%2Fmounts", 403),
        ("/v1/%73ys/leader", 200),
        ("/v1/sys/lead%65r", 200),
        ("/v1/sys/leader%252F", 404),
        ("/v1/sys/%C3%A4", 404),
        ("/v1/sys/%FF%FE", 404),
        ("/v1/sys/%F0%9F%92%A9", 404),
        ("/v1/secret/data/%5C..%5C..%5Csys", 404),
        ("/v1/sys/leader?%", 200),
        ("/v1/sys/leader?a=%zz&=&&;", 200),
        ("/" + "%61" * 5000, 404),
        ("/v1/" + "a/" * 10_000, 404),
    ],
    ids=lambda value: str(value)[:40],
)
def test_odd_escapes(server: Server, target: str, status: int) -> None:
    answer = server.ask("GET", target)
    assert answer[0] == status, answer[1][:200]
    assert b"X-Injected" not in answer[1]


def test_deep_json(server: Server) -> None:
    path = "/v1/sys/capabilities-self"
    for depth, status, words in (
        (500, 200, b""),
        (5_000, 400, b"nested deeper than the mock reads"),
        (20_000, 400, b"exceeded max depth"),
    ):
        body = b'{"path":"a","b":' + b"[" * depth + b"]" * depth + b"}"
        found = server.ask("POST", path, body)
        assert found[0] == status
        assert words in found[1]
    for piece in (b"[", b'{"a":'):
        assert server.ask("POST", path, piece * 200_000)[0] == 400
    assert server.is_well()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"[" + b"1," * (12 * MIB), "application/json"),
        (b"{}" * (12 * MIB), "application/json"),
        (b'{"a":"' + b"\\ud800" * (4 * MIB) + b'"}', "application/json"),
        (b'{"a":' + b" " * (24 * MIB) + b"x", "application/json"),
        (b"a=1&" * (6 * MIB), "application/x-www-form-urlencoded"),
        (b"%" * (24 * MIB), "application/x-www-form-urlencoded"),
    ],
    ids=("numbers", "objects", "surrogates", "blanks", "form", "escapes"),
)
def test_a_body_that_is_hard_to_read_holds_up_nobody_for_long(
    server: Server, body: bytes, kind: str
) -> None:
    started = time.monotonic()
    status, _ = server.ask("POST", "/v1/sys/capabilities-self", body, f"Content-Type: {kind}")
    assert status == 400
    # Read character by character it would take half a minute.
    assert time.monotonic() - started < 10


def test_header_floods(server: Server) -> None:
    start = b"GET /v1/sys/leader HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    many = b"".join(b"X-%d: y\r\n" % number for number in range(20_000))
    with server.within(100 * MIB):
        assert server.send(start + many + b"\r\n").startswith(b"HTTP/1.1 200")
        assert server.send(start + b"X: " + b"y" * (MIB // 2) + b"\r\n\r\n").startswith(
            b"HTTP/1.1 200"
        )
        for flood in (b"X: y\r\n" * 500_000, b"X: " + b"y" * (3 * MIB), b"X" * (3 * MIB)):
            assert server.send(start, flood).startswith(b"HTTP/1.1 400")
        # The careful parser, which gets every method that no standard knows, has a smaller limit.
        assert server.send(b"LIST /v1/a HTTP/1.1\r\n" + many).startswith(b"HTTP/1.1 400")
        assert server.send(b"GET /" + b"a" * (3 * MIB)).startswith(b"HTTP/1.1 400")
    assert server.is_well()


def test_many_at_once(server: Server) -> None:
    """Broken and good requests from several threads; the good ones get their answers."""
    good: list[int] = []

    def harass() -> None:
        for raw in BROKEN:
            server.send(raw)

    def ask() -> None:
        good.extend(server.ask("GET", "/v1/sys/leader")[0] for _ in range(20))

    threads = [threading.Thread(target=work) for work in (harass, ask, harass, ask)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert good == [200] * 40


# Secrets, and who can reach it


def test_a_token_is_found_by_its_keyed_hash_and_compared_in_constant_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[tuple[str, str]] = []
    really: Callable[[str, str], bool] = hmac.compare_digest

    def listening(one: str, other: str) -> bool:
        compared.append((one, other))
        return really(one, other)

    with InProcess() as mock:
        monkeypatch.setattr(hmac, "compare_digest", listening)
        hashed = mock.mock.core.tokens.hash_of(mock.mock.root_token)
        assert mock.get("/v1/auth/token/lookup-self").status == 200
        assert (hashed, hashed) in compared
        assert mock.mock.root_token not in {text for pair in compared for text in pair}
        # The storage knows no token: a copy of it lets nobody in.
        stored = str(mock.mock.core.storage.scan("token/"))
        assert hashed in stored
        assert mock.mock.root_token not in stored
        assert mock.get("/v1/auth/token/lookup-self", token=hashed).status == 403


SECRETS = {"root_token", "token_key", "secret", "password", "offered", "unseal_key"}


def test_no_secret_is_compared_character_by_character() -> None:
    found = []
    files = sorted(Path(policy.server.__file__).parent.rglob("*.py"))
    assert len(files) > 20
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Compare):
                sides = [node.left, *node.comparators]
                names = {getattr(side, "id", getattr(side, "attr", "")) for side in sides}
                kinds = (ast.Eq, ast.NotEq)
                if names & SECRETS and any(isinstance(op, kinds) for op in node.ops):
                    found.append(f"{file.name}:{node.lineno}")
    assert found == []


def _listening(process: int) -> list[str]:
    """The addresses a process listens on, as the kernel writes them."""
    inodes = set()
    for entry in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(OSError):
            inodes.add(str(entry.readlink()).removeprefix("socket:[").removesuffix("]"))
    found = []
    for table in ("tcp", "tcp6", "udp", "udp6"):
        path = Path(f"/proc/{process}/net/{table}")
        for line in path.read_text("ascii").splitlines()[1:] if path.exists() else ():
            words = line.split()
            if words[9] in inodes and (words[3] == "0A" or table.startswith("udp")):
                found.append(words[1].partition(":")[0])
    return found


def test_nothing_listens_beyond_loopback_unless_told() -> None:
    from policy.cli.serve import _DEFAULT_LISTEN

    assert _DEFAULT_LISTEN.startswith("127.0.0.1:")
    loopback = "0100007F"
    with _served("--listen", "127.0.0.1:0", "--nodes", "3") as server:
        assert _listening(server.process.pid) == [loopback] * 3
        assert len(server.addresses) == 3
    with _served("--listen", "0.0.0.0:0") as server:
        assert _listening(server.process.pid) == ["00000000"]
