"""Everything in this process, gone when it ends."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING

from policy.server.storage.interface import FencedError, Holder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from policy.server.storage.interface import Record

__all__ = ["MemoryStorage"]


class MemoryStorage:
    """A storage for nodes that live in one process."""

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
        self._put(changes.items(), self._writes + 1)

    def _put(self, changes: Iterable[tuple[str, Record | None]], revision: int) -> None:
        self._writes = revision
        for key, record in changes:
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
            self._revisions[name] = revision

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
