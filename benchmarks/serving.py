"""The mock server: requests per second, over connections that are kept open.

`sys/capabilities-self` with a token whose policy has 10, 100 or 1,000 rules. Two figures of the
same requests: against the real server, and against the setup that the mock runs on when it
answers a constant, which is what would be left if deciding took no time. By the clock on the wall.
And the memory of the mock, which must not grow with the requests it has answered.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, Self

from benchmarks.environment import ROOT
from benchmarks.measure import alternate
from benchmarks.peers.server import RealServer, Seat, ServerUnavailableError
from benchmarks.results import (
    Answers,
    Better,
    Row,
    Skipped,
    Unit,
    WrongAnswerError,
    faster_row,
)
from benchmarks.workloads import make_rules, plain_text, questions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from benchmarks.measure import Effort
    from benchmarks.workloads import RuleSpec

__all__ = ["Clients", "Running", "serving", "started"]

_COUNTS = (10, 100, 1_000)
_CONNECTIONS = 16
"""How many clients ask at once, so that no server ever waits for a request."""
_CHECK_ROUND = 1_000_000
"""The number of a round that is never timed: its questions are for comparing answers."""
_CHECKED = 300


def serving(effort: Effort) -> Iterator[Row | Skipped]:
    """Against the real server, and against a constant answer."""
    with ExitStack() as running:
        folder = Path(running.enter_context(TemporaryDirectory(prefix="sudopath-bench-")))
        mock = running.enter_context(started(_mock_command(folder), _port_of_mock))
        constant = running.enter_context(
            started([sys.executable, "-m", "benchmarks.peers.constant"], int)
        )
        try:
            real: RealServer | None = running.enter_context(RealServer())
        except ServerUnavailableError as error:
            real = None
            yield Skipped("serve", str(error).splitlines()[0])
        for count in _COUNTS:
            rules = make_rules(count)
            ours = running.enter_context(Clients(mock.port, _token(count)))
            if real is not None:
                seat = Seat(real, _token(count), plain_text(rules))
                real_port = int(real.address.rpartition(":")[2])
                theirs = running.enter_context(Clients(real_port, seat.token))
                answers = _same_answers(ours, theirs, rules)
                title = f"`sys/capabilities-self` of a real server, {count:,} rules"
                yield _row(f"serve/{count}", title, rules, ours, theirs, answers, effort)
            bare = running.enter_context(Clients(constant.port, ""))
            title = f"a constant from the mock's own setup, {count:,} rules"
            yield _row(f"serve-constant/{count}", title, rules, ours, bare, Answers(0), effort)
        yield _memory_row(mock, effort)


def _row(
    name: str,
    title: str,
    rules: list[RuleSpec],
    ours: Clients,
    theirs: Clients,
    answers: Answers,
    effort: Effort,
) -> Row:
    def timed(clients: Clients) -> Callable[[int], float]:
        # As many questions as fit into the time that there is.
        each = clients.seconds_each(_paths(rules, 64, _CHECK_ROUND))
        count = max(64, int(effort.seconds / each))
        return lambda number: clients.seconds_each(_paths(rules, count, number))

    contest = alternate(effort.rounds, timed(ours), timed(theirs))
    return faster_row(name, title, contest, Unit.DECISION, answers)


def _memory_row(mock: Running, effort: Effort) -> Row | Skipped:
    """The memory of the mock after many requests, in what it took after some."""
    if not mock.status.is_file():
        return Skipped("serve/memory", "there is no /proc here to read it from")
    rules = make_rules(100)
    some, many = effort.questions, 10 * effort.questions
    with Clients(mock.port, _token(100)) as clients:
        clients.seconds_each(_paths(rules, some, _CHECK_ROUND))
        before = mock.memory
        for number in range(many // some):
            clients.seconds_each(_paths(rules, some, number))
        after = mock.memory
    title = f"memory after {many:,} requests, in what it was after {some:,}"
    ratios = (after / before,)
    return Row("serve/memory", title, ratios, Better.LESS, Unit.MEMORY, after, before, Answers(0))


def _paths(rules: list[RuleSpec], count: int, number: int) -> list[str]:
    return [path for _, path in questions(rules, count, number)]


def _same_answers(ours: Clients, theirs: Clients, rules: list[RuleSpec]) -> Answers:
    for path in _paths(rules, _CHECKED, _CHECK_ROUND):
        one, other = ours.capabilities(path), theirs.capabilities(path)
        if one != other:
            raise WrongAnswerError(f"`{path}`: {one} here, {other} there")
    return Answers(_CHECKED)


# Servers


def _token(count: int) -> str:
    return f"bench-{count}"


def _mock_command(folder: Path) -> list[str]:
    """Start the mock with a policy and a token for every number of rules."""
    for count in _COUNTS:
        (folder / f"{_token(count)}.hcl").write_text(plain_text(make_rules(count)), "ascii")
    tokens = folder / "tokens.json"
    known = [{"id": _token(n), "policies": [_token(n), "default"]} for n in _COUNTS]
    tokens.write_text(json.dumps(known), "ascii")
    policies = [word for n in _COUNTS for word in ("-p", str(folder / f"{_token(n)}.hcl"))]
    return [
        *(sys.executable, "-m", "policy", "serve", "--quiet", "--format", "json"),
        *("--listen", "127.0.0.1:0", "--tokens", str(tokens), *policies),
    ]


def _port_of_mock(line: str) -> int:
    return int(json.loads(line)["nodes"][0]["address"].rpartition(":")[2])


class Running(NamedTuple):
    """A server in a process of its own."""

    port: int
    process: int

    @property
    def status(self) -> Path:
        """Where the kernel tells about it."""
        return Path(f"/proc/{self.process}/status")

    @property
    def memory(self) -> int:
        """Its memory, in bytes."""
        lines = self.status.read_text("ascii").splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) * 1024


@contextmanager
def started(command: Sequence[str], port_in: Callable[[str], int]) -> Iterator[Running]:
    """Run a server; the first line it prints names its port."""
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield Running(port_in(process.stdout.readline()), process.pid)
        finally:
            process.terminate()


# Clients


class Clients:
    """Some connections to one server that are kept open, and ask for one token.

    All of them send, then all of them read, so that the server always has something to do. It is
    as little as a client can do: a Python library for HTTP takes longer than the server.
    """

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._connections: list[socket.socket] = []
        self._head = (
            "POST /v1/sys/capabilities-self HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"X-Vault-Token: {token}\r\nContent-Length: "
        ).encode()

    def __enter__(self) -> Self:
        for _ in range(_CONNECTIONS):
            opened = socket.create_connection(("127.0.0.1", self._port), timeout=60)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections.append(opened)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for opened in self._connections:
            opened.close()

    def seconds_each(self, paths: Sequence[str]) -> float:
        """The seconds for one request, when all of these are asked. Raises `WrongAnswerError`
        unless every answer has the status 200."""
        requests = [self._request(path) for path in paths]
        start = perf_counter()
        for first in range(0, len(requests), _CONNECTIONS):
            some = requests[first : first + _CONNECTIONS]
            for opened, request in zip(self._connections, some, strict=False):
                opened.sendall(request)
            for opened, _ in zip(self._connections, some, strict=False):
                self._read(opened)
        return (perf_counter() - start) / len(requests)

    def capabilities(self, path: str) -> list[str]:
        """What the server answers about one path."""
        self._connections[0].sendall(self._request(path))
        body = self._read(self._connections[0]).partition(b"\r\n\r\n")[2]
        found: list[str] = json.loads(body)["data"]["capabilities"]
        return found

    def _request(self, path: str) -> bytes:
        body = b'{"path":"%s"}' % path.encode()
        return self._head + b"%d\r\n\r\n" % len(body) + body

    def _read(self, opened: socket.socket) -> bytes:
        """One answer. Its body is an object in one line, and ends with the line."""
        answer = opened.recv(65536)
        while answer[-2:] != b"}\n":
            more = opened.recv(65536)
            if not more:
                raise WrongAnswerError("the server closed the connection")
            answer += more
        if answer[:12] != b"HTTP/1.1 200":
            raise WrongAnswerError(answer.partition(b"\r\n")[0].decode("latin-1"))
        return answer
