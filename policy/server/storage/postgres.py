"""A PostgreSQL database, for server processes on several machines.

Who leads holds an advisory lock, which belongs to its session and ends with it. The session of a
process that was stopped or cut off would live on; so PostgreSQL is told to end every session that
is silent for a lease. And since a session can also end while its process believes itself the
leader, the number of the lock stands in a table, too, and is asked for by every write in the same
statement. Needs PostgreSQL 14 (`idle_session_timeout`) and a direct connection: a pooler that
shares sessions breaks the lock.
"""

from __future__ import annotations

import contextlib
import os
import socket
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import IsolationLevel

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

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.server.storage.interface import Record

__all__ = ["PostgresLedger"]

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS sudopath_lock (
    one int PRIMARY KEY CHECK (one = 1),
    format int NOT NULL,
    fence bigint NOT NULL,
    node text NOT NULL,
    beat bigint NOT NULL,
    revision bigint NOT NULL,
    forgotten bigint NOT NULL -- deletions up to this write are no longer remembered
);
CREATE TABLE IF NOT EXISTS sudopath_records (
    key bytea PRIMARY KEY,
    value bytea, -- none: it was deleted
    revision bigint NOT NULL,
    fence bigint NOT NULL -- whose write it was
);
CREATE INDEX IF NOT EXISTS sudopath_records_by_revision ON sudopath_records (revision);
CREATE TABLE IF NOT EXISTS sudopath_nodes (
    name text PRIMARY KEY,
    address text NOT NULL,
    cluster_address text NOT NULL,
    seen timestamptz NOT NULL
);
"""
_KEY: Final = "(x'73756470'::bigint << 32) | 'sudopath_lock'::regclass::oid::bigint"
"""The advisory lock: our name, and the table, so that two schemas of one database do not meet."""
_WRITE: Final = """
WITH held AS (
    UPDATE sudopath_lock SET revision = revision + 1
    WHERE fence = %(fence)s AND node <> ''
    RETURNING revision, forgotten
), stored AS (
    INSERT INTO sudopath_records
    SELECT change.key, change.value, held.revision, %(fence)s
    FROM held, unnest(%(keys)s::bytea[], %(values)s::bytea[]) AS change (key, value)
    ON CONFLICT (key) DO UPDATE
    SET value = excluded.value, revision = excluded.revision, fence = excluded.fence
)
SELECT revision, forgotten FROM held
"""
_TIMEOUTS: Final = (
    "idle_session_timeout",
    "idle_in_transaction_session_timeout",
    "statement_timeout",
)
"""What PostgreSQL lets nobody do for longer than a lease."""
_SILENT_LEASES: Final = 5
"""After how many leases a node that is not heard of any more is no longer listed."""


class PostgresLedger:
    """One session. `conninfo` is libpq's; what it does not say comes from libpq's environment."""

    def __init__(self, conninfo: str, lease: float) -> None:
        self._lease = lease
        self._is_leading = False
        self._connection = psycopg.connect(
            conninfo, autocommit=True, connect_timeout=2, application_name="sudopath"
        )
        try:
            run = self._connection.execute
            milliseconds = f"{max(1, round(lease * 1000))}"
            run(
                "SELECT set_config(name, %s, false) FROM unnest(%s::text[]) AS name",
                (milliseconds, list(_TIMEOUTS)),
            )
            if run("SELECT to_regclass('sudopath_nodes')").fetchone() == (None,):
                with self._connection.transaction():
                    run("SELECT pg_advisory_xact_lock(x'73756470'::bigint)")
                    for statement in _TABLES.split(";\n"):
                        run(statement.encode())
                    run(
                        "INSERT INTO sudopath_lock VALUES (1, %s, 0, '', 0, 0, 0) "
                        "ON CONFLICT DO NOTHING",
                        (FORMAT,),
                    )
            row = run("SELECT format FROM sudopath_lock").fetchone()
            if row != (FORMAT,):
                raise psycopg.DataError(f"the tables have another format than {FORMAT}")
        except BaseException:
            self.close()
            raise

    def news(self, since: int) -> News:
        recently = _SILENT_LEASES * self._lease
        self._connection.isolation_level = IsolationLevel.REPEATABLE_READ
        try:
            with self._connection.transaction():
                run = self._connection.execute
                row = run(
                    "SELECT fence, node, beat, revision, forgotten FROM sudopath_lock"
                ).fetchone()
                assert row is not None
                lock, forgotten = Lock(*row[:4]), row[4]
                peers = run(
                    "SELECT name, address, cluster_address FROM sudopath_nodes "
                    "WHERE seen > now() - %s * interval '1 second' ORDER BY name",
                    (recently,),
                ).fetchall()
                is_complete = since < forgotten or since > lock.revision
                records = []
                if since != lock.revision:
                    found = run(
                        "SELECT key, value FROM sudopath_records "
                        "WHERE revision > %s AND (value IS NOT NULL OR NOT %s)",
                        (-1 if is_complete else since, is_complete),
                    )
                    records = [(decode_key(key), decode_record(value)) for key, value in found]
        finally:
            self._connection.isolation_level = None
        return News(lock, tuple(Peer(*peer) for peer in peers), records, is_complete)

    def take(self, seen: Lock, node: str) -> int | None:
        if not self._lead():
            return None
        row = self._connection.execute(
            "UPDATE sudopath_lock SET fence = fence + 1, node = %s, beat = beat + 1 "
            "WHERE (fence, node, beat, revision) = (%s, %s, %s, %s) RETURNING fence",
            (node, *seen),
        ).fetchone()
        if row is None:
            self._follow()
            return None
        return int(row[0])

    def renew(self, fence: int) -> None:
        self._keep_leading(fence)
        row = self._connection.execute(
            "UPDATE sudopath_lock SET beat = beat + 1 WHERE fence = %s AND node <> '' RETURNING 1",
            (fence,),
        ).fetchone()
        self._check(row, fence)

    def release(self, fence: int) -> None:
        self._connection.execute("UPDATE sudopath_lock SET node = '' WHERE fence = %s", (fence,))
        self._follow()

    def write(self, changes: Mapping[str, Record | None], fence: int) -> int:
        self._keep_leading(fence)
        run = self._connection.execute
        keys = [encode_key(key) for key in changes]
        values = [encode_record(record) for record in changes.values()]
        row = run(_WRITE, {"fence": fence, "keys": keys, "values": values}).fetchone()
        revision, forgotten = self._check(row, fence)
        if revision - forgotten > 2 * KEPT_DELETIONS:
            old = revision - KEPT_DELETIONS
            with self._connection.transaction():
                run("UPDATE sudopath_lock SET forgotten = %s", (old,))
                run("DELETE FROM sudopath_records WHERE value IS NULL AND revision <= %s", (old,))
        return int(revision)

    def announce(self, peer: Peer) -> None:
        self._connection.execute(
            "INSERT INTO sudopath_nodes VALUES (%s, %s, %s, now()) ON CONFLICT (name) DO UPDATE "
            "SET address = excluded.address, cluster_address = excluded.cluster_address, "
            "seen = excluded.seen",
            peer,
        )

    def withdraw(self, name: str) -> None:
        self._connection.execute("DELETE FROM sudopath_nodes WHERE name = %s", (name,))

    # The advisory lock of this session

    def _lead(self) -> bool:
        if not self._is_leading:
            row = self._connection.execute(f"SELECT pg_try_advisory_lock({_KEY})").fetchone()
            self._is_leading = row == (True,)
        return self._is_leading

    def _keep_leading(self, fence: int) -> None:
        """A new session has to get the advisory lock first, or somebody else leads."""
        if not self._lead():
            raise psycopg.OperationalError(f"another session has the lock with the number {fence}")

    def _follow(self) -> None:
        self._is_leading = False
        self._connection.execute("SELECT pg_advisory_unlock_all()")

    def _check(self, row: tuple[int, ...] | None, fence: int) -> tuple[int, ...]:
        if row is None:
            self._follow()
            raise FencedError(f"the lock with the number {fence} is not held any more")
        return row

    def interrupt(self) -> None:
        # The end of the stream wakes whoever waits for an answer. The descriptor is not ours to
        # close; a copy of it is.
        with (
            contextlib.suppress(OSError, psycopg.Error),
            socket.socket(fileno=os.dup(self._connection.pgconn.socket)) as copy,
        ):
            copy.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(psycopg.Error):
            self._connection.close()
