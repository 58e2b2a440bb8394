"""The real formatter, `bao policy fmt`, run once a text."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Answer", "Oracle"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What it wrote, or what it said instead."""

    formatted: bytes | None
    error: str | None


class Oracle:
    """Runs the binary on a file of its own in `folder`."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self._binary = binary
        self._file = folder / "policy.hcl"
        self._environment = {"HOME": str(folder), "VAULT_ADDR": "http://127.0.0.1:1"}

    def ask(self, text: bytes) -> Answer:
        """Format one text."""
        self._file.write_bytes(text)
        done = subprocess.run(
            [self._binary, "policy", "fmt", self._file],
            env=self._environment,
            capture_output=True,
            check=False,
            timeout=60,
        )
        if done.returncode:
            return Answer(None, done.stderr.decode("utf-8", "replace").strip())
        return Answer(self._file.read_bytes(), None)
