"""A sequence is played to both sides; where they differ, it is made short."""

from __future__ import annotations

import http.client
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, Self
from urllib.parse import quote

from policy.testing.server import InProcess
from tests.server.sequences.compare import Answer, Pairing
from tests.server.sequences.steps import Memory, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Difference", "Server", "SpoiledError", "play", "shortened"]


_BUILTIN: Final = frozenset(("cubbyhole/", "identity/", "sys/"))
_PATIENCE_SECONDS: Final = 10.0


class SpoiledError(RuntimeError):
    """The real server cannot be made as it was; another one is needed."""


class Server(Protocol):
    """A real server on a loopback port."""

    @property
    def address(self) -> str:
        """Host and port."""

    @property
    def root_token(self) -> str: ...

    @property
    def is_dev(self) -> bool: ...

    @property
    def started(self) -> float:
        """When its root token was made, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a sequence went apart."""

    steps: Sequence[Step]
    at: int
    texts: Sequence[str]

    def __str__(self) -> str:
        lines = [str(step) for step in self.steps[: self.at + 1]]
        return "\n".join([*lines, *(f"     {text}" for text in self.texts)])

    @property
    def kind(self) -> str:
        """What is the same for the same difference found again, nearly always."""
        step = self.steps[self.at]
        return f"{step.method} {step.target} {self.texts[0][:60]}"


