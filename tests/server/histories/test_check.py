"""The check can fail: it objects to every kind of broken history, and to nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from policy.server import FencedError, ManualClock
from policy.server.storage import SharedStorage
from policy.server.storage.ledger import encode_key, encode_record
from policy.server.storage.sqlite import SqliteLedger
from policy.server.storage.stopped import Watch
from tests.server.histories.check import findings
from tests.server.histories.history import NEVER, History, Kind, Operation, Outcome, Stored

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from policy.server import Storage
    from policy.server.storage import Record

BOUND = 5.0


def _of(*operations: Operation, **more: Any) -> History:
    return History(list(operations), **more)


def _write(value: str, started: float, ended: float = NEVER) -> Operation:
    outcome = Outcome.UNKNOWN if ended == NEVER else Outcome.DONE
    return Operation(Kind.WRITE, started, ended, 0, "a", value, outcome=outcome)


def _read(value: str, started: float, ended: float) -> Operation:
    return Operation(Kind.READ, started, ended, 0, "a", value)


def _insert(key: str, started: float, ended: float) -> Operation:
    return Operation(Kind.INSERT, started, ended, 0, key, key)


def _count(number: int, started: float, ended: float) -> Operation:
    return Operation(Kind.COUNT, started, ended, 0, "counter", str(started), number)


def _leads(reign: str, started: float, ended: float) -> Operation:
    return Operation(Kind.LEADER, started, ended, 0, value=reign)


GOOD = {
    "nothing": _of(),
    "one after the other": _of(
        _read("", 0, 1), _write("x", 1, 2), _read("x", 2, 3), _write("y", 3, 4), _read("y", 5, 6)
    ),
    "at the same time, in either order": _of(
        _write("x", 0, 5), _write("y", 0, 5), _read("y", 1, 2), _read("x", 3, 4), _read("x", 6, 7)
    ),
    "a write without an answer, done late": _of(
        _write("x", 0), _write("y", 1, 2), _read("y", 3, 4), _read("x", 5, 6)
    ),
    "a write without an answer, never done": _of(_write("x", 0), _read("", 5, 6)),
    "an insert without an answer that was done": _of(
        Operation(Kind.INSERT, 0, NEVER, 0, "k", "k", outcome=Outcome.UNKNOWN),
        stored={"k": Stored("k", 1, 1)},
        fences=[(1, 1), (2, 3)],
    ),
    "one reign after the other": _of(
        _leads("one", 0, 1), _leads("one", 2, 3), _leads("two", 2.5, 4), _leads("two", 5, 6)
    ),
    "numbers with gaps": _of(_count(1, 0, 1), _count(3, 0, 4), _count(4, 5, 6)),
}

BROKEN = {
    "an old value is read": (
        _of(_write("x", 0, 1), _write("y", 2, 3), _read("x", 4, 5)),
        "y in the middle of x",
    ),
    "nothing is read after something was written": (
        _of(_write("x", 0, 1), _read("", 2, 3)),
        "x in the middle of nothing",
    ),
    "a value comes back": (
        _of(
            _write("x", 0, 9),
            _write("y", 0, 9),
            *(_read(v, t, t + 1) for v, t in (("x", 1), ("y", 3), ("x", 5))),
        ),
        "y in the middle of x",
    ),
    "a value from the future": (
        _of(_read("x", 0, 1), _write("x", 2, 3)),
        "read before it was written",
    ),
    "a value from nowhere": (_of(_read("x", 0, 1)), "never written"),
    "an acknowledged write is lost": (_of(_insert("k", 0, 1)), "`k` is lost"),
    "an acknowledged write is replaced": (
        _of(_insert("k", 0, 1), stored={"k": Stored("other", 1, 1)}),
        "another value",
    ),
    "a write under an old number": (_of(fences=[(1, 1), (2, 2), (3, 1)]), "write 3 was stored"),
    "the order of time is broken": (
        _of(
            _insert("k", 0, 1),
            _insert("l", 2, 3),
            stored={"k": Stored("k", 2, 1), "l": Stored("l", 1, 1)},
        ),
        "`k` ended before `l`, but counts later",
    ),
    "a number is given out twice": (_of(_count(1, 0, 1), _count(1, 2, 3)), "given out twice"),
    "numbers go back": (_of(_count(2, 0, 1), _count(1, 2, 3)), "came before a smaller one"),
    "two reigns at once": (
        _of(_leads("one", 0, 1), _leads("two", 2, 3), _leads("one", 4, 5)),
        "two in the middle of one",
    ),
    "two long reigns at once": (
        _of(
            *(
                _leads(who, t, t + 0.5)
                for who, t in (("one", 0), ("two", 1), ("one", 2), ("two", 3))
            )
        ),
        "one and two at once",
    ),
    "nobody is active": (_of(seconds_to_recover=6.0), "no active node within 5.0 s"),
    "nobody is active ever": (_of(seconds_to_recover=NEVER), "no active node"),
}


@pytest.mark.parametrize("name", GOOD)
def test_nothing_is_found_where_nothing_is_wrong(name: str) -> None:
    assert findings(GOOD[name], BOUND) == []


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_found(name: str) -> None:
    history, wanted = BROKEN[name]
    assert any(wanted in text for text in findings(history, BOUND)), findings(history, BOUND)


class _Unfenced(SqliteLedger):
    """A storage that takes every write, whoever holds the lock."""

    def write(self, changes: Mapping[str, Record | None], fence: int) -> int:
        run = self._connection.execute
        with self._writing():
            run("UPDATE lock SET revision = revision + 1")
            revision: int = run("SELECT revision FROM lock").fetchone()[0]
            for key, record in changes.items():
                run(
                    "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)",
                    (encode_key(key), encode_record(record), revision, fence),
                )
        return revision


def _next_version(storage: Storage) -> int:
    return int((storage.read("data/counter") or {"n": 0})["n"]) + 1


@pytest.mark.parametrize("kind", [SqliteLedger, _Unfenced])
def test_a_storage_that_ignores_fences_is_found_out(
    kind: type[SqliteLedger], tmp_path: Path
) -> None:
    """A node sleeps between the look at its clock and its write, and another one takes over."""
    file, lease = tmp_path / "state.db", 10.0
    clocks = [ManualClock(), ManualClock()]
    one, two = (
        SharedStorage(lambda: kind(file, lease, Watch(file, lease)), lease=lease, now=clock.now)
        for clock in clocks
    )
    history = History()

    def count(storage: SharedStorage, fence: int, moment: float) -> None:
        number = _next_version(storage)
        try:
            storage.write({"data/counter": {"n": number}, f"data/log/{moment}": {}}, fence)
        except FencedError:
            return
        history.operations.append(_count(number, moment, moment + 0.5))

    old = one.acquire("one")
    assert old is not None
    count(one, old, 1.0)
    two.refresh_now()
    clocks[1].advance(2 * lease)
    new = two.acquire("two")
    assert new is not None
    count(two, new, 2.0)
    count(one, old, 3.0)  # Its own clock says that its lease is not over.
    count(two, new, 4.0)
    with_records = one._courier.ask(_fences, lease)
    history.fences = with_records
    for storage in (one, two):
        storage.close()
    found = findings(history, BOUND)
    if kind is SqliteLedger:
        assert found == []
        assert [o.number for o in history.operations] == [1, 2, 3]
    else:
        assert any("was given out twice" in text for text in found)
        assert any(f"was stored under {old}, after one under {new}" in text for text in found)


def _fences(ledger: Any) -> list[tuple[int, int]]:
    rows = ledger._connection.execute("SELECT revision, fence FROM records").fetchall()
    return [(revision, fence) for revision, fence in rows]
