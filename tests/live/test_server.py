"""The real server starts, answers, tells what happened, and is gone afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.live.server import RealServer, ServerUnavailableError
from tests.live.verdict import Verdict, verdict_of
from tests.live.world import World

pytestmark = pytest.mark.live


def test_what_it_says_to_texts(world: World) -> None:
    server = world.server
    assert server.write_policy("texts", 'path "a" { capabilities = ["read"] }').accepted
    refused = server.write_policy("texts", "path")
    assert not refused.accepted
    assert refused.error is not None
    assert refused.error.startswith("failed to parse policy: ")
    dropped = server.write_policy("texts", r'path "\400" {}')
    assert (dropped.accepted, dropped.dropped) == (False, True)
    # And the next request finds the server well.
    assert server.write_policy("texts", "").accepted


def test_capabilities_of_many_paths_at_once(world: World) -> None:
    seat = world.seats["plain"]
    world.write(seat, {"p1": 'path "many/*" { capabilities = ["read", "list"] }'}, {})
    paths = [f"many/{number}" for number in range(2000)]
    answer = world.server.capabilities(seat.secret, [*paths, "few"])
    assert isinstance(answer, dict)
    assert answer.pop("few") == ["deny"]
    assert answer == {path: ["list", "read"] for path in paths}


def test_verdicts(world: World) -> None:
    seat = world.seats["plain"]
    world.write(seat, {"p1": 'path "nowhere" { capabilities = ["read"] }'}, {})
    server = world.server

    def verdict(method: str, path: str, namespace: str = "") -> Verdict:
        return verdict_of(server.send(method, path, token=seat.secret, namespace=namespace))

    assert verdict("GET", "nowhere") is Verdict.ALLOWED
    assert verdict("GET", "elsewhere") is Verdict.DENIED
    assert verdict("GET", "a//b") is Verdict.BEFORE_ACL
    assert verdict("GET", "nowhere", namespace="none/") is Verdict.BEFORE_ACL
    assert verdict("GET", "sys/health") is Verdict.ALLOWED


def test_a_program_that_is_no_server_is_reported_with_its_output(tmp_path: Path) -> None:
    program = tmp_path / "bao"
    program.write_text("#!/bin/sh\necho not today\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    with (
        pytest.raises(ServerUnavailableError, match=r"did not start(.|\n)*not today"),
        RealServer(program),
    ):
        pass


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
def test_it_does_not_outlive_a_killed_process() -> None:
    """Nothing can be cleaned up after a kill, so the server hangs on a pipe."""
    script = (
        "import sys, time\n"
        "from tests.live.server import RealServer\n"
        "server = RealServer().__enter__()\n"
        "print(server.address, server._home, flush=True)\n"
        "time.sleep(60)\n"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as process:
        assert process.stdout is not None
        address, home = process.stdout.readline().split()
        assert _servers_at(address)
        process.kill()
    deadline = time.monotonic() + 10
    while Path(home).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _servers_at(address)
    assert not Path(home).exists()


def _servers_at(address: str) -> list[int]:
    """Processes that were started to listen at this address."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                command = (folder / "cmdline").read_bytes().decode("utf-8", "replace")
            except OSError:
                continue  # it ended meanwhile
            if f"-dev-listen-address={address}\0" in command:
                found.append(int(folder.name))
    return found
