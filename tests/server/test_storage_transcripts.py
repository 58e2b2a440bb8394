"""The recorded scenarios again, on a database: what goes through one comes out unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from policy.server import ManualClock, open_storage
from policy.server.storage.sqlite import SqliteLedger
from tests.server.replay import load, play

if TYPE_CHECKING:
    from pathlib import Path

    from policy.server.storage import SharedStorage


class _Behind:
    """A database for nodes that all live in this process and fear nothing for their lock. What
    they read was made into bytes for it and back."""

    def __init__(self, storage: SharedStorage) -> None:
        self._storage = storage

    def __getattr__(self, name: str) -> Any:
        if name in ("read", "scan", "holder"):
            self._storage.refresh_now()
        return getattr(self._storage, name)


def test_it_makes_no_difference_to_clients(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened: list[SharedStorage] = []

    def on_sqlite() -> _Behind:
        file = tmp_path / f"{len(opened)}.db"
        storage = open_storage(f"sqlite:{file}", lease=1e8, now=ManualClock().now)
        assert storage is not None
        opened.append(storage)
        return _Behind(storage)

    original = SqliteLedger.__init__

    def hasty(self: SqliteLedger, *given: Any) -> None:
        original(self, *given)
        self._connection.execute("PRAGMA synchronous = OFF")

    monkeypatch.setattr(SqliteLedger, "__init__", hasty)
    monkeypatch.setattr("policy.server.mock.MemoryStorage", on_sqlite)
    probes, failures = 0, []
    for scenario in load():
        outcome = play(scenario)
        probes += outcome.probes
        failures += [f"{scenario.name}: {text}" for text in outcome.failures]
    for storage in opened:
        storage.close()
    assert failures == []
    assert probes == 851
