"""The command line, run inside the test and as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest

from policy.cli.main import main

POLICIES = {
    "ops.hcl": 'path "sys/step-down" {\n  capabilities = ["update", "sudo"]\n}\n',
    "dev.hcl": (
        'path "secret/*" { capabilities = ["read", "list"] }\n'
        'path "secret/{{identity.entity.name}}" { capabilities = ["update"] }\n'
        'path "pki_int/root" { capabilities = ["delete"] }\n'
        'path "kv/a" { capabilities = ["create"] }\n'
    ),
    "app.json": '{"path": {"app/*": {"capabilities": ["read"], "min_wrapping_ttl": "10s"}}}\n',
    "old.hcl": 'path "old" { capabilities = ["read"] }\n',
}


class Done(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return orjson.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """The answers, a line each."""
        return [orjson.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Done]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `policies/`, which is the current one."""
    (tmp_path / "policies").mkdir()
    for name, text in POLICIES.items():
        (tmp_path / "policies" / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Keyboard:
    """A standard input that holds what a test says."""

    def __init__(self, data: bytes) -> None:
        self.stream = BytesIO(data)
        self.buffer = self
        self.readline = self.stream.readline

    def read(self, size: int) -> bytes:
        return self.stream.read(size)


@pytest.fixture
def run(
    folder: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Runs the command line inside the test. Words with a space are given one by one."""

    def run(line: str, *words: str, stdin: bytes = b"") -> Done:
        monkeypatch.setattr(sys, "stdin", Keyboard(stdin))
        code = main([*line.split(), *words])
        captured = capsysbinary.readouterr()
        done = Done(code, captured.out.decode(), captured.err.decode())
        assert "Traceback" not in done.err
        return done

    return run


def process(
    *words: str | bytes, stdin: bytes = b"", env: dict[str, str] | None = None, cwd: Path
) -> Done:
    """Runs the command line as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "policy", *words],
        input=stdin,
        capture_output=True,
        check=False,
        env=environment(env),
        cwd=cwd,
        timeout=60,
    )
    return Done(
        done.returncode,
        done.stdout.decode("utf-8", "replace"),
        done.stderr.decode("utf-8", "replace"),
    )


def environment(more: dict[str, str] | None = None) -> dict[str, str]:
    """This environment, with the checkout in reach and nothing that changes the output."""
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "PYTHONIOENCODING")}
    checkout = str(Path(__file__).parents[2])
    return {**kept, "PYTHONPATH": checkout, **(more or {})}
