"""Reading a file, and writing one as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from policy.errors import SourceError
from policy.source import MAX_SOURCE_BYTES

__all__ = ["read_file", "write_file"]

_NEW_MODE = 0o644


def read_file(file: Path) -> bytes:
    """The content of a file. Raises `SourceError` when it cannot be read.

    One that is larger than anything we take is read so far that this shows.
    """
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_SOURCE_BYTES + 1)
    except OSError as error:
        raise SourceError(f"{file}: {error.strerror or error}") from None


def write_file(file: Path, data: bytes) -> None:
    """Put new content in a file, all of it or nothing: mode and owner stay, and a link still
    points to it. Raises `SourceError` when that fails; the file is then as it was."""
    import tempfile  # commands that only read do not wait for it

    target = file.resolve()
    temporary = ""
    try:
        status = target.stat() if target.exists() else None
        if status is not None and not os.access(target, os.W_OK):
            raise PermissionError(13, "not writable")
        descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(descriptor)
        if status is not None:
            with contextlib.suppress(PermissionError):
                os.chown(temporary, status.st_uid, status.st_gid)
        Path(temporary).chmod(_NEW_MODE if status is None else status.st_mode & 0o7777)
        Path(temporary).replace(target)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise SourceError(f"{file}: cannot write: {error.strerror or error}") from None
