"""What every storage for several processes has to hold, whatever the database."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import pytest

from policy.errors import UsageError
from policy.server import FencedError, ManualClock, UnreachableError, open_storage
from policy.server.storage import ledger
from policy.server.storage.ledger import Peer
from tests.server.histories.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LEASE = 30.0


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def words(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty storage is, for `open_storage`."""
    if request.param == "sqlite":
        return f"sqlite:{tmp_path / 'state.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return f"postgres:{server.new_database()}"


class Process:
    """One process's view of a storage, with a clock of its own."""

    def __init__(self, words: str) -> None:
        self.clock = ManualClock()
        opened = open_storage(words, lease=LEASE, now=self.clock.now)
        assert opened is not None
        self.storage = opened

    def refresh(self) -> bool:
        return asyncio.run(self.storage.refresh())


@pytest.fixture
def started(words: str) -> Iterator[Callable[[], Process]]:
    """Starts another process."""
    with ExitStack() as stack:

        def start() -> Process:
            process = Process(words)
            stack.callback(process.storage.close)
            return process

        yield start


def _acquired(process: Process, node: str) -> int:
    # A session that has ended is noticed by PostgreSQL a moment later.
    deadline = time.monotonic() + 30
    while (fence := process.storage.acquire(node)) is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return fence


def test_what_one_writes_the_others_read(started: Callable[[], Process]) -> None:
    one, two = started(), started()
    fence = _acquired(one, "one")
    odd: dict[str, Any] = {"text": "ä\ud800\0", "large": 10**30, "small": 1e-7, "none": None}
    one.storage.write({"a/x": odd, "a/\udcff": {"n": 1}, "b/y": {}}, fence)
    assert two.refresh()
    assert two.storage.read("a/x") == odd
    assert [key for key, _ in two.storage.scan("a/")] == ["a/x", "a/\udcff"]
    assert two.storage.revision() == one.storage.revision() == 1
    one.storage.write({"a/x": None}, fence)
    kept = two.storage.read("b/y")
    assert two.refresh()
    assert two.storage.read("a/x") is None
    assert two.storage.revision("a") == 2
    assert two.storage.revision("b") == 1
    # What did not change is the same object: caches rely on it.
    assert two.storage.read("b/y") is kept


def test_it_is_all_there_after_a_restart(started: Callable[[], Process]) -> None:
    one = started()
    fence = _acquired(one, "one")
    one.storage.write({"a/x": {"n": 1}, "a/y": {"n": 2}}, fence)
    one.storage.write({"a/y": None}, fence)
    one.storage.close()
    two = started()
    two.storage.refresh_now()
    assert two.storage.scan("a/") == [("a/x", {"n": 1})]
    assert two.storage.revision() == 2


def test_the_lock_is_had_by_one_and_given_back(started: Callable[[], Process]) -> None:
    one, two = started(), started()
    first = _acquired(one, "one")
    assert two.storage.acquire("two") is None
    assert two.storage.holder() == ("one", first)
    one.storage.release(first)
    second = _acquired(two, "two")
    assert second > first
    one.refresh()
    assert one.storage.holder() == ("two", second)


def test_a_silent_holder_is_replaced_after_its_lease_and_not_before(
    started: Callable[[], Process],
) -> None:
    one, two = started(), started()
    _acquired(one, "one")
    two.refresh()
    two.clock.advance(LEASE)
    assert two.storage.acquire("two") is None
    asyncio.run(one.storage.renew())
    two.clock.advance(LEASE * 0.2)
    assert two.storage.acquire("two") is None, "it has shown a sign of life"
    two.clock.advance(LEASE * 1.2)
    two.refresh()
    assert two.storage.holder() is None
    # A session of PostgreSQL that is alive keeps its advisory lock; this one dies.
    one.storage.close()
    _acquired(two, "two")


def test_the_holder_stops_by_itself_before_anybody_may_replace_it(
    started: Callable[[], Process],
) -> None:
    one, two = started(), started()
    fence = _acquired(one, "one")
    two.refresh()
    for process in (one, two):
        process.clock.advance(LEASE)
    assert not one.storage.holds(fence)
    assert one.storage.holder() is None
    assert two.storage.acquire("two") is None
    with pytest.raises(FencedError):
        one.storage.write({"a/x": {}}, fence)


def test_a_write_under_an_old_number_is_refused_by_the_database(
    started: Callable[[], Process],
) -> None:
    """The old holder's clock stands still: it does not know that its lease is over."""
    one, two = started(), started()
    old = _acquired(one, "one")
    one.storage.write({"a/x": {"by": "one"}}, old)
    two.refresh()
    two.clock.advance(LEASE * 2)
    one.storage._courier._drop()
    new = _acquired(two, "two")
    two.storage.write({"a/x": {"by": "two"}}, new)
    assert one.storage.holds(old)
    with pytest.raises((FencedError, UnreachableError)):
        one.storage.write({"a/x": {"by": "one again"}}, old)
    assert not one.storage.holds(old)
    two.storage.release(new)
    assert one.refresh()
    assert one.storage.read("a/x") == {"by": "two"}


def _write_past_all_checks(process: Process, fence: int) -> None:
    def write(found: ledger.Ledger) -> int:
        return found.write({"a/x": {}}, fence)

    process.storage._courier.ask(write, LEASE)


def _renew_past_all_checks(process: Process, fence: int) -> None:
    def renew(found: ledger.Ledger) -> None:
        found.renew(fence)

    process.storage._courier.ask(renew, LEASE)


