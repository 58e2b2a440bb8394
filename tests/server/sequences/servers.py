"""The real servers that sequences are played to."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.live.server import RealServer
from tests.server.targets import real_target

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Running", "dev_server", "raft_server"]


@dataclass(frozen=True, slots=True)
class Running:
    """A real server: host and port, and its root token."""

    address: str
    root_token: str
    is_dev: bool
    started: float
    """When its root token was made, in seconds since 1970."""


@contextlib.contextmanager
def dev_server() -> Iterator[Running]:
    """In memory, without HA; without the mount a development server begins with."""
    with RealServer() as server:
        started = time.time()
        server.must("DELETE", "sys/mounts/secret")
        yield Running(server.address, "root", is_dev=True, started=started)


@contextlib.contextmanager
def raft_server() -> Iterator[Running]:
    """One raft node, with HA."""
    with real_target() as target:
        started = time.time()
        address = target.address.removeprefix("http://")
        yield Running(address, target.root_token, is_dev=False, started=started)
