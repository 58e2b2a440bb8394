"""Processes that were stopped (SIGSTOP, Ctrl-Z) while they held the write lock of a SQLite file.

The kernel frees such a lock when the process ends, and not before: as long as it is stopped nobody
else can write, so nobody can take over. There is one way out, and every cluster on shared disks
knows it: the others end the stopped process. It is taken only on Linux, which tells who holds a
lock; only when the process has been found stopped for longer than a lease; and never against one
that runs, which will finish its commit by itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Final

__all__ = ["Watch", "is_stopped", "writer_of"]

_WRITE_LOCKS: Final = ("120", "122", "128")
"""The bytes of the `-shm` file that stand for: writing, recovering, setting up.
Source: SQLite, "WAL-mode file format", section 2.3."""


def writer_of(shared: Path) -> int | None:
    """The process that keeps all others from writing, if the kernel tells."""
    try:
        status = shared.stat()
        locks = Path("/proc/locks").read_text()
    except OSError:
        return None
    for line in locks.splitlines():
        # 1: POSIX  ADVISORY  WRITE 4711 08:01:131 120 120
        words = line.split()
        if words[1:2] == ["->"] or len(words) < 8 or words[1:4] != ["POSIX", "ADVISORY", "WRITE"]:
            continue
        pid, inode, first = words[4], words[5].rpartition(":")[2], words[6]
        is_meant = inode == str(status.st_ino) and first in _WRITE_LOCKS
        if is_meant and _has_open(int(pid), status):
            return int(pid)
    return None


def _has_open(pid: int, status: os.stat_result) -> bool:
    """Whether a process has this very file open: an inode alone could be one of another disk."""
    with contextlib.suppress(OSError):
        for opened in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if os.path.samestat(opened.stat(), status):
                    return True
    return False


def is_stopped(pid: int) -> bool:
    """Whether a process is stopped by a signal or a debugger."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] in ("T", "t")


class Watch:
    """Finds who keeps a file locked, and ends it if it is stopped for longer than `lease`."""

    def __init__(self, file: Path, lease: float) -> None:
        self._shared = file.with_name(file.name + "-shm")
        self._lease = lease
        self._found: tuple[int, float] | None = None

    def forget(self) -> None:
        """The file was not locked just now."""
        self._found = None

    def look(self) -> None:
        """The file was locked for longer than a commit takes."""
        pid = writer_of(self._shared)
        if pid is None or pid == os.getpid() or not is_stopped(pid):
            self._found = None
            return
        now = time.monotonic()
        if self._found is None or self._found[0] != pid:
            self._found = pid, now
        elif now - self._found[1] >= self._lease:
            self._end(pid)
            self._found = None

    def _end(self, pid: int) -> None:
        # The handle makes sure that it is no other process with the same number.
        with contextlib.suppress(OSError):
            handle = os.pidfd_open(pid)
            try:
                if is_stopped(pid) and writer_of(self._shared) == pid:
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
            finally:
                os.close(handle)
