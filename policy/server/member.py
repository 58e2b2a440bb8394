"""One node of a cluster whose other nodes are other processes: they meet in the storage alone.

The state machine is that of `cluster`. What differs is that nobody sees the whole: this node knows
its own state, and of the others what the storage tells. So something has to run by itself here:
`beat`, called every `pause` seconds, shows a sign of life, looks after the others, and takes the
lock when it is free.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from policy.server.cluster import Cluster, Node
from policy.server.storage.ledger import Peer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.server.clock import Clock
    from policy.server.cluster import Timing
    from policy.server.storage import SharedStorage

__all__ = ["Member"]

_SHORTEST_PAUSE: Final = 0.01


class Member(Cluster):
    """A cluster as one of its processes sees it. `nodes[0]` is the node of this process."""

    def __init__(self, storage: SharedStorage, clock: Clock, own: Node, timing: Timing) -> None:
        super().__init__(storage, clock, [own], timing=timing)
        self.own = own
        self._shared = storage
        self._renew_at = 0.0
        self._announce_at = 0.0
        self._is_announced = False

    @property
    def pause(self) -> float:
        """Seconds between two calls of `beat`."""
        return max(_SHORTEST_PAUSE, min(self.timing.takeover, self.timing.lease / 5))

    # Who is what

    def active(self) -> Node | None:
        """This node, if it is active. For no other one this process may speak."""
        return self.own if self.own.is_active else None

    def leader_seen_by(self, node: Node) -> Node | None:
        holder = self._shared.holder()
        if holder is None:
            return None
        if holder.node == node.name:
            # One that has lost the lock may still be named by the storage.
            is_own = holder.fence == node.fence and node.draining_until is None
            return node if is_own else None
        return next((other for other in self.nodes if other.name == holder.node), None)

    # What happens

    def settle(self) -> float:
        now = self.clock.now()
        own = self.own
        if own.fence is not None and not self._shared.holds(own.fence):
            # The lease has run out, or the storage refused us: somebody else may lead by now.
            self._shared.forsake()
            if own.draining_until is not None:
                own.not_before = now + self.timing.hold_off
            own.fence = own.draining_until = None
            own.reads_from = now + self.timing.standby_reads
        self._release_due(now)
        return now

    async def refresh(self) -> bool:
        return await self._shared.refresh()

    async def beat(self) -> None:
        """Do what is due. Never raises for a storage that cannot be reached."""
        now = self.settle()
        if self.own.fence is None:
            if await self._shared.refresh():
                await self._shared.give_back()
                await self._introduce(now)
                await self._compete(now)
        elif now >= self._renew_at:
            self._renew_at = now + self.timing.lease / 4
            await self._shared.renew()
            await self._introduce(now)
        elif not self._is_announced:
            await self._introduce(now)
        self._look_around()

    async def keep_beating(self) -> None:
        """`beat`, for as long as the server runs."""
        while True:
            await self.beat()
            await asyncio.sleep(self.pause)

    def take_over(self) -> bool:
        """Become active at once if nobody is, and wait for it. Raises `UnreachableError`."""
        fence = self._shared.acquire(self.own.name)
        if fence is not None:
            self._lead(fence)
        return fence is not None

    def step_aside(self) -> None:
        """Give up the lock at once, if this node has it."""
        if self.own.fence is not None:
            self._release(self.own, self.clock.now())

    @contextmanager
    def locked(self, node: Node) -> Iterator[int]:
        if node.fence is not None:
            yield node.fence
        else:
            with super().locked(node) as fence:
                yield fence

    def close(self) -> None:
        """Leave in good order: the others need not wait for the end of a lease."""
        self.step_aside()
        self._shared.close()

    async def _compete(self, now: float) -> None:
        own = self.own
        if own.is_sealed or not self.is_initialized or now < own.not_before:
            return
        fence = await self._shared.compete(own.name)
        if fence is None:
            return
        if self.own.is_sealed:  # Meanwhile.
            self._shared.release(fence)
            return
        self._lead(fence)

    def _lead(self, fence: int) -> None:
        now = self.clock.now()
        self.own.fence, self.own.active_since = fence, now
        self._renew_at = now + self.timing.lease / 4

    async def _introduce(self, now: float) -> None:
        """Keep the others informed of where this node is, as long as it can serve."""
        own = self.own
        if own.is_sealed:
            if self._is_announced:
                self._is_announced = not await self._shared.withdraw(own.name)
        elif now >= self._announce_at or not self._is_announced:
            peer = Peer(own.name, own.address, own.cluster_address)
            self._is_announced = await self._shared.announce(peer)
            self._announce_at = now + self.timing.lease

    def _look_around(self) -> None:
        """The other nodes, as the storage tells of them."""
        holder = self._shared.holder()
        leading = None if holder is None else holder.node
        self.nodes = [
            self.own,
            *(
                Node(*peer, is_remote=True, is_leading=peer.name == leading)
                for peer in self._shared.peers
                if peer.name != self.own.name
            ),
        ]
