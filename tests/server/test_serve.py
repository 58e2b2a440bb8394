"""`sudopath serve` as a program: start, readiness, log, TLS, stop."""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

POLICIES = Path(__file__).parents[2] / "fixtures" / "policies"
COMMAND = [sys.executable, "-m", "policy", "serve"]


class _Running:
    """A server that has said that it is ready."""

    def __init__(self, process: subprocess.Popen[str], start: dict[str, Any]) -> None:
        self.process = process
        self.start = start
        self.log = ""

    def ask(
        self, method: str, path: str, token: str = "", node: int = 0, context: Any = None
    ) -> tuple[int, Any]:
        scheme, _, host = self.start["nodes"][node]["address"].partition("://")
        connection: http.client.HTTPConnection
        if scheme == "https":
            connection = http.client.HTTPSConnection(host, timeout=10, context=context)
        else:
            connection = http.client.HTTPConnection(host, timeout=10)
        try:
            connection.request(method, path, headers={"X-Vault-Token": token} if token else {})
            answer = connection.getresponse()
            data = answer.read()
            return answer.status, json.loads(data) if data else None
        finally:
            connection.close()


@contextmanager
def _served(*words: str, stop: int = signal.SIGTERM) -> Iterator[_Running]:
    process = subprocess.Popen(
        [*COMMAND, "--listen", "127.0.0.1:0", "--format", "json", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        running = _Running(process, json.loads(line))
        yield running
        process.send_signal(stop)
        rest, running.log = process.communicate(timeout=10)
        assert rest == ""
        assert process.returncode == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def test_three_nodes_with_policies_and_tokens(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.json"
    tokens.write_text('[{"id": "ops-token", "policies": ["ops", "default"]}]')
    with _served("--nodes", "3", "--policies", str(POLICIES), "--tokens", str(tokens)) as server:
        assert server.start["ready"] is True
        assert len({node["address"] for node in server.start["nodes"]}) == 3
        root = server.start["root_token"]
        status, found = server.ask("GET", "/v1/auth/token/lookup-self", "ops-token", node=2)
        assert (status, found["data"]["policies"]) == (200, ["default", "ops"])
        assert server.ask("GET", "/v1/sys/policies/acl/ops", root)[0] == 200
        status, leader = server.ask("GET", "/v1/sys/leader", node=1)
        assert leader["leader_address"] == server.start["nodes"][0]["address"]
        assert server.ask("PUT", "/v1/sys/step-down", node=1)[0] == 403
        assert server.ask("PUT", "/v1/sys/step-down", root, node=1)[0] == 204
        assert server.ask("GET", "/v1/sys/health")[0] == 429
    lines = [json.loads(line) for line in server.log.splitlines()]
    assert [line["status"] for line in lines] == [200, 200, 200, 403, 204, 429]
    assert lines[0].keys() == {"time", "node", "method", "path", "status", "milliseconds"}
    assert root not in server.log
    assert "ops-token" not in server.log


@pytest.mark.parametrize(
    ("words", "status", "answer"),
    [
        (("--sealed",), 503, {"errors": ["Vault is sealed"]}),
        (("--uninitialized",), 503, {"errors": ["Vault is sealed"]}),
        (("--dev",), 200, {"ha_enabled": False}),
    ],
)
def test_other_beginnings(words: tuple[str, ...], status: int, answer: object) -> None:
    with _served(*words, "--quiet", stop=signal.SIGINT) as server:
        assert server.ask("GET", "/v1/sys/leader") == (status, answer)
    assert server.log == ""


def test_a_given_token_is_the_root_token() -> None:
    with _served("--root-token", "root", "--unseal-key", "ab" * 16) as server:
        assert server.ask("GET", "/v1/auth/token/lookup-self", "root")[0] == 200
        assert server.start["unseal_key"] == "ab" * 16


def test_a_connection_can_be_closed_without_an_answer() -> None:
    with _served() as server, pytest.raises(http.client.RemoteDisconnected):
        server.ask("GET", "/v1/sys/health?activecode=0")


def test_any_method_gets_an_answer_of_the_server() -> None:
    with _served("--quiet") as server:
        for method in ("LIST", "SCAN", "FOO", "get", "TRACE", "HELP"):
            status, _ = server.ask(method, "/v1/sys/mounts")
            assert status == (405 if method in ("FOO", "get", "TRACE") else 403)


def test_hostile_requests_get_an_answer_and_leave_the_server_well() -> None:
    with _served("--quiet") as server:
        host, _, port = server.start["nodes"][0]["address"].removeprefix("http://").partition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=20)
        connection.request("PUT", "/v1/sys/step-down", b"x" * (32 * 1024 * 1024 + 1))
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (
            413,
            b'{"errors":["http: request body too large"]}\n',
        )
        connection.close()
        for raw in (
            b"GARBAGE\r\n\r\n",
            b"GET /v1/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            b"GET /v1/a\x00b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            b"GET /v1/sys/health HTTP/1.1\r\n" + b"A: b\r\n" * 300_000 + b"\r\n",
        ):
            with socket.create_connection((host, int(port)), timeout=10) as raw_connection:
                raw_connection.sendall(raw)
                assert raw_connection.recv(100).startswith(b"HTTP/1.1 400"), raw[:40]
        assert server.ask("GET", "/v1/sys/health")[0] == 200


def test_methods_may_change_on_one_connection() -> None:
    with _served("--quiet") as server:
        host = server.start["nodes"][0]["address"].removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=10)
        for method in ("GET", "LIST", "PUT", "FOO", "GET"):
            connection.request(method, "/v1/sys/mounts", b"{}" if method == "PUT" else None)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == (405 if method == "FOO" else 403)
        connection.close()


def test_tls(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    with _served("--tls-cert", str(certificate), "--tls-key", str(key)) as server:
        context = ssl.create_default_context(cafile=str(certificate))
        status, found = server.ask("GET", "/v1/sys/leader", context=context)
        assert status == 200
        assert found["leader_address"].startswith("https://127.0.0.1:")


def _refused(*words: str) -> str:
    done = subprocess.run(
        [*COMMAND, *words], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


def test_what_cannot_be_is_refused_at_the_start(tmp_path: Path) -> None:
    broken = tmp_path / "broken.hcl"
    broken.write_text('path "a" { capabilities = ["fly"] }')
    assert "`fly` is not a capability" in _refused("--policies", str(broken))
    assert "no address" in _refused("--listen", "nowhere")
    assert "belong together" in _refused("--tls-cert", "x.pem")
    assert "without HA" in _refused("--dev", "--nodes", "3")
    assert "no such file" in _refused("--policies", str(tmp_path / "nosuch")).lower()
    with _served() as server:
        taken = server.start["nodes"][0]["address"].removeprefix("http://")
        assert f"cannot listen on {taken}" in _refused("--listen", taken)
