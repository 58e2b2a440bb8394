"""What a storage has to offer: records by key, and the lock that makes a node the active one.

A key is `area/rest`. A record is what JSON can hold, and is never changed once it is stored: who
wants another one writes a new record. All records of one write are stored in one atomic step, and
carry the fencing number of the lock: a node that has lost it can no longer write anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

__all__ = ["FencedError", "Holder", "Record", "Storage", "UnreachableError"]

Record = Mapping[str, Any]


class FencedError(Exception):
    """A write came from a node that does not hold the lock any more. Nothing was written."""


class UnreachableError(Exception):
    """The storage did not answer, or not in time. Whether it did what it was asked is not known."""


class Holder(NamedTuple):
    """Who has the lock: the name of a node, and the number the lock got when it was taken."""

    node: str
    fence: int


class Storage(Protocol):
    """What a storage has to offer."""

    def read(self, key: str) -> Record | None:
        """The record of a key, or None."""

    def scan(self, prefix: str) -> list[tuple[str, Record]]:
        """Every key that begins with `prefix` (which names an area) and its record, sorted."""

    def write(self, changes: Mapping[str, Record | None], fence: int) -> None:
        """Store all records, or none; None deletes. Raises `FencedError` when `fence` is not the
        number of the present holder, `UnreachableError` when nobody knows."""

    def revision(self, *areas: str) -> int:
        """A number that grows with every write to one of the areas; without any, with every
        write."""

    def acquire(self, node: str) -> int | None:
        """Take the lock for a node: its new, ever larger fencing number; None if it is taken."""

    def release(self, fence: int) -> None:
        """Give the lock back, if it is still the one with this number."""

    def holder(self) -> Holder | None:
        """Who has the lock now, as far as is known."""
