"""The processes of one cluster: started, killed, stopped, cut off."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["ROOT_TOKEN", "Node", "Nodes", "Pace", "ask"]

ROOT_TOKEN: Final = "root-of-a-run"
_FOLDER: Final = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a cluster lives, in seconds: as the options of `sudopath serve`."""

    lease: float = 0.8
    drain: float = 0.05
    takeover: float = 0.02
    hold_off: float = 0.6

    def words(self) -> list[str]:
        """The options."""
        return [
            *("--lease", str(self.lease), "--drain", str(self.drain)),
            *("--takeover", str(self.takeover), "--step-down-sleep", str(self.hold_off)),
        ]


def ask(
    address: str, method: str, path: str, body: Any = None, seconds: float = 1.0
) -> tuple[int, Any]:
    """Send one request: status and JSON. Status 0 when nobody answered in time."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=seconds)
    try:
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"X-Vault-Token": ROOT_TOKEN})
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None
    except (OSError, http.client.HTTPException, ValueError):
        return 0, None
    finally:
        connection.close()


class Node:
    """One process."""

    def __init__(self, number: int, folder: Path, words: list[str], sabotage: str) -> None:
        self.number = number
        self.address = ""
        self.is_stopped = False
        self._wire = folder / f"wire{number}"
        self._errors = folder / f"errors{number}"
        self._words = [
            *(sys.executable, "-m", "tests.server.histories.node", str(self._wire), sabotage),
            *("serve", "--listen", "127.0.0.1:0", "--format", "json", "--quiet"),
            *("--root-token", ROOT_TOKEN, *words),
        ]
        self._process: subprocess.Popen[str] | None = None

    @property
    def is_running(self) -> bool:
        """Whether the process exists, stopped or not."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, if it does not run. It listens some time later: see `wait`."""
        if self.is_running:
            return
        self.kill()
        with self._errors.open("a") as errors:
            self._process = subprocess.Popen(
                self._words, cwd=_FOLDER, stdout=subprocess.PIPE, stderr=errors, text=True
            )

    def wait(self) -> bool:
        """Wait until it is ready. Whether it is; it is not when it could not use the storage."""
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            return False
        self.address = json.loads(line)["nodes"][0]["address"]
        return True

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None
        self.is_stopped = False

    def stop(self) -> None:
        """Take it off the processor."""
        if self._process is not None and self.is_running:
            self._process.send_signal(signal.SIGSTOP)
            self.is_stopped = True

    def resume(self) -> None:
        """Let it go on."""
        if self._process is not None and self.is_running:
            self._process.send_signal(signal.SIGCONT)
        self.is_stopped = False

    def cut(self, how: str) -> None:
        """Cut the wire to the storage: `hang` or `fail`."""
        beside = self._wire.with_suffix(".new")
        beside.write_text(how)
        beside.replace(self._wire)

    def mend(self) -> None:
        """Make the wire whole again."""
        self._wire.unlink(missing_ok=True)

    def errors(self) -> str:
        """What it wrote to standard error: nothing but its note about the storage, one hopes."""
        return self._errors.read_text() if self._errors.exists() else ""


class Nodes:
    """All processes of a cluster, for the length of a `with` block."""

    def __init__(
        self, count: int, folder: Path, storage: str, pace: Pace, sabotage: str = "none"
    ) -> None:
        self.storage = storage
        words = ["--storage", storage, *pace.words()]
        self.all = [Node(number, folder, words, sabotage) for number in range(count)]

    def __enter__(self) -> Self:
        for node in self.all:
            node.start()
        for node in self.all:
            if not node.wait():
                self.close()
                raise RuntimeError(f"a node does not start:\n{node.errors()}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill all."""
        for node in self.all:
            node.kill()

    def active(self) -> Node | None:
        """The node that says that it is active."""
        for node in self.all:
            if node.is_running and not node.is_stopped:
                status, found = ask(node.address, "GET", "/v1/sys/leader", seconds=0.3)
                if status == 200 and found.get("is_self"):
                    return node
        return None
