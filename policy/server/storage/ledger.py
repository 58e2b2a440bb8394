"""What a database has to offer to be a storage for several processes, and how records look there.

A ledger is called by one thread, may block, and is thrown away after the first failure. Everything
that has to hold between processes is decided here, inside the database, in one step each.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from policy.server.storage.interface import Record

__all__ = [
    "FORMAT",
    "KEPT_DELETIONS",
    "NOTHING_YET",
    "Ledger",
    "Lock",
    "News",
    "Peer",
    "decode_key",
    "decode_record",
    "encode_key",
    "encode_record",
]

FORMAT: Final = 1
"""The layout of the tables. A ledger refuses a database of another one."""

KEPT_DELETIONS: Final = 10_000
"""For how many writes a deletion is remembered. Who has been away for longer reads everything."""


class Lock(NamedTuple):
    """The one row that says who leads."""

    fence: int
    """Grows by one whenever the lock is taken."""
    node: str
    """Who took it last; empty once it was given back."""
    beat: int
    """Grows with every sign of life of the holder."""
    revision: int
    """The number of the last write."""


NOTHING_YET: Final = Lock(-1, "", 0, 0)
"""What is known before the database was asked. No database holds such a row."""


class Peer(NamedTuple):
    """A node that has said where it can be reached."""

    name: str
    address: str
    cluster_address: str


class News(NamedTuple):
    """What a process that knew everything up to some write has missed, as of one moment."""

    lock: Lock
    peers: tuple[Peer, ...]
    records: list[tuple[str, Record | None]]
    """What was written since; None is a deletion."""
    is_complete: bool
    """Whether these are all records there are, and not only those written since."""


class Ledger(Protocol):
    """One connection to a database. Every method may raise whatever the driver raises."""

    def news(self, since: int) -> News:
        """Everything after the write with the number `since`."""

    def take(self, seen: Lock, node: str) -> int | None:
        """Take the lock if it still is as it was seen: the new number, or None."""

    def renew(self, fence: int) -> None:
        """Show a sign of life. Raises `FencedError` when somebody else has taken the lock."""

    def release(self, fence: int) -> None:
        """Give the lock back, if nobody else has taken it."""

    def write(self, changes: Mapping[str, Record | None], fence: int) -> int:
        """Store all or nothing; the number of this write. Durable when it returns. Raises
        `FencedError`; whether `fence` still holds is decided in the same step."""

    def announce(self, peer: Peer) -> None:
        """Tell the others where a node can be reached. To be repeated now and then."""

    def withdraw(self, name: str) -> None:
        """Take back what was announced."""

    def interrupt(self) -> None:
        """Make the call under way fail soon. The one method for another thread."""

    def close(self) -> None:
        """End the connection, whatever state it is in."""


def encode_key(key: str) -> bytes:
    """A key as it is stored: it may hold lone surrogates, which no text column takes."""
    return key.encode("utf-8", "surrogatepass")


def decode_key(data: bytes) -> str:
    """The key that `encode_key` made bytes of."""
    return data.decode("utf-8", "surrogatepass")


def encode_record(record: Record | None) -> bytes | None:
    """A record as it is stored. Large integers and lone surrogates survive, as in memory."""
    return None if record is None else json.dumps(record, separators=(",", ":")).encode()


def decode_record(data: bytes | None) -> Record | None:
    """The record that `encode_record` made bytes of."""
    if data is None:
        return None
    record: Record = json.loads(data)
    return record
