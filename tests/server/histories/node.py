"""`sudopath serve` with a wire to its storage that can be cut.

    python -m tests.server.histories.node WIRE SABOTAGE serve ...

While the file WIRE exists, nothing gets through: it says `hang` (no answer comes, neither to what
was asked before) or `fail`. SABOTAGE is `none`, or `fences`: then this node ignores that its lease
has run out, and the storage ignores the number of its writes. A check has to notice that.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from policy.cli.main import main
from policy.server.storage import SharedStorage
from policy.server.storage.ledger import NOTHING_YET

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.server.storage.ledger import Ledger

_LOOK_EVERY_SECONDS: Final = 0.005
_CALLS: Final = ("announce", "news", "release", "renew", "take", "withdraw", "write")


class _Cut:
    """A ledger behind a wire."""

    def __init__(self, wire: Path, open_ledger: Callable[[], Ledger], *, is_fenced: bool) -> None:
        self._wire = wire
        self._is_fenced = is_fenced
        self._was_interrupted = threading.Event()
        self._pass()
        self._ledger = open_ledger()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._ledger, name)
        if name not in _CALLS:
            return method

        def call(*given: Any) -> Any:
            self._pass()
            if name in ("write", "renew") and not self._is_fenced:
                given = (*given[:-1], self._ledger.news(NOTHING_YET.revision).lock.fence)
            result = method(*given)
            self._pass()
            return result

        return call

    def interrupt(self) -> None:
        self._was_interrupted.set()
        self._ledger.interrupt()

    def _pass(self) -> None:
        while True:
            try:
                words = self._wire.read_text()
            except FileNotFoundError:
                return
            if words == "fail" or self._was_interrupted.is_set():
                raise ConnectionError("the wire is cut")
            time.sleep(_LOOK_EVERY_SECONDS)


def _lay_wire(wire: Path, *, is_fenced: bool) -> None:
    original = SharedStorage.__init__

    def init(self: SharedStorage, open_ledger: Callable[[], Ledger], **options: Any) -> None:
        def opened() -> Any:
            return _Cut(wire, open_ledger, is_fenced=is_fenced)

        original(self, opened, **options)

    setattr(SharedStorage, "__init__", init)  # noqa: B010 -- mypy lets nobody assign to it
    if not is_fenced:
        setattr(SharedStorage, "holds", lambda *_: True)  # noqa: B010 -- the same


if __name__ == "__main__":
    _lay_wire(Path(sys.argv[1]), is_fenced=sys.argv[2] != "fences")
    sys.exit(main(sys.argv[3:]))
