"""The one place where state lies: records by key, and the lock that makes a node the active one.

A key is `area/rest`. A record is what JSON can hold, and is never changed once it is stored: who
wants another one writes a new record. All writes of one request are one atomic step, and carry the
fencing number of the lock: a node that has lost it can no longer write anything.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

__all__ = ["FencedError", "Holder", "MemoryStorage", "Record", "Storage"]

Record = Mapping[str, Any]


class FencedError(Exception):
    """A write came from a node that does not hold the lock any more. Nothing was written."""


class Holder(NamedTuple):
    """Who has the lock: the name of a node, and the number the lock got when it was taken."""

    node: str
    fence: int


class Storage(Protocol):
    """What a storage has to offer. Implementations: in memory; more may follow."""

    def read(self, key: str) -> Record | None:
        """The record of a key, or None."""

    def scan(self, prefix: str) -> list[tuple[str, Record]]:
        """Every key that begins with `prefix` (which names an area) and its record, sorted."""

    def write(self, changes: Mapping[str, Record | None], fence: int) -> None:
        """Store all records, or none; None deletes. Raises `FencedError` when `fence` is not the
        number of the present holder."""

    def revision(self, *areas: str) -> int:
        """A number that grows with every write to one of the areas; without any, with every
        write."""

    def acquire(self, node: str) -> int | None:
        """Take the lock for a node: its new, ever larger fencing number; None if it is taken."""

    def release(self, fence: int) -> None:
        """Give the lock back, if it is still the one with this number."""

    def holder(self) -> Holder | None:
        """Who has the lock now."""


class MemoryStorage:
    """Everything in this process, gone when it ends."""

    def __init__(self) -> None:
        self._areas: dict[str, dict[str, Record]] = {}
        self._keys: dict[str, list[str]] = {}
        self._revisions: dict[str, int] = {}
        self._writes = 0
        self._fence = 0
        self._holder: Holder | None = None

    def read(self, key: str) -> Record | None:
        area = self._areas.get(key[: key.index("/")])
        return None if area is None else area.get(key)

    def scan(self, prefix: str) -> list[tuple[str, Record]]:
        name = prefix[: prefix.index("/")]
        area, keys = self._areas.get(name, {}), self._keys.get(name, [])
        found = []
        for at in range(bisect_left(keys, prefix), len(keys)):
            if not keys[at].startswith(prefix):
                break
            found.append((keys[at], area[keys[at]]))
        return found

    def write(self, changes: Mapping[str, Record | None], fence: int) -> None:
        if self._holder is None or self._holder.fence != fence:
            raise FencedError(f"the lock with the number {fence} is not held any more")
        self._writes += 1
        for key, record in changes.items():
            name = key[: key.index("/")]
            area = self._areas.setdefault(name, {})
            keys = self._keys.setdefault(name, [])
            if record is None:
                if area.pop(key, None) is not None:
                    del keys[bisect_left(keys, key)]
            else:
                if key not in area:
                    insort(keys, key)
                area[key] = record
            self._revisions[name] = self._writes

    def revision(self, *areas: str) -> int:
        if not areas:
            return self._writes
        return max(self._revisions.get(area, 0) for area in areas)

    def acquire(self, node: str) -> int | None:
        if self._holder is not None:
            return None
        self._fence += 1
        self._holder = Holder(node, self._fence)
        return self._fence

    def release(self, fence: int) -> None:
        if self._holder is not None and self._holder.fence == fence:
            self._holder = None

    def holder(self) -> Holder | None:
        return self._holder
