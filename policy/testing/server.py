"""The mock server for users' tests: on a free port, or without any socket and with a clock by hand.

from policy.testing.server import InProcess

server = InProcess(nodes=3)
server.put("/v1/sys/step-down")           # 204
server.clock.advance(0.6)                 # another node is active now, and nobody waited

pytest_plugins = ["policy.testing.server"]      # in a conftest.py

def test_with_hvac(mock_server):
    client = hvac.Client(mock_server.address, mock_server.root_token)
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import orjson
import pytest

from policy.server import ManualClock, Mock, Options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, MutableMapping
    from types import TracebackType

__all__ = ["InProcess", "OnPorts", "Pending", "Response", "mock_cluster", "mock_server"]

_START_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Response:
    """What came back. Status 0 is a connection that was closed without an answer."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    """By name, as the server writes it."""
    body: bytes = b""

    @property
    def json(self) -> Any:
        """The decoded body. Raises `ValueError` when it is no JSON."""
        return orjson.loads(self.body)


class Pending:
    """A request that was sent; its answer may have to wait for the clock."""

    def __init__(self, server: InProcess, task: asyncio.Task[Response]) -> None:
        self._server = server
        self._task = task

    @property
    def is_done(self) -> bool:
        """Whether the answer is there. The clock is left alone."""
        self._server.spin()
        return self._task.done()

    def result(self) -> Response:
        """The answer; the clock moves on as far as it has to."""
        return self._server.finish(self._task)


class InProcess:
    """A mock server that is called directly, on a clock that only moves when it is told to.

    Takes the options of `policy.server.Options` by name. A request that has to wait, such as one
    to a node that is about to step down, moves the clock to the moment it waits for.
    `mock.applications` are ASGI applications: give one to `httpx.ASGITransport` for an own client.
    """

    def __init__(self, **options: Any) -> None:
        self.clock = ManualClock()
        self.mock = Mock(Options(**options), clock=self.clock)
        self._loop = asyncio.new_event_loop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the event loop."""
        self._loop.close()

    def request(
        self,
        method: str,
        target: str,
        *,
        json: object = None,
        body: bytes = b"",
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        node: int = 0,
    ) -> Response:
        """Send a request to one node and take its answer.

        `target` goes out as it is, such as `/v1/a%2Fb?list=true`. Without `token` it is the root
        token; an empty one sends none.
        """
        return self.begin(
            method, target, json=json, body=body, token=token, headers=headers, node=node
        ).result()

    def begin(
        self,
        method: str,
        target: str,
        *,
        json: object = None,
        body: bytes = b"",
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        node: int = 0,
    ) -> Pending:
        """Send a request, and take its answer later. See `request`."""
        token = self.mock.root_token if token is None else token
        sent = {**({"X-Vault-Token": token} if token else {}), **(headers or {})}
        payload = orjson.dumps(json) if json is not None else body
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "raw_path": path.encode("utf-8", "surrogateescape"),
            "path": path,
            "query_string": query.encode("utf-8", "surrogateescape"),
            "headers": [
                (name.lower().encode("latin-1"), value.encode("utf-8", "surrogateescape"))
                for name, value in sent.items()
            ],
        }
        return Pending(self, self._loop.create_task(self._call(node, scope, payload)))

    def get(self, target: str, **options: Any) -> Response:
        """`request` with GET."""
        return self.request("GET", target, **options)

    def put(self, target: str, **options: Any) -> Response:
        """`request` with PUT."""
        return self.request("PUT", target, **options)

    def post(self, target: str, **options: Any) -> Response:
        """`request` with POST."""
        return self.request("POST", target, **options)

    def spin(self) -> None:
        """Let everything happen that waits for nothing. The clock is left alone."""
        for _ in range(5):
            self._loop.run_until_complete(asyncio.sleep(0))

    def finish(self, task: asyncio.Task[Response]) -> Response:
        """Let a request come to its end, moving the clock where it has to."""
        while not task.done():
            self.spin()
            moment = self.clock.next_wake_up
            if not task.done() and moment is not None:
                self.clock.advance(max(0.0, moment - self.clock.now()))
        return task.result()

    async def _call(self, node: int, scope: dict[str, Any], payload: bytes) -> Response:
        messages: list[dict[str, Any]] = [{"type": "http.request", "body": payload}]
        status, headers, body = 0, {}, b""

        async def receive() -> MutableMapping[str, Any]:
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            nonlocal status, headers, body
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = {n.decode("latin-1"): v.decode() for n, v in message["headers"]}
            else:
                body += message["body"]

        await self.mock.applications[node](scope, receive, send)
        return Response(status, headers, body)


class OnPorts:
    """A mock server on free loopback ports, in a thread, for the length of a `with` block.

    Takes the options of `policy.server.Options` by name. For clients that know HTTP alone.
    """

    def __init__(self, **options: Any) -> None:
        self.mock = Mock(Options(**options))
        self.addresses: list[str] = []
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._error: BaseException | None = None

    @property
    def address(self) -> str:
        """The URL of the first node."""
        return self.addresses[0]

    @property
    def root_token(self) -> str:
        """The root token."""
        return self.mock.root_token

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        if not ready.wait(_START_SECONDS) or self._error is not None:
            raise RuntimeError("the mock server did not start") from self._error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not None:
            self._thread.join(_START_SECONDS)

    def _run(self, ready: threading.Event) -> None:
        try:
            from policy.server.network import run

            run(self._serve(ready))
        except BaseException as error:  # noqa: BLE001 -- it is raised where somebody waits for it
            self._error = error
            ready.set()

    async def _serve(self, ready: threading.Event) -> None:
        from policy.server.network import announce, bind, serve

        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        sockets = bind("127.0.0.1", 0, len(self.mock.cluster.nodes))
        self.addresses = announce(self.mock, sockets, is_tls=False)
        await serve(self.mock, sockets, self._stop, ready=ready.set)


@pytest.fixture
def mock_server() -> Iterator[OnPorts]:
    """A mock server of one node on a free port: `address` and `root_token` are for clients."""
    with OnPorts() as server:
        yield server


@pytest.fixture
def mock_cluster() -> Iterator[InProcess]:
    """Three nodes in this process, without sockets, on a clock that the test turns."""
    with InProcess(nodes=3) as server:
        yield server
