"""Two servers that clients cannot tell apart: a real one-node OpenBao with raft, and the mock."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from policy.testing.server import OnPorts
from tests.live import leash
from tests.live.server import find_binary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["RunningNode", "Target", "free_ports", "mock_target", "raft_node", "real_target"]

_START_SECONDS = 60.0
_START_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Target:
    """A server on a loopback port."""

    name: str
    address: str
    root_token: str
    unseal_key: str

    def send(self, method: str, path: str, body: object = None, token: str = "") -> tuple[int, Any]:
        """One request: status and decoded body; 0 when nobody answers."""
        host = self.address.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=30)
        headers = {"X-Vault-Token": token} if token else {}
        payload = None if body is None else orjson.dumps(body)
        try:
            connection.request(method, f"/v1/{path}", payload, headers)
            response = connection.getresponse()
            data = response.read()
            return response.status, orjson.loads(data) if data else None
        except (OSError, http.client.HTTPException):
            return 0, None
        finally:
            connection.close()

    def wait_active(self, seconds: float = _START_SECONDS) -> None:
        """Wait until the node is active. Raises `TimeoutError`."""
        end = time.monotonic() + seconds
        while self.send("GET", "sys/health")[0] != 200:
            if time.monotonic() > end:
                raise TimeoutError(f"{self.name} did not become active")
            time.sleep(0.05)


@contextlib.contextmanager
def mock_target() -> Iterator[Target]:
    """The mock, on a real clock."""
    with OnPorts() as server:
        yield Target("mock", server.address, server.root_token, server.mock.unseal_key)


@contextlib.contextmanager
def real_target() -> Iterator[Target]:
    """OpenBao with one raft node, initialised and unsealed, in a folder that is removed again."""
    for attempt in range(_START_ATTEMPTS):
        with contextlib.ExitStack() as stack:
            api, inner = free_ports(2)
            running = stack.enter_context(raft_node("n1", api, inner))
            try:
                target = _initialised(running)
            except _EndedError:
                # Another program may have been quicker to take the port.
                if attempt == _START_ATTEMPTS - 1:
                    raise
                continue
            yield target
            return


class _EndedError(RuntimeError):
    """The server ended instead of starting. The message carries its last words."""


@dataclass(frozen=True, slots=True)
class RunningNode:
    """A node in a process of its own."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def last_words(self) -> str:
        return self.log.read_text("utf-8", "replace")[-4000:]


@contextlib.contextmanager
def raft_node(name: str, api: int, inner: int, options: str = "") -> Iterator[RunningNode]:
    """One node that was just started, on these two ports; `options` are those of its storage."""
    with tempfile.TemporaryDirectory(prefix="sudopath-ha-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        config = home / "server.hcl"
        (home / "raft").mkdir()
        config.write_text(
            f'storage "raft" {{ path = "{home}/raft"  node_id = "{name}"  {options} }}\n'
            f'listener "tcp" {{ address = "127.0.0.1:{api}"  tls_disable = true '
            f'cluster_address = "127.0.0.1:{inner}" }}\n'
            f'api_addr = "http://127.0.0.1:{api}"\n'
            f'cluster_addr = "https://127.0.0.1:{inner}"\n'
        )
        command = [sys.executable, "-I", "-S", leash.__file__, folder, str(find_binary())]
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(
                [*command, "server", f"-config={config}"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=_environment(home),
                start_new_session=True,
            )
        try:
            yield RunningNode(f"http://127.0.0.1:{api}", process, home / "log")
        finally:
            if process.stdin is not None:
                process.stdin.close()
            process.wait(15)


def _initialised(running: RunningNode) -> Target:
    target = Target("real", running.address, "", "")
    end = time.monotonic() + _START_SECONDS
    while target.send("GET", "sys/init")[0] != 200:
        if running.process.poll() is not None:
            raise _EndedError(f"the real server ended:\n{running.last_words()}")
        if time.monotonic() > end:
            raise TimeoutError(f"the real server did not start:\n{running.last_words()}")
        time.sleep(0.05)
    _, made = target.send("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
    target.send("PUT", "sys/unseal", {"key": made["keys"][0]})
    ready = Target(target.name, target.address, made["root_token"], made["keys"][0])
    ready.wait_active()
    return ready


def _environment(home: Path) -> Mapping[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(("BAO_", "VAULT_")) and "PROXY" not in name.upper()
    }
    return {**kept, "HOME": str(home)}


def free_ports(count: int) -> list[int]:
    """Ports that nobody has just now; another program may be quicker to take them."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
