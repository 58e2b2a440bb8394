"""A real OpenBao cluster of three raft nodes on loopback, and one of one node."""

from __future__ import annotations

import contextlib
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.server.targets import Target, free_ports, raft_node

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RaftCluster", "raft_cluster"]

_START_SECONDS = 90.0
_START_ATTEMPTS = 3
# Elections and votes as quick as they get: seconds instead of tens of them.
_QUICK = (
    'performance_multiplier = 1  autopilot_reconcile_interval = "1s" '
    'autopilot_update_interval = "1s"'
)


class EndedError(RuntimeError):
    """A server ended instead of starting. The message carries its last words."""


@dataclass(frozen=True, slots=True)
class RaftCluster:
    """The nodes that run; the first one was active at the start."""

    nodes: tuple[Target, ...]
    root_token: str
    processes: tuple[subprocess.Popen[bytes], ...]

    @property
    def addresses(self) -> list[str]:
        return [node.address for node in self.nodes]

    def stop(self) -> None:
        """Tell all of them to end, and wait for none: each takes its time."""
        for process in self.processes:
            if process.stdin is not None:
                process.stdin.close()


@contextlib.contextmanager
def raft_cluster(size: int = 3) -> Iterator[RaftCluster]:
    """OpenBao with raft, every node a voter; all is gone at the end."""
    for attempt in range(_START_ATTEMPTS):
        with contextlib.ExitStack() as stack:
            try:
                cluster = _started(stack, size)
            except EndedError:
                # Another program may have been quicker to take a port.
                if attempt == _START_ATTEMPTS - 1:
                    raise
                continue
            try:
                yield cluster
            finally:
                cluster.stop()
            return


@dataclass(frozen=True, slots=True)
class _Node:
    target: Target
    process: subprocess.Popen[bytes]
    log: Path

    def wait_until_reachable(self) -> None:
        end = time.monotonic() + _START_SECONDS
        while self.target.send("GET", "sys/init")[0] != 200:
            self.check()
            if time.monotonic() > end:
                raise TimeoutError(f"{self.target.name} does not answer\n{self._last_words()}")
            time.sleep(0.05)

    def check(self) -> None:
        if self.process.poll() is not None:
            raise EndedError(f"{self.target.name} ended\n{self._last_words()}")

    def _last_words(self) -> str:
        return self.log.read_text("utf-8", "replace")[-4000:]


def _started(stack: contextlib.ExitStack, size: int) -> RaftCluster:
    ports = free_ports(2 * size)
    nodes = [
        stack.enter_context(_node(f"n{at + 1}", ports[2 * at], ports[2 * at + 1]))
        for at in range(size)
    ]
    for node in nodes:
        node.wait_until_reachable()
    first = nodes[0].target
    _, made = first.send("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
    key, root = made["keys"][0], made["root_token"]
    first.send("PUT", "sys/unseal", {"key": key})
    first.wait_active()
    # A node that has joined has no vote until it has been stable for ten seconds, unless told.
    path = "sys/storage/raft/autopilot/configuration"
    first.send("POST", path, {"server_stabilization_time": "1s"}, root)
    for node in nodes[1:]:
        node.target.send("PUT", "sys/storage/raft/join", {"leader_api_addr": first.address})
        _unseal(node, key)
    cluster = RaftCluster(
        tuple(node.target for node in nodes), root, tuple(node.process for node in nodes)
    )
    _wait_for_votes(cluster)
    return cluster


def _unseal(node: _Node, key: str) -> None:
    """Hand in the key once: a node that gets it twice while it joins never steps down."""
    node.target.send("PUT", "sys/unseal", {"key": key})
    end = time.monotonic() + _START_SECONDS
    while node.target.send("GET", "sys/health")[0] != 429:
        node.check()
        if time.monotonic() > end:
            raise TimeoutError(f"{node.target.name} was not unsealed")
        time.sleep(0.05)


def _wait_for_votes(cluster: RaftCluster) -> None:
    end = time.monotonic() + _START_SECONDS
    first = cluster.nodes[0]
    path = "sys/storage/raft/autopilot/state"
    while True:
        _, state = first.send("GET", path, token=cluster.root_token)
        servers = ((state or {}).get("data") or {}).get("servers", {}).values()
        voters = [each for each in servers if each["status"] in ("leader", "voter")]
        if len(voters) == len(cluster.nodes) and all(each["healthy"] for each in voters):
            return
        if time.monotonic() > end:
            raise TimeoutError(f"not every node has a vote: {state}")
        time.sleep(0.1)


@contextlib.contextmanager
def _node(name: str, api: int, inner: int) -> Iterator[_Node]:
    with raft_node(name, api, inner, _QUICK) as running:
        yield _Node(Target(name, running.address, "", ""), running.process, running.log)
