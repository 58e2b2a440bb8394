"""HTTP to one node, with nothing but the standard library.

It never follows a redirect by itself and never repeats a request that may have done something. It
asks no proxy: the path from here to a node is part of the question.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from policy.errors import SourceError
from policy.preflight.failures import Failure, RequestError
from policy.preflight.phrases import request_error

if TYPE_CHECKING:
    from types import TracebackType

    from policy.preflight.address import Address
    from policy.preflight.secret import Secret
    from policy.preflight.settings import Tls

__all__ = ["Answer", "Client", "tls_context"]

_MAX_BODY: Final = 64 * 1024 * 1024
"""A policy may have 32 MiB, and some letters take more room in JSON."""
_CHUNK: Final = 65_536
_TITLE: Final = re.compile(r"<title[^>]*>([^<]{1,80})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said. `body` is the JSON object, None where there is none."""

    status: int
    # What is looked up holds the token itself.
    body: dict[str, Any] | None = field(repr=False)
    errors: tuple[str, ...] = ()
    location: str = ""
    page: str = field(default="", repr=False)
    """What a body without JSON says of itself: a title, or its first words."""

    @property
    def data(self) -> dict[str, Any]:
        """What a routed request found; empty where there is nothing."""
        found = (self.body or {}).get("data")
        return found if isinstance(found, dict) else {}

    @property
    def is_redirect(self) -> bool:
        """Whether the answer is somewhere else."""
        return self.status in (301, 302, 303, 307, 308)

    def words(self) -> str:
        """The status and what the server says about it, on one line."""
        if self.errors:
            said = "; ".join(" ".join(each.split()) for each in self.errors)
            return f"HTTP {self.status}: {said}"
        return f"HTTP {self.status}" + (f", `{self.page}`" if self.page else "")


def tls_context(tls: Tls) -> ssl.SSLContext:
    """Who is trusted, and who we are. Raises `SourceError` for files that do not hold."""
    try:
        context = ssl.create_default_context(cafile=tls.ca_cert or None, capath=tls.ca_path or None)
    except (OSError, ssl.SSLError) as error:
        where = tls.ca_cert or tls.ca_path
        raise SourceError(f"{where}: {_file_problem(error)}") from None
    # Newer Pythons refuse certificates that the servers' own programs take, such as those of
    # authorities without key identifiers.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if tls.skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.client_cert or tls.client_key:
        if not tls.client_cert:
            raise SourceError("a client key without a client certificate")
        try:
            # Without the empty answer, an encrypted key would ask on the terminal.
            context.load_cert_chain(tls.client_cert, tls.client_key or None, password="")
        except (OSError, ssl.SSLError) as error:
            raise SourceError(f"{tls.client_cert}: {_file_problem(error)}") from None
    return context


def _file_problem(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return "no certificate and key that belong together, in PEM form"
    return error.strerror or str(error)


class Client:
    """One node. Holds one connection, which `close` gives up; not for several threads."""

    def __init__(
        self, address: Address, context: ssl.SSLContext, tls: Tls, seconds: float = 10.0
    ) -> None:
        self.address = address
        self.seconds = seconds
        self._context = context
        self._tls = tls
        self._connection: http.client.HTTPConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def is_verified(self) -> bool:
        """Whether a server has to prove who it is."""
        return self.address.is_encrypted and not self._tls.skip_verify

    def at(self, address: Address, seconds: float | None = None) -> Client:
        """A client for another node of the cluster."""
        return Client(address, self._context, self._tls, seconds or self.seconds)

    def close(self) -> None:
        """Give up the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def get(self, path: str) -> Answer:
        """Read `/v1/PATH` without a token. Raises `RequestError`."""
        was_open = self._connection is not None
        try:
            return self.send("GET", path)
        except RequestError as error:
            if not was_open or error.failure is not Failure.CUT:
                raise
        # A server may close a connection that nobody used for a while.
        return self.send("GET", path)

    def send(
        self,
        method: str,
        path: str,
        token: Secret | None = None,
        body: dict[str, Any] | None = None,
    ) -> Answer:
        """One request to `/v1/PATH` (already encoded), sent once. Raises `RequestError`."""
        headers = {"X-Vault-Request": "true", "Accept": "application/json"}
        payload = None
        if body is not None:
            payload = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        if token is not None:
            headers["X-Vault-Token"] = token.reveal()
        end = time.monotonic() + self.seconds
        is_under_way = False
        try:
            connection = self._connect()
            is_under_way = True
            connection.request(method, f"{self.address.prefix}/v1/{path}", payload, headers)
            # Only a response that is closed gives the connection back, or lets it go.
            with contextlib.closing(connection.getresponse()) as response:
                raw = self._read(response, end)
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            self.close()
            # `from None`: what http.client knew of the request stays out of every traceback.
            raise request_error(
                error, self.address, self.seconds, may_be_heard=is_under_way
            ) from None
        except BaseException:
            self.close()
            raise
        if response.will_close:
            self.close()
        return _answer(response, raw, token)

    def _connect(self) -> http.client.HTTPConnection:
        if self._connection is None:
            host, port = self.address.host, self.address.port
            if self.address.is_encrypted:
                name = self._tls.server_name or host
                self._connection = _Encrypted(host, port, self.seconds, self._context, name)
            else:
                self._connection = http.client.HTTPConnection(host, port, timeout=self.seconds)
            self._connection.connect()
        return self._connection

    def _read(self, response: http.client.HTTPResponse, end: float) -> bytes:
        """The whole body, however slowly it drips, within the time for one request."""
        parts = []
        size = 0
        while part := response.read1(_CHUNK):
            parts.append(part)
            size += len(part)
            if size > _MAX_BODY:
                raise http.client.IncompleteRead(b"")
            if time.monotonic() > end:
                raise TimeoutError
        if response.length:
            raise http.client.IncompleteRead(b"")
        return b"".join(parts)


class _Encrypted(http.client.HTTPConnection):
    """TLS, with a name of our choice in the certificate."""

    def __init__(
        self, host: str, port: int, seconds: float, context: ssl.SSLContext, name: str
    ) -> None:
        super().__init__(host, port, timeout=seconds)
        self._context = context
        self._name = name

    def connect(self) -> None:
        super().connect()
        plain: socket.socket = self.sock
        self.sock = self._context.wrap_socket(plain, server_hostname=self._name)


def _answer(response: http.client.HTTPResponse, raw: bytes, token: Secret | None) -> Answer:
    def clean(text: str) -> str:
        return text if token is None else token.hide_in(text)

    try:
        body = json.loads(raw) if raw else None
    except (ValueError, RecursionError):
        body = None
    errors: tuple[str, ...] = ()
    if isinstance(body, dict) and isinstance(body.get("errors"), list):
        errors = tuple(clean(str(each)) for each in body["errors"])
    is_object = isinstance(body, dict)
    return Answer(
        response.status,
        body if is_object else None,
        errors,
        clean(response.getheader("Location") or ""),
        "" if is_object else clean(_page(raw)),
    )


def _page(raw: bytes) -> str:
    text = raw[:4096].decode("utf-8", "replace")
    title = _TITLE.search(text)
    words = " ".join((title[1] if title else text).split())
    return words if len(words) <= 80 else words[:79] + "…"
