"""Where a server listens, as the CLI writes it: `https://HOST:PORT`."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from policy.errors import UsageError

__all__ = ["Address"]

_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """A server's URL in its parts. `prefix` is a path in front of `/v1`, mostly empty."""

    scheme: str
    host: str
    port: int
    prefix: str = ""

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read an address. Raises `UsageError`, which never repeats a password."""
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise UsageError("that is no address; write https://HOST:PORT") from None
        if parts.username is not None or parts.password is not None:
            raise UsageError("an address takes no user name or password")
        if parts.scheme not in _PORTS or not parts.hostname:
            raise UsageError(f"`{text}` is no address; write https://HOST:PORT")
        if parts.query or parts.fragment or not (text.isprintable() and " " not in text):
            raise UsageError(f"`{text}` is more than an address; write https://HOST:PORT")
        return cls(
            parts.scheme, parts.hostname, port or _PORTS[parts.scheme], parts.path.rstrip("/")
        )

    @property
    def is_encrypted(self) -> bool:
        """Whether TLS protects it."""
        return self.scheme == "https"

    @property
    def is_local(self) -> bool:
        """Whether it is this machine's own."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def origin(self) -> tuple[str, str, int]:
        """What makes it the same server as another address."""
        return self.scheme, self.host, self.port

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.prefix}"
