"""The nodes of a cluster and which of them is active: lock, step-down, hold-off, takeover.

The state machine was measured on OpenBao 2.7.2 (one and three raft nodes on loopback). Nothing
here runs by itself: whoever looks first calls `settle`, which lets everything happen that was due
by now, in the order in which it was due. So a test that turns the clock sees the same cluster as
a user who waits.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policy.server.storage import FencedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.server.clock import Clock
    from policy.server.storage import Storage

__all__ = ["Cluster", "Node", "Timing"]


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things take, in seconds (OpenBao 2.7.2, `performance_multiplier` 1)."""

    drain: float = 0.5
    """From the answer to a step-down until the lock is released."""
    takeover: float = 0.05
    """From a free lock, or an unsealed node, until a node is active."""
    hold_off: float = 10.0
    """How long a node that has stepped down may not take the lock, from the release."""
    standby_reads: float = 0.1
    """From the release until the node serves reads as a standby."""
    lease: float = 3.0
    """Between processes: for how long a holder that shows no sign of life keeps the lock."""


@dataclass(slots=True, eq=False)
class Node:
    """One server of the cluster, as long as it runs."""

    name: str
    address: str
    """Its API address, such as `http://127.0.0.1:8200`."""
    cluster_address: str
    is_sealed: bool = False
    fence: int | None = None
    """The number of the lock it holds; it keeps it while it drains."""
    active_since: float = 0.0
    draining_until: float | None = None
    not_before: float = 0.0
    """The earliest moment at which it may take the lock."""
    reads_from: float = 0.0
    """From when on it serves reads as a standby."""
    unseal_shares: list[str] = field(default_factory=list)
    is_remote: bool = False
    """Whether it is another process, of which only the address is known."""
    is_leading: bool = False
    """Of another process: whether it was last seen with the lock."""

    @property
    def is_active(self) -> bool:
        """Whether it answers as the active node; one that drains does not."""
        if self.is_remote:
            return self.is_leading
        return self.fence is not None and self.draining_until is None and not self.is_sealed


class Cluster:
    """All nodes, and the lock they share.

    Without `ha` there is one node, which is always the active one, and a step-down does nothing.
    """

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        nodes: list[Node],
        *,
        ha: bool = True,
        timing: Timing | None = None,
    ) -> None:
        self.storage = storage
        self.clock = clock
        self.nodes = nodes
        self.ha = ha
        self.timing = timing or Timing()
        self._free_since = 0.0
        self._last_holder: Node | None = None

    @property
    def is_initialized(self) -> bool:
        """Whether the cluster has been given its keys and its root token."""
        return self.storage.read("core/init") is not None

    @property
    def id(self) -> str:
        """The identifier that it was given when it was initialized."""
        return str((self.storage.read("core/init") or {}).get("cluster_id", ""))

    @property
    def name(self) -> str:
        """The name that it was given when it was initialized."""
        return str((self.storage.read("core/init") or {}).get("cluster_name", ""))

    # Who is what

    def active(self) -> Node | None:
        """The node that answers as the active one, or None."""
        return next((node for node in self.nodes if node.is_active), None)

    def leader_seen_by(self, node: Node) -> Node | None:
        """The node that `node` takes for the active one. The others still name a node that
        drains; itself no longer does."""
        holder = self.storage.holder()
        if holder is None:
            return None
        found = next((n for n in self.nodes if n.name == holder.node), None)
        if found is node and node.draining_until is not None:
            return None
        return found

    # What happens

    @contextmanager
    def locked(self, node: Node) -> Iterator[int]:
        """Hold the lock for a node that is not active, while nobody is: its number. Raises
        `FencedError` when somebody has it."""
        fence = self.storage.acquire(node.name)
        if fence is None:
            raise FencedError("another node has the lock")
        try:
            yield fence
        finally:
            self.storage.release(fence)

    async def refresh(self) -> bool:
        """Whether all that was acknowledged before is known here. In one process it always is."""
        return True

    def start(self) -> None:
        """Let the first unsealed node become active at once, as after a start that is long past."""
        node = next((node for node in self.nodes if not node.is_sealed), None)
        if node is not None and self.is_initialized and self.active() is None:
            self._take(node, self.clock.now())

    def settle(self) -> float:
        """Let everything happen that was due. Returns the time."""
        now = self.clock.now()
        while self._release_due(now) or self._takeover_due(now):
            pass
        return now

    def step_down(self, node: Node) -> None:
        """Make the active node give up its active status; nothing if it is about to already."""
        if self.ha and node.is_active:
            node.draining_until = self.clock.now() + self.timing.drain

    def seal(self, node: Node) -> None:
        """Seal one node. If it was the active one, its lock is free from now on."""
        node.is_sealed = True
        node.unseal_shares.clear()
        if node.fence is not None:
            self._release(node, self.clock.now())

    def unseal(self, node: Node) -> None:
        """Unseal one node; it is a standby at first."""
        now = self.clock.now()
        node.is_sealed = False
        node.not_before = max(node.not_before, now + self.timing.takeover)
        node.reads_from = now
        if not self.ha:
            self._take(node, now)

    def _release_due(self, now: float) -> bool:
        for node in self.nodes:
            end = node.draining_until
            if end is not None and end <= now:
                self._release(node, end)
                node.not_before = end + self.timing.hold_off
                node.reads_from = end + self.timing.standby_reads
                return True
        return False

    def _release(self, node: Node, moment: float) -> None:
        if node.fence is not None:
            self.storage.release(node.fence)
        node.fence = None
        node.draining_until = None
        self._free_since = moment
        self._last_holder = node

    def _takeover_due(self, now: float) -> bool:
        if self.storage.holder() is not None:
            return False
        unsealed = [node for node in self.nodes if not node.is_sealed]
        if not unsealed or not self.is_initialized or not self.ha:
            return False
        free = self._free_since + self.timing.takeover
        # Of those that may, the one behind the last holder in the circle goes first.
        start = self.nodes.index(self._last_holder) + 1 if self._last_holder else 0
        circle = self.nodes[start:] + self.nodes[:start]
        moment, node = min(
            ((max(free, node.not_before), node) for node in circle if node in unsealed),
            key=lambda pair: pair[0],
        )
        if moment > now:
            return False
        self._take(node, moment)
        return True

    def _take(self, node: Node, moment: float) -> None:
        fence = self.storage.acquire(node.name)
        if fence is not None:
            node.fence = fence
            node.active_since = moment
