"""From the words of a command line to a storage."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from policy.errors import UsageError
from policy.server.storage.shared import SharedStorage

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.server.storage.ledger import Ledger

__all__ = ["CONNINFO_VARIABLE", "open_storage"]

CONNINFO_VARIABLE: Final = "SUDOPATH_POSTGRES"
"""Where a connection text for PostgreSQL is looked for, if none is given."""


def open_storage(name: str, *, lease: float, now: Callable[[], float]) -> SharedStorage | None:
    """The storage that is meant by `memory` (None), `sqlite:FILE`, `postgres` or
    `postgres:CONNINFO`. Nothing is read or written yet.

    Raises `UsageError` for anything else, for a connection text with a password (others can see
    it among the arguments of the process), and when the extra `postgres` is not installed.
    """
    kind, _, rest = name.partition(":")
    if kind == "memory" and not rest:
        return None
    if kind == "sqlite" and rest:
        opened = _sqlite(Path(rest), lease)
    elif kind == "postgres":
        opened = _postgres(rest, lease)
    else:
        raise UsageError(
            "unknown storage; write `memory`, `sqlite:FILE`, `postgres` or `postgres:CONNINFO`"
        )
    return SharedStorage(opened, lease=lease, now=now)


def _sqlite(file: Path, lease: float) -> Callable[[], Ledger]:
    from policy.server.storage.sqlite import SqliteLedger
    from policy.server.storage.stopped import Watch

    if not file.parent.is_dir():
        raise UsageError(f"cannot store in {file}: there is no such directory")
    watch = Watch(file, lease)
    return lambda: SqliteLedger(file, lease, watch)


def _postgres(conninfo: str, lease: float) -> Callable[[], Ledger]:
    try:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict

        from policy.server.storage.postgres import PostgresLedger
    except ImportError:
        raise UsageError("PostgreSQL needs more packages: install `sudopath[postgres]`") from None
    given = conninfo or os.environ.get(CONNINFO_VARIABLE, "")
    try:
        words = conninfo_to_dict(given)
    except ProgrammingError:
        # The driver's own words would repeat the text.
        raise UsageError("the connection text for PostgreSQL cannot be understood") from None
    if conninfo and ("password" in words or "sslpassword" in words):
        raise UsageError(
            "a password among the arguments can be seen by others; write it to a password or "
            f"service file of PostgreSQL, or give the whole text in `{CONNINFO_VARIABLE}`"
        )
    return lambda: PostgresLedger(given, lease)
