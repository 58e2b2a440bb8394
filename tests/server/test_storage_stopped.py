"""Who is stopped while it holds SQLite's write lock is found, and ended when it is time."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from policy.server.storage.stopped import Watch, is_stopped, writer_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
connection.execute("INSERT INTO t VALUES (1)")
print("locked", flush=True)
sys.stdin.read()
"""

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells who holds a lock; elsewhere nobody is ended"
)


@contextmanager
def _writer(file: Path) -> Iterator[subprocess.Popen[str]]:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE IF NOT EXISTS t (n)")
        process = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "locked\n"
            yield process
        finally:
            process.kill()
            process.communicate()


def _stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGSTOP)
    while not is_stopped(process.pid):
        time.sleep(0.01)


def test_a_stopped_writer_is_ended_after_a_lease_and_its_write_never_was(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    with _writer(file) as process:
        assert writer_of(tmp_path / "state.db-shm") == process.pid
        _stop(process)
        watch = Watch(file, 0.3)
        watch.look()
        watch.look()
        assert process.poll() is None, "a lease has not passed yet"
        time.sleep(0.35)
        watch.look()
        assert process.wait(30) == -signal.SIGKILL
        with closing(sqlite3.connect(file, timeout=30, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_who_runs_is_left_alone_however_long_it_takes(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    with _writer(file) as process:
        watch = Watch(file, 0.0)
        for _ in range(3):
            watch.look()
        assert process.poll() is None
        _stop(process)
        watch.look()
        process.send_signal(signal.SIGCONT)
        while is_stopped(process.pid):
            time.sleep(0.01)
        watch.look()
        assert process.poll() is None


def test_the_wait_begins_anew_when_the_file_was_free_meanwhile(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    with _writer(file) as process:
        _stop(process)
        watch = Watch(file, 0.1)
        watch.look()
        time.sleep(0.15)
        watch.forget()
        watch.look()
        assert process.poll() is None


def test_nobody_is_found_where_nobody_is(tmp_path: Path) -> None:
    assert writer_of(tmp_path / "missing-shm") is None
    (tmp_path / "free-shm").touch()
    assert writer_of(tmp_path / "free-shm") is None
    assert not is_stopped(2**22 + 1)
