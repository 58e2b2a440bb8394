"""A storage that several processes share: a copy of everything in memory, and a ledger behind it.

Reads are answered from the copy. A write goes to the ledger first. Only the holder of the lock
writes, so its copy is always right while it holds the lock; the others ask for news before they
answer.

The lock is a lease. The holder shows a sign of life now and then, and believes itself the holder
for one lease from the moment *before* the last one that got through. The others count from the
moment *after* they saw it. So whoever takes over does it when the old holder has already stopped;
no two clocks are compared, only that they run alike. And should all this fail, because a process
sleeps between a look at its clock and a write, the ledger refuses the old number.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from policy.server.storage.courier import Courier
from policy.server.storage.interface import FencedError, Holder, UnreachableError
from policy.server.storage.ledger import NOTHING_YET, News, Peer, decode_record, encode_record
from policy.server.storage.memory import MemoryStorage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policy.server.storage.courier import Job
    from policy.server.storage.interface import Record
    from policy.server.storage.ledger import Ledger

__all__ = ["SharedStorage"]

_PATIENCE: Final = 1.1
"""How much longer than a lease the others wait: two clocks may run this differently."""


class SharedStorage(MemoryStorage):
    """What one process knows of a ledger, and its way to it. Belongs to one thread.

    `lease` is in seconds; `now` is a clock that never goes back, and also counts while the
    process is stopped.
    """

    def __init__(
        self, open_ledger: Callable[[], Ledger], *, lease: float, now: Callable[[], float]
    ) -> None:
        super().__init__()
        self.lease = lease
        self.peers: tuple[Peer, ...] = ()
        self._now = now
        self._courier = Courier(open_ledger)
        self._lock = NOTHING_YET
        self._lock_since = 0.0
        """When the row was first seen as it is."""
        self._heard_at: float | None = None
        self._held: Holder | None = None
        """Our own lock, while we believe that we have it."""
        self._lost: Holder | None = None
        """What we held last, and know that we do not use any more."""
        self._valid_until = 0.0

    # What is known

    def holder(self) -> Holder | None:
        now = self._now()
        if self._held is not None:
            return self._held if now < self._valid_until else None
        if self.is_out_of_date or not self._lock.node or self._is_silent():
            return None
        return Holder(self._lock.node, self._lock.fence)

    def holds(self, fence: int) -> bool:
        """Whether this process may still act as the holder."""
        return (
            self._held is not None and self._held.fence == fence and self._now() < self._valid_until
        )

    @property
    def is_out_of_date(self) -> bool:
        """Whether nothing was heard for so long that the copy is no good any more."""
        return self._heard_at is None or self._now() - self._heard_at > self.lease

    def _is_silent(self) -> bool:
        """Whether the holder has shown no sign of life for longer than its lease."""
        return self._now() - self._lock_since >= self.lease * _PATIENCE

    def _may_take(self) -> bool:
        lock = self._lock
        return not lock.node or self._is_silent() or self._lost == (lock.node, lock.fence)

    # News

    def refresh_now(self, seconds: float | None = None) -> None:
        """Learn what the others did, and wait for it, a lease unless told otherwise. Raises
        `UnreachableError`."""
        limit = self.lease if seconds is None else seconds
        self._learn(self._courier.ask(self._asking(), limit))

    async def refresh(self) -> bool:
        """Learn what the others did. Whether everything is known that was acknowledged before."""
        try:
            self._learn(await self._courier.bring(self._asking(), self.lease))
        except UnreachableError:
            return False
        return True

    def _asking(self) -> Job[News]:
        since = self._writes if self._heard_at is not None else -1
        return lambda ledger: ledger.news(since)

    def _learn(self, news: News) -> None:
        lock = news.lock
        if self._held is not None and lock.revision < self._writes:
            return  # From before our own last write.
        known = (self._lock.fence, self._lock.beat, self._lock.revision)
        if news.is_complete or (lock.fence, lock.beat, lock.revision) >= known:
            now = self._now()
            if lock != self._lock:
                self._lock, self._lock_since = lock, now
            self._heard_at = now
            self.peers = news.peers
        if news.is_complete:
            self._areas.clear()
            self._keys.clear()
            self._revisions = dict.fromkeys(self._revisions, lock.revision)
        elif lock.revision <= self._writes:
            return
        self._put(news.records, lock.revision)

    # The lock

    def acquire(self, node: str) -> int | None:
        self.refresh_now()
        if not self._may_take():
            return None
        asked_at = self._now()
        return self._took(node, asked_at, self._courier.ask(self._taking(node), self.lease))

    async def compete(self, node: str) -> int | None:
        """`acquire` after a fresh `refresh`, without keeping others waiting. None also when the
        storage cannot be reached."""
        if not self._may_take():
            return None
        asked_at = self._now()
        try:
            return self._took(
                node, asked_at, await self._courier.bring(self._taking(node), self.lease)
            )
        except UnreachableError:
            return None

    def _taking(self, node: str) -> Job[tuple[int, News] | None]:
        seen, since = self._lock, self._writes

        def take(ledger: Ledger) -> tuple[int, News] | None:
            fence = ledger.take(seen, node)
            # What is written up to here is all there will be by anybody else.
            return None if fence is None else (fence, ledger.news(since))

        return take

    def _took(self, node: str, asked_at: float, taken: tuple[int, News] | None) -> int | None:
        if taken is None:
            return None
        fence, news = taken
        self._learn(news)
        if self._lock.fence != fence:
            return None
        self._held = Holder(node, fence)
        self._valid_until = asked_at + self.lease
        return fence

    async def renew(self) -> None:
        """Show a sign of life, if this process holds the lock."""
        held, asked_at, since = self._held, self._now(), self._writes
        if held is None:
            return

        def renew(ledger: Ledger) -> News:
            ledger.renew(held.fence)
            return ledger.news(since)

        try:
            news = await self._courier.bring(renew, self.lease)
        except FencedError:
            self._lose(held)
        except UnreachableError:
            pass  # The lease goes on until it ends.
        else:
            self._learn(news)
            self._extend(held, asked_at)

    def _extend(self, held: Holder, asked_at: float) -> None:
        if self._held == held:
            self._valid_until = max(self._valid_until, asked_at + self.lease)

    def _lose(self, held: Holder) -> None:
        if self._held == held:
            self._held, self._lost = None, held

    def forsake(self) -> None:
        """Act as the holder no longer; the ledger is not told."""
        if self._held is not None:
            self._lose(self._held)

    def release(self, fence: int) -> None:
        held = self._held
        if held is None or held.fence != fence:
            return
        self._lose(held)
        try:
            self._courier.ask(lambda ledger: ledger.release(fence), self.lease)
        except UnreachableError:
            return  # The others wait for the end of the lease.

    async def give_back(self) -> None:
        """Give back a lock that was lost without a word to the ledger, so that nobody waits for
        the end of its lease. To be called now and then, after `refresh`."""
        lost = self._lost
        if self._held is None and lost is not None and lost == (self._lock.node, self._lock.fence):
            with contextlib.suppress(UnreachableError):
                await self._courier.bring(lambda ledger: ledger.release(lost.fence), self.lease)

    # Writing

    def write(self, changes: Mapping[str, Record | None], fence: int) -> None:
        held, asked_at = self._held, self._now()
        remaining = self._valid_until - asked_at
        if held is None or held.fence != fence or remaining <= 0:
            raise FencedError(f"the lock with the number {fence} is not held any more")
        kept = dict(changes)
        try:
            revision = self._courier.ask(lambda ledger: ledger.write(kept, fence), remaining)
        except (FencedError, UnreachableError):
            # What the ledger holds is not known from here on: whoever leads next reads it.
            self._lose(held)
            raise
        self._extend(held, asked_at)
        # What is kept here is what the other processes will read.
        self._put(
            ((key, decode_record(encode_record(record))) for key, record in kept.items()), revision
        )

    # The others

    async def announce(self, peer: Peer) -> bool:
        """Tell the others where this node can be reached. Whether that worked."""
        try:
            await self._courier.bring(lambda ledger: ledger.announce(peer), self.lease)
        except UnreachableError:
            return False
        return True

    async def withdraw(self, name: str) -> bool:
        """Take back what was announced. Whether that worked."""
        try:
            await self._courier.bring(lambda ledger: ledger.withdraw(name), self.lease)
        except UnreachableError:
            return False
        return True

    def close(self) -> None:
        """End the connection. A lock that is still held is left to its lease."""
        self._courier.close(1.0)