def test_the_ledger_alone_refuses_an_old_number(started: Callable[[], Process]) -> None:
    one, two = started(), started()
    old = _acquired(one, "one")
    one.storage.release(old)
    new = _acquired(two, "two")
    for asked in (old, new + 1):
        with pytest.raises((FencedError, UnreachableError)):
            _write_past_all_checks(one, asked)
    two.storage.release(new)
    # Nobody has the lock, no session of PostgreSQL either: the numbers alone decide.
    for asked in (old, new, new + 1):
        with pytest.raises(FencedError):
            _write_past_all_checks(one, asked)
        with pytest.raises(FencedError):
            _renew_past_all_checks(one, asked)
    assert two.refresh()
    assert two.storage.revision() == 0


def test_a_lock_that_was_given_up_in_silence_is_free_for_others_soon(
    started: Callable[[], Process],
) -> None:
    """A node whose lease ran out while it was busy; its session is alive and holds the lock."""
    one, two = started(), started()
    _acquired(one, "one")
    one.clock.advance(LEASE)
    one.storage.forsake()
    assert two.storage.acquire("two") is None
    assert one.refresh()
    asyncio.run(one.storage.give_back())
    _acquired(two, "two")


def test_who_was_away_for_long_reads_everything_again(
    started: Callable[[], Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("sqlite", "postgres"):
        monkeypatch.setattr(f"policy.server.storage.{module}.KEPT_DELETIONS", 3)
    one, two = started(), started()
    fence = _acquired(one, "one")
    one.storage.write({"a/gone": {}, "a/kept": {}}, fence)
    assert two.refresh()
    one.storage.write({"a/gone": None}, fence)
    for count in range(20):
        one.storage.write({"b/x": {"n": count}}, fence)
    assert two.refresh()
    assert [key for key, _ in two.storage.scan("a/")] == ["a/kept"]
    assert two.storage.read("b/x") == {"n": 19}


def test_nodes_find_each_other(started: Callable[[], Process]) -> None:
    one, two = started(), started()
    peer = Peer("one", "http://one:8200", "https://one:8201")
    assert asyncio.run(one.storage.announce(peer))
    two.refresh()
    assert list(two.storage.peers) == [peer]
    assert asyncio.run(one.storage.withdraw("one"))
    two.refresh()
    assert not two.storage.peers


def test_a_storage_of_another_format_is_left_alone(
    started: Callable[[], Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    started().storage.refresh_now()
    for module in ("sqlite", "postgres"):
        monkeypatch.setattr(f"policy.server.storage.{module}.FORMAT", ledger.FORMAT + 1)
    with pytest.raises(UnreachableError, match="format"):
        started().storage.refresh_now()


def test_postgres_that_restarts_loses_nothing() -> None:
    with Postgres() as server:
        process = Process(f"postgres:{server.new_database()}")
        fence = _acquired(process, "one")
        process.storage.write({"a/x": {}}, fence)
        server.stop()
        with pytest.raises(UnreachableError):
            process.storage.write({"a/y": {}}, fence)
        server.start()
        second = _acquired(process, "one")
        assert second > fence
        assert [key for key, _ in process.storage.scan("a/")] == ["a/x"]
        process.storage.close()


def test_postgres_ends_a_session_that_is_silent_for_a_lease(postgres: Postgres) -> None:
    """As that of a process that was stopped: its advisory lock is free then."""
    words = f"postgres:{postgres.new_database()}"
    clock = ManualClock()
    one, two = (open_storage(words, lease=0.5, now=clock.now) for _ in range(2))
    assert one is not None
    assert two is not None
    assert one.acquire("one") is not None
    two.refresh_now()
    clock.advance(1)
    deadline = 60
    while two.acquire("two") is None:
        deadline -= 1
        assert deadline, "the lock is still taken"
        asyncio.run(asyncio.sleep(0.1))
        two.refresh_now()
    for storage in (one, two):
        storage.close()


def test_a_new_sqlite_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    process = Process(f"sqlite:{file}")
    process.storage.refresh_now()
    for found in tmp_path.iterdir():
        assert stat.S_IMODE(found.stat().st_mode) == 0o600, found
    process.storage.close()


def test_a_locked_sqlite_file_is_an_answer_and_not_a_wait_without_end(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    clock = ManualClock()
    storage = open_storage(f"sqlite:{file}", lease=0.4, now=clock.now)
    assert storage is not None
    fence = storage.acquire("one")
    assert fence is not None
    with closing(sqlite3.connect(file, isolation_level=None)) as intruder:
        intruder.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnreachableError):
            storage.write({"a/x": {}}, fence)
        storage.refresh_now()
        intruder.execute("ROLLBACK")
    again = storage.acquire("one")
    assert again is not None, "who knows that its own lock is not used any more may take it again"
    storage.write({"a/x": {}}, again)
    storage.close()


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("oracle:x", "unknown storage"),
        ("sqlite:", "unknown storage"),
        ("memory:x", "unknown storage"),
        ("sqlite:/no/such/directory/x.db", "no such directory"),
        ("postgres:nonsense", "cannot be understood"),
        ("postgres:host=x password=secret-word", "password"),
        ("postgres:postgresql://me:secret-word@host/db", "password"),
    ],
)
def test_words_that_name_no_storage(name: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem) as caught:
        open_storage(name, lease=1, now=ManualClock().now)
    assert "secret-word" not in str(caught.value)


def test_a_database_that_is_not_there_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SUDOPATH_POSTGRES", f"host={tmp_path} password=secret-word dbname=x")
    storage = open_storage("postgres", lease=5, now=ManualClock().now)
    assert storage is not None
    with pytest.raises(UnreachableError, match="connection") as caught:
        storage.refresh_now()
    assert "secret-word" not in str(caught.value)
    storage.close()
