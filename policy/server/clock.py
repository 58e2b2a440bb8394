"""Where the server gets its time from: the system's clock, or one that a test turns by hand."""

from __future__ import annotations

import asyncio
import heapq
import time
from typing import Final, Protocol

__all__ = ["Clock", "ManualClock", "SystemClock"]


class Clock(Protocol):
    """Seconds since 1970, and a way to wait for a moment."""

    def now(self) -> float:
        """The time, in seconds since 1970. Never goes back."""

    async def wait_until(self, moment: float) -> None:
        """Return when `now()` has reached `moment`."""


_CLOCK: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)
"""The one that also counts while the system is suspended, where there is one (Linux)."""


def _passed() -> float:
    """Seconds since some moment."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)


class SystemClock:
    """The system's time at the start, and from there on what has passed since.

    So a clock that is set while the server runs shortens no hold-off and no lease.
    """

    def __init__(self) -> None:
        self._offset = time.time() - _passed()

    def now(self) -> float:
        return _passed() + self._offset

    async def wait_until(self, moment: float) -> None:
        remaining = moment - self.now()
        while remaining > 0:
            await asyncio.sleep(remaining)
            remaining = moment - self.now()


class ManualClock:
    """A clock that stands still until somebody calls `advance`.

    `start` is in seconds since 1970. Who waits for a moment wakes when the clock is moved there,
    in the order of the moments. Belongs to one event loop.
    """

    def __init__(self, start: float = 1_750_000_000.0) -> None:
        self._now = start
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock forward. Raises `ValueError` for a negative number."""
        if seconds < 0:
            raise ValueError("a clock does not go back")
        self._now += seconds
        while self._waiting and self._waiting[0][0] <= self._now:
            _, _, future = heapq.heappop(self._waiting)
            if not future.done():
                future.set_result(None)

    @property
    def next_wake_up(self) -> float | None:
        """The earliest moment somebody waits for, or None."""
        while self._waiting and self._waiting[0][2].done():
            heapq.heappop(self._waiting)
        return self._waiting[0][0] if self._waiting else None

    async def wait_until(self, moment: float) -> None:
        if moment <= self._now:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._waiting, (moment, self._count, future))
        await future
