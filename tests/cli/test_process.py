"""The command as a process: pipes, terminals, signals, full disks. Never a traceback."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from tests.cli.conftest import environment, process

COMMAND = [sys.executable, "-m", "policy"]
CHECK = ("check", "-p", "policies", "-t", "ops")
MANY = b"".join(
    orjson.dumps({"operation": "read", "path": f"secret/{at}"}) + b"\n" for at in range(20_000)
)


def shell(line: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[bytes]:
    """A line for the shell in which `sudopath` is the command."""
    python = f'sudopath() {{ "{sys.executable}" -m policy "$@"; }}; set -o pipefail; '
    return subprocess.run(
        ["/bin/bash", "-c", python + line],
        cwd=cwd,
        env=environment(env),
        capture_output=True,
        check=False,
        timeout=60,
    )


def test_the_whole_way(folder: Path) -> None:
    done = process(*CHECK, cwd=folder)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("ALLOW  update sys/step-down")
    assert process("fly", cwd=folder).code == 2


def test_the_reader_goes_away(folder: Path) -> None:
    (folder / "many.jsonl").write_bytes(MANY)
    for line in (
        "sudopath check -p policies -t dev --requests many.jsonl | head -1",
        "sudopath --help | true",
        "sudopath check -p policies -t ops | true",
        "sudopath schema decision | true",
        "sudopath validate policies --format json | true",
    ):
        done = shell(line, folder)
        assert done.stderr == b"", line
        assert done.returncode in (0, 2), line


def test_the_disk_is_full(folder: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    (folder / "many.jsonl").write_bytes(MANY[:2000].rpartition(b"\n")[0])
    for line in (
        "sudopath check -p policies -t ops > /dev/full",
        "sudopath check -p policies -t ops --format json > /dev/full",
        "sudopath check -p policies -t dev --requests many.jsonl > /dev/full",
        "sudopath validate policies > /dev/full",
    ):
        done = shell(line, folder)
        assert done.returncode == 2, line
        assert done.stderr == b"sudopath: cannot write: No space left on device\n", line
    done = shell("sudopath check -p missing 2> /dev/full", folder)
    assert done.returncode == 2


def test_closed_streams(folder: Path) -> None:
    assert shell("sudopath check -p policies -t ops >&-", folder).returncode == 0
    assert shell("sudopath check -p policies -t dev >&- 2>&-", folder).returncode == 1
    assert shell("sudopath check -p missing 2>&-", folder).returncode == 2
    done = shell("sudopath check -p - <&-", folder)
    assert done.returncode == 2
    assert done.stderr == b"sudopath: <stdin>: standard input is closed\n"
    done = shell("sudopath check -p policies -t ops --requests - <&-", folder)
    assert done.stderr == b"sudopath: <stdin>: standard input is closed\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_any_encoding_of_the_terminal(folder: Path, encoding: str) -> None:
    (folder / "policies" / "e.hcl").write_text('path "é/\u2192" { capabilities = ["read"] }')
    env = {"PYTHONIOENCODING": encoding}
    line = ("check", "-p", "policies", "-t", "e", "read", "é/\u2192")
    done = process(*line, env=env, cwd=folder)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("ALLOW  read ")
    # JSON is UTF-8 everywhere.
    done = process(*line, "--format", "json", env=env, cwd=folder)
    assert done.json["path"] == "é/\u2192"


def test_arguments_that_are_not_utf_8(folder: Path) -> None:
    for more in ((), ("--format", "json")):
        done = process(
            "check", "-p", "policies", "-t", "dev", "read", b"secret/\xff", *more, cwd=folder
        )
        assert (done.code, done.err) == (0, "")
        assert "secret/\N{REPLACEMENT CHARACTER}" in done.out
    done = process("capabilities", "-p", "policies", "--format", "json", b"\xff", cwd=folder)
    assert done.json == {"\N{REPLACEMENT CHARACTER}": ["deny"]}
    assert process("validate", b"\xff.hcl", cwd=folder).code == 2


def test_ctrl_c(folder: Path) -> None:
    asked = subprocess.Popen(
        [*COMMAND, *CHECK, "--requests", "-"],
        cwd=folder,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert asked.stdin is not None
    assert asked.stdout is not None
    try:
        # More answers than it keeps back, and fewer than a pipe holds.
        asked.stdin.write(b"".join(MANY.splitlines(keepends=True)[:60]))
        asked.stdin.flush()
        assert asked.stdout.read(1) == b"{"
        time.sleep(0.05)
        asked.send_signal(signal.SIGINT)
        _, errors = asked.communicate(timeout=30)
    finally:
        asked.kill()
    assert (asked.returncode, errors) == (130, b"")


def on_a_terminal(*words: str, cwd: Path, **env: str) -> str:
    """What the command writes to a terminal."""
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [*COMMAND, *words], cwd=cwd, env=environment(env), stdout=theirs, stderr=theirs
        ):
            os.close(theirs)
            written = b""
            try:
                while data := os.read(ours, 65536):
                    written += data
            except OSError:
                pass  # the other end is closed
    finally:
        os.close(ours)
    return written.decode()


def test_colour_on_a_terminal_only(folder: Path) -> None:
    assert on_a_terminal(*CHECK, cwd=folder).startswith("\x1b[1;32mALLOW\x1b[0m  update")
    assert on_a_terminal(*CHECK, cwd=folder, NO_COLOR="").startswith("\x1b")
    assert "\x1b" not in on_a_terminal(*CHECK, cwd=folder, NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(*CHECK, cwd=folder, TERM="dumb")
    assert "\x1b" not in process(*CHECK, cwd=folder).out


def test_json_is_indented_on_a_terminal_only(folder: Path) -> None:
    assert on_a_terminal(*CHECK, "--format", "json", cwd=folder).count("\n") > 10
    assert process(*CHECK, "--format", "json", cwd=folder).out.count("\n") == 1


EVIL = "\x1b[2J\x07\x9b31m\u202e"


def test_what_a_policy_holds_never_reaches_a_terminal_raw(folder: Path) -> None:
    quoted = EVIL.encode("unicode_escape").decode()
    (folder / "evil.hcl").write_text(
        f'path "a/{quoted}*" {{ capabilities = ["{quoted}"] }}\n'
        f'path "b" {{ "{quoted}" = 1 }}\n'
        f'path "c" {{ policy = "{EVIL}" }}\n{EVIL}\n',
        encoding="utf-8",
    )
    (folder / "held.hcl").write_text(f'path "a/{quoted}*" {{ capabilities = ["read"] }}')
    (folder / f"{EVIL}.hcl").write_text('path "a/*" { capabilities = ["raed"] }')
    for line in (
        ("validate", "evil.hcl", f"{EVIL}.hcl"),
        ("check", "-p", "evil.hcl"),
        ("check", "-p", "held.hcl", "update", f"a/{EVIL}"),
        ("capabilities", "-p", "held.hcl", f"a/{EVIL}"),
    ):
        written = on_a_terminal(*line, cwd=folder, NO_COLOR="1")
        assert written
        assert all(char in "\r\n" or char.isprintable() for char in written), line
