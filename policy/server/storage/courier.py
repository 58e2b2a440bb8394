"""The one thread that talks to a database, so that the server never waits for one without end.

Jobs are done one after the other. A job that fails costs the connection, and the next job gets a
new one. While a job is late, all others fail at once: who asks knows that the storage cannot be
reached, and does not queue up behind.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from policy.server.storage.interface import FencedError, UnreachableError

if TYPE_CHECKING:
    from policy.server.storage.ledger import Ledger

__all__ = ["Courier", "Job"]

_T = TypeVar("_T")
Job = Callable[["Ledger"], _T]


class Courier:
    """Takes jobs to a ledger, which it opens by `open_ledger` when it needs one."""

    def __init__(self, open_ledger: Callable[[], Ledger]) -> None:
        self._open = open_ledger
        self._ledger: Ledger | None = None
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._late: concurrent.futures.Future[object] | None = None
        # It must not keep the process alive when the database hangs.
        self._thread = threading.Thread(target=self._run, name="storage", daemon=True)
        self._thread.start()

    def ask(self, job: Job[_T], seconds: float) -> _T:
        """Do a job and wait for it. Raises `FencedError`, and `UnreachableError` when it failed
        or was not done in time; it may still be done later."""
        future = self._submit(job)
        try:
            return future.result(seconds)
        except concurrent.futures.TimeoutError:
            raise self._gave_up(future) from None

    async def bring(self, job: Job[_T], seconds: float) -> _T:
        """`ask`, for who has other things to do meanwhile."""
        future = self._submit(job)
        waiting = asyncio.wrap_future(future)
        waiting.add_done_callback(_looked_at)
        done, _ = await asyncio.wait([waiting], timeout=seconds)
        if not done:
            raise self._gave_up(future)
        return waiting.result()

    def close(self, seconds: float) -> None:
        """End the connection, within a time."""
        self._queue.put(None)
        self._thread.join(seconds)

    def _submit(self, job: Job[_T]) -> concurrent.futures.Future[_T]:
        if self._late is not None and not self._late.done():
            raise UnreachableError("the storage does not answer")
        self._late = None
        future: concurrent.futures.Future[_T] = concurrent.futures.Future()

        def work() -> None:
            try:
                if self._ledger is None:
                    self._ledger = self._open()
                result = job(self._ledger)
            except FencedError as error:
                future.set_exception(error)
            except Exception as error:  # noqa: BLE001 -- a driver raises what it likes
                self._drop()
                words = str(error).strip() or type(error).__name__
                future.set_exception(UnreachableError(f"the storage failed: {words}"))
            else:
                future.set_result(result)

        self._queue.put(work)
        return future

    def _gave_up(self, future: concurrent.futures.Future[_T]) -> UnreachableError:
        self._late = future  # type: ignore[assignment] # only whether it is done matters
        ledger = self._ledger
        if ledger is not None and not future.done():
            ledger.interrupt()
        return UnreachableError("the storage did not answer in time")

    def _drop(self) -> None:
        ledger, self._ledger = self._ledger, None
        if ledger is not None:
            ledger.close()

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            work()
        self._drop()


def _looked_at(future: asyncio.Future[Any]) -> None:
    """Nobody may be left to look at it, which asyncio would complain about."""
    if not future.cancelled():
        future.exception()
