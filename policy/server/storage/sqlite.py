"""A SQLite file, for several server processes on one machine.

Readers and the one writer do not wait for each other (WAL), and a write is on the disk when it is
acknowledged (`synchronous=FULL`). SQLite gives the write lock of the file to one process at a time
and cannot take it back from one that was stopped in the middle of a commit; see `stopped`.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from typing import TYPE_CHECKING, Final

from policy.server.storage.interface import FencedError
from policy.server.storage.ledger import (
    FORMAT,
    KEPT_DELETIONS,
    Lock,
    News,
    Peer,
    decode_key,
    decode_record,
    encode_key,
    encode_record,
)
from policy.server.storage.stopped import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from policy.server.storage.interface import Record

__all__ = ["SqliteLedger"]

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS lock (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    format INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    node TEXT NOT NULL,
    beat INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    forgotten INTEGER NOT NULL -- deletions up to this write are no longer remembered
);
CREATE TABLE IF NOT EXISTS records (
    key BLOB PRIMARY KEY,
    value BLOB, -- none: it was deleted
    revision INTEGER NOT NULL,
    fence INTEGER NOT NULL -- whose write it was
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS records_by_revision ON records (revision);
CREATE TABLE IF NOT EXISTS nodes (
    name TEXT PRIMARY KEY,
    address TEXT NOT NULL,
    cluster_address TEXT NOT NULL,
    seen REAL NOT NULL -- seconds since 1970
);
"""
_OPENING_SECONDS: Final = 5.0
"""How long to wait for others who open the file, too."""
_SILENT_LEASES: Final = 5
"""After how many leases a node that is not heard of any more is no longer listed."""


class SqliteLedger:
    """One connection to a file. `watch` looks after stopped processes across connections."""

    def __init__(self, file: Path, lease: float, watch: Watch) -> None:
        self._lease = lease
        self._watch = watch
        # The secrets of the mock lie in there as they are. SQLite gives its other files the same
        # mode as this one.
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._connection = sqlite3.connect(
            file, timeout=_OPENING_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            run = self._connection.execute
            run("PRAGMA journal_mode = WAL")
            run("PRAGMA synchronous = FULL")
            if not run("SELECT 1 FROM sqlite_master WHERE name = 'nodes'").fetchone():
                with self._writing():
                    for statement in _TABLES.split(";\n"):
                        run(statement)
                    run("INSERT OR IGNORE INTO lock VALUES (1, ?, 0, '', 0, 0, 0)", (FORMAT,))
            (found,) = run("SELECT format FROM lock").fetchone()
            if found != FORMAT:
                raise sqlite3.DatabaseError(f"the file has the format {found}, not {FORMAT}")
            run(f"PRAGMA busy_timeout = {max(1, round(lease * 250))}")
        except BaseException:
            self.close()
            raise

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """One atomic step as the only writer."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            self._watch.look()
            raise
        self._watch.forget()
        with self._ended_well():
            yield

    @contextlib.contextmanager
    def _ended_well(self) -> Iterator[None]:
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def news(self, since: int) -> News:
        run = self._connection.execute
        run("BEGIN")
        with self._ended_well():
            *row, forgotten = run(
                "SELECT fence, node, beat, revision, forgotten FROM lock"
            ).fetchone()
            lock = Lock(*row)
            recently = time.time() - _SILENT_LEASES * self._lease
            peers = run(
                "SELECT name, address, cluster_address FROM nodes WHERE seen > ? ORDER BY name",
                (recently,),
            )
            is_complete = since < forgotten or since > lock.revision
            records = []
            if since != lock.revision:
                where = "value IS NOT NULL AND revision > ?" if is_complete else "revision > ?"
                records = [
                    (decode_key(key), decode_record(value))
                    for key, value in run(
                        f"SELECT key, value FROM records WHERE {where}",  # noqa: S608 -- ours
                        (-1 if is_complete else since,),
                    )
                ]
            return News(lock, tuple(Peer(*peer) for peer in peers), records, is_complete)

    def take(self, seen: Lock, node: str) -> int | None:
        with self._writing():
            taken = self._connection.execute(
                "UPDATE lock SET fence = fence + 1, node = ?, beat = beat + 1 "
                "WHERE fence = ? AND node = ? AND beat = ? AND revision = ?",
                (node, *seen),
            )
        return seen.fence + 1 if taken.rowcount else None

    def renew(self, fence: int) -> None:
        with self._writing():
            self._check(
                self._connection.execute(
                    "UPDATE lock SET beat = beat + 1 WHERE fence = ? AND node <> ''", (fence,)
                ),
                fence,
            )

    def release(self, fence: int) -> None:
        with self._writing():
            self._connection.execute("UPDATE lock SET node = '' WHERE fence = ?", (fence,))

    def write(self, changes: Mapping[str, Record | None], fence: int) -> int:
        run = self._connection.execute
        with self._writing():
            # Nothing is stored unless this finds the number it asks for.
            self._check(
                run(
                    "UPDATE lock SET revision = revision + 1 WHERE fence = ? AND node <> ''",
                    (fence,),
                ),
                fence,
            )
            revision: int
            revision, forgotten = run("SELECT revision, forgotten FROM lock").fetchone()
            self._connection.executemany(
                "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)",
                [
                    (encode_key(key), encode_record(record), revision, fence)
                    for key, record in changes.items()
                ],
            )
            if revision - forgotten > 2 * KEPT_DELETIONS:
                old = revision - KEPT_DELETIONS
                run("DELETE FROM records WHERE value IS NULL AND revision <= ?", (old,))
                run("UPDATE lock SET forgotten = ?", (old,))
        return revision

    def _check(self, changed: sqlite3.Cursor, fence: int) -> None:
        if not changed.rowcount:
            raise FencedError(f"the lock with the number {fence} is not held any more")

    def announce(self, peer: Peer) -> None:
        with self._writing():
            self._connection.execute(
                "INSERT OR REPLACE INTO nodes VALUES (?, ?, ?, ?)", (*peer, time.time())
            )

    def withdraw(self, name: str) -> None:
        with self._writing():
            self._connection.execute("DELETE FROM nodes WHERE name = ?", (name,))

    def interrupt(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._connection.interrupt()

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