class Client:
    """One connection to the real server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._connection = http.client.HTTPConnection(server.address, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        """One request. Status 0 means that the server closed the connection."""
        try:
            self._connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in headers.items():
                self._connection.putheader(name, value.encode())
            self._connection.putheader("Content-Length", str(len(body)))
            self._connection.endheaders(body)
            response = self._connection.getresponse()
            found = response.read()
            return Answer(response.status, dict(response.getheaders()), found, time.time())
        except (http.client.HTTPException, ConnectionError):
            self._connection.close()
            return Answer(0, {}, b"", time.time())

    def json(self, method: str, path: str, namespace: str = "") -> Any:
        """The decoded body of an answer to root, for cleaning up."""
        headers = {"X-Vault-Token": self.server.root_token}
        if namespace:
            headers["X-Vault-Namespace"] = namespace
        answer = self.ask(method, "/v1/" + quote(path), headers, b"")
        return answer.json if answer.status == 200 else {}


def play(server: Server, steps: Sequence[Step]) -> Difference | None:
    """Play a sequence to the real server and to a new mock: the first difference, if any.

    The real server is left as it was found.
    """
    mock = InProcess(is_dev=server.is_dev, root_token=server.root_token)
    # With the same fraction of a second as the real one's: both sides cut it off.
    mock.clock.advance(time.time() - math.floor(server.started))
    pairing = Pairing()
    memories = Memory(server.root_token), Memory(server.root_token)
    began, mock_began = time.monotonic(), mock.clock.now()
    with mock, Client(server) as client:
        try:
            for at, step in enumerate(steps):
                time.sleep(step.sleep)
                behind = time.monotonic() - began - (mock.clock.now() - mock_began)
                mock.clock.advance(max(0.0, behind))
                real = _when_ready(client, memories[0], step)
                mocked = _send_mock(mock, memories[1], step)
                # The server lists what has a name by its id, which each side made up.
                found = pairing.unlike(real, mocked, in_order="identity/" not in step.target)
                if found:
                    return Difference(steps, at, found)
                memories[0].remember(step, real.json)
                memories[1].remember(step, mocked.json)
        finally:
            _clean(client)
    return None


def _headers(memory: Memory, step: Step) -> dict[str, str]:
    token: str = memory.filled(step.token)
    sent = {"X-Vault-Token": token} if token else {}
    return {**sent, **{name: memory.filled(value) for name, value in step.headers.items()}}


def _send(client: Client, memory: Memory, step: Step) -> Answer:
    target: str = memory.filled(step.target)
    return client.ask(step.method, target, _headers(memory, step), memory.body(step))


def _when_ready(client: Client, memory: Memory, step: Step) -> Answer:
    """The answer, asked for again while a mount that was just made is not ready yet."""
    end = time.monotonic() + _PATIENCE_SECONDS
    answer = _send(client, memory, step)
    while b"This backend will be unavailable" in answer.body and time.monotonic() < end:
        time.sleep(0.01)
        answer = _send(client, memory, step)
    return answer


def _send_mock(mock: InProcess, memory: Memory, step: Step) -> Answer:
    answer = mock.request(
        step.method,
        memory.filled(step.target),
        headers=_headers(memory, step),
        body=memory.body(step),
        token="",
    )
    return Answer(answer.status, answer.headers, answer.body, mock.clock.now())


# Making it short


def shortened(server: Server, found: Difference) -> Difference:
    """A sequence as short as can be with the same first difference at its end."""
    wanted = found.texts[0].partition(":")[0]
    found = Difference(found.steps[: found.at + 1], found.at, found.texts)
    size = max(1, len(found.steps) // 2)
    while True:
        start, changed = 0, False
        while start < len(found.steps) - 1:
            fewer = [*found.steps[:start], *found.steps[min(start + size, found.at) :]]
            again = play(server, fewer) if len(fewer) < len(found.steps) else None
            if (
                again is not None
                and again.at == len(fewer) - 1
                and again.texts[0].startswith(wanted)
            ):
                found, changed = again, True
            else:
                start += size
        if size == 1 and not changed:
            return found
        size = max(1, size // 2)


# Leaving the server as it was found


def _clean(client: Client) -> None:
    """Take away whatever a sequence may have made. The policy `default` stays as it is."""
    _remove_namespaces(client, "")
    for mount in _data(client, "sys/auth"):
        if mount != "token/":
            client.json("DELETE", f"sys/auth/{mount.rstrip('/')}")
    for mount in _data(client, "sys/mounts"):
        if mount not in _BUILTIN:
            client.json("DELETE", f"sys/mounts/{mount.rstrip('/')}")
    if _data(client, "sys/mounts").keys() - _BUILTIN:
        raise SpoiledError("the real server keeps a mount")
    for name in _keys(client, "sys/policies/acl/"):
        if name not in ("root", "default"):
            client.json("DELETE", f"sys/policies/acl/{name}")
    for kind in ("identity/entity/id/", "identity/group/id/", "auth/token/roles/"):
        for name in _keys(client, kind):
            client.json("DELETE", kind + name)
    _empty(client, "cubbyhole/")
    root = _data(client, "auth/token/lookup-self").get("accessor")
    if root is None:
        raise SpoiledError("the root token of the real server is gone")
    for accessor in _keys(client, "auth/token/accessors/"):
        if accessor != root:
            body = b'{"accessor":"%s"}' % accessor.encode()
            headers = {"X-Vault-Token": client.server.root_token}
            client.ask("POST", "/v1/auth/token/revoke-accessor", headers, body)


def _remove_namespaces(client: Client, outer: str) -> None:
    """Inner ones first, and each is gone only after a while."""
    for name in _keys(client, "sys/namespaces/", outer):
        _remove_namespaces(client, outer + name)
        client.json("DELETE", f"sys/namespaces/{name.rstrip('/')}", outer)
    end = time.monotonic() + _PATIENCE_SECONDS
    while left := _keys(client, "sys/namespaces/", outer):
        if time.monotonic() > end:
            raise SpoiledError(f"the real server keeps the namespaces {left} in `{outer}`")
        time.sleep(0.01)


def _empty(client: Client, path: str) -> None:
    for name in _keys(client, path):
        if name.endswith("/"):
            _empty(client, path + name)
        else:
            client.json("DELETE", path + name)


def _keys(client: Client, path: str, namespace: str = "") -> list[str]:
    found = client.json("LIST", path, namespace)
    return list(found.get("data", {}).get("keys", ())) if isinstance(found, dict) else []


def _data(client: Client, path: str) -> dict[str, Any]:
    found = client.json("GET", path)
    return dict(found.get("data") or {}) if isinstance(found, dict) else {}
