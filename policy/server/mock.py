"""A whole mock server: a cluster, its state, and one ASGI application for each node."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from policy.errors import UsageError
from policy.model import Dialect
from policy.server.asgi import Application
from policy.server.clock import Clock, SystemClock
from policy.server.cluster import Cluster, Node, Timing
from policy.server.core import Core
from policy.server.front_door import FrontDoor
from policy.server.preload import PresetToken, put_policies, put_tokens
from policy.server.records import NOBODY
from policy.server.status import start_up
from policy.server.storage import MemoryStorage, Storage

if TYPE_CHECKING:
    from policy.server.asgi import RequestLog

__all__ = ["InitialState", "Mock", "Options"]


class InitialState(StrEnum):
    """What a server is when it starts."""

    ACTIVE = "active"
    SEALED = "sealed"
    UNINITIALIZED = "uninitialized"


@dataclass(frozen=True, slots=True)
class Options:
    """Everything that can be chosen about a mock.

    `root_token` and `unseal_key` (hexadecimal, 16 to 33 bytes) are made up where they are empty.
    `standby_reads` is off for Vault, whose standbys serve nothing themselves. `is_dev` is a single
    node without HA, as `server -dev` starts one: a step-down does nothing there.
    """

    nodes: int = 1
    is_dev: bool = False
    state: InitialState = InitialState.ACTIVE
    root_token: str = field(default="", repr=False)
    unseal_key: str = field(default="", repr=False)
    timing: Timing = field(default_factory=Timing)
    standby_reads: bool = True
    dialect: str = "openbao-2.7"
    policies: Mapping[str, str] = field(default_factory=dict)
    """Names and texts of policies that are there from the beginning."""
    tokens: Sequence[PresetToken] = ()

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "state", InitialState(self.state))
        except ValueError:
            known = ", ".join(InitialState)
            raise UsageError(f"unknown state `{self.state}`; known are {known}") from None
        if self.nodes < 1:
            raise UsageError("a cluster has at least one node")
        if self.is_dev and self.nodes > 1:
            raise UsageError("without HA there is one node")
        if self.state is InitialState.UNINITIALIZED and (
            self.policies or self.tokens or self.root_token or self.unseal_key
        ):
            raise UsageError("an uninitialized server has no policies, tokens or keys yet")
        if self.unseal_key:
            try:
                size = len(bytes.fromhex(self.unseal_key))
            except ValueError:
                size = 0
            if not 16 <= size <= 33:
                raise UsageError("the unseal key is not 16 to 33 bytes in hexadecimal")


class Mock:
    """A mock server, before anybody listens: `applications` has one ASGI application a node.

    `root_token` and `unseal_key` are those of the server, empty while it is not initialised.
    """

    def __init__(
        self,
        options: Options | None = None,
        *,
        clock: Clock | None = None,
        storage: Storage | None = None,
        log: RequestLog | None = None,
    ) -> None:
        self.options = options = options or Options()
        self.clock = clock or SystemClock()
        nodes = [
            Node(f"node{at + 1}", f"http://127.0.0.1:{8200 + 2 * at}", "", is_sealed=True)
            for at in range(options.nodes)
        ]
        self.cluster = Cluster(
            storage or MemoryStorage(),
            self.clock,
            nodes,
            ha=not options.is_dev,
            timing=options.timing,
        )
        for node in nodes:
            self.set_address(node, node.address)
        self.core = Core(self.cluster, Dialect.named(options.dialect))
        door = FrontDoor(self.core, standby_reads=options.standby_reads)
        self.applications = [Application(door, node, log) for node in nodes]
        self.root_token = ""
        self.unseal_key = ""
        if options.state is not InitialState.UNINITIALIZED:
            self._initialize()
        # The first policy loads the grammar: not while a client waits.
        self.core.acl(NOBODY)

    def _initialize(self) -> None:
        options = self.options
        key = bytes.fromhex(options.unseal_key) if options.unseal_key else secrets.token_bytes(32)
        made = start_up(
            self.core,
            self.cluster.nodes[0],
            root_token=options.root_token,
            key=key,
            is_dev=options.is_dev,
        )
        self.root_token, self.unseal_key = made.root_token, key.hex()
        for node in self.cluster.nodes:
            node.is_sealed = False
        self.cluster.start()
        put_policies(self.core, options.policies)
        put_tokens(self.core, options.tokens)
        if options.state is InitialState.SEALED:
            for node in self.cluster.nodes:
                self.cluster.seal(node)

    def set_address(self, node: Node, address: str) -> None:
        """Tell a node where it can be reached: its own URL, without a final slash."""
        scheme, _, rest = address.partition("://")
        host, _, port = rest.rpartition(":")
        node.address = address
        # The port for the traffic between nodes, which the mock does not open, is the next one.
        node.cluster_address = f"https://{host}:{int(port) + 1}" if scheme else address
