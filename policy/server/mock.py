"""A whole mock server: a cluster, its state, and one ASGI application for each node."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeVar

from policy.errors import UsageError
from policy.model import Dialect
from policy.server.asgi import Application
from policy.server.clock import Clock, SystemClock
from policy.server.cluster import Cluster, Node, Timing
from policy.server.core import Core
from policy.server.forwarding import Forwarder
from policy.server.front_door import FrontDoor
from policy.server.member import Member
from policy.server.preload import PresetToken, put_policies, put_tokens
from policy.server.records import NOBODY
from policy.server.status import start_up
from policy.server.storage import (
    FencedError,
    MemoryStorage,
    SharedStorage,
    Storage,
    UnreachableError,
)
from policy.server.tokens import random_name

if TYPE_CHECKING:
    from policy.server.asgi import RequestLog

__all__ = ["InitialState", "Mock", "Options"]

_T = TypeVar("_T")
_PATIENCE_SECONDS: Final = 10.0
"""How long a storage may take to answer for the first time, and another node to initialize it,
besides the time its lock may last."""


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

    `root_token` and `unseal_key` are those of the server, empty while it is not initialised. With a
    `SharedStorage` the mock is one node of a cluster of processes: once its address is known,
    `join` has to be called, and `member.beat` again and again. `certificate` is the file of the
    one that the nodes show each other, if they do.
    """

    def __init__(
        self,
        options: Options | None = None,
        *,
        clock: Clock | None = None,
        storage: Storage | None = None,
        log: RequestLog | None = None,
        certificate: str = "",
    ) -> None:
        self.options = options = options or Options()
        self.clock = clock or SystemClock()
        nodes = [
            Node(f"node{at + 1}", f"http://127.0.0.1:{8200 + 2 * at}", "", is_sealed=True)
            for at in range(options.nodes)
        ]
        self.member: Member | None = None
        if isinstance(storage, SharedStorage):
            if options.nodes > 1 or options.is_dev:
                raise UsageError("a storage that processes share has one node, with HA, in each")
            self.member = Member(storage, self.clock, nodes[0], options.timing)
        self.cluster = self.member or Cluster(
            storage or MemoryStorage(),
            self.clock,
            nodes,
            ha=not options.is_dev,
            timing=options.timing,
        )
        for node in nodes:
            self.set_address(node, node.address)
        self.core = Core(self.cluster, Dialect.named(options.dialect))
        timing = options.timing
        forwarder = Forwarder(2 * timing.lease + timing.drain, certificate)
        door = FrontDoor(
            self.core,
            standby_reads=options.standby_reads,
            forwarder=forwarder if self.member else None,
        )
        self.applications = [Application(door, node, log) for node in nodes]
        self.root_token = ""
        self.unseal_key = ""
        if self.member is None and options.state is not InitialState.UNINITIALIZED:
            self._initialize()
        # The first policy loads the grammar: not while a client waits.
        self.core.acl(NOBODY)

    def join(self) -> bool:
        """Find the storage initialized, or initialize it: whether it was this node that did.

        Who finds it initialized takes it as it is: what the options say about keys, policies and
        tokens is for a new one. Nothing in the storage is encrypted, so nobody has to hand in
        the key; but who was told to start sealed does. Raises `UnreachableError`, and `UsageError`
        when the root token of the options is not one of this storage.
        """
        self._shared.refresh_now(_PATIENCE_SECONDS)
        state = self.options.state
        is_first = False
        if not self.cluster.is_initialized and state is not InitialState.UNINITIALIZED:
            is_first = self._insist(self._found)
        if is_first:
            self._insist(self._fill)
        elif self.cluster.is_initialized:
            self._take_as_it_is()
        self.core.acl(NOBODY)
        return is_first

    @property
    def _member(self) -> Member:
        assert self.member is not None
        return self.member

    @property
    def _shared(self) -> SharedStorage:
        assert isinstance(self.cluster.storage, SharedStorage)
        return self.cluster.storage

    def _insist(self, step: Callable[[], _T]) -> _T:
        """Do a step until it succeeds: others may hold the lock just now, or have died with it."""
        deadline = time.monotonic() + 2 * self.options.timing.lease + _PATIENCE_SECONDS
        while True:
            try:
                result = step()
            except (FencedError, UnreachableError) as error:
                if time.monotonic() > deadline:
                    raise UnreachableError(f"it cannot be initialized: {error}") from None
                time.sleep(self.options.timing.takeover)
                self._shared.refresh_now(_PATIENCE_SECONDS)
            else:
                return result

    def _found(self) -> bool:
        """Initialize the storage, unless it is, and stay the active node. Whether it is this
        process that did: an earlier attempt may have succeeded without an answer."""
        member = self._member
        if not self.cluster.is_initialized:
            if not member.take_over():
                raise FencedError("another node has the lock")
            if self._shared.read("core/init") is None:
                self._start_up()
            else:
                member.step_aside()
        if self.root_token and self.core.tokens.find(self.root_token) is not None:
            return True
        self.root_token = self.unseal_key = ""
        return False

    def _fill(self) -> None:
        """Store what the options say, as the active node. May be repeated."""
        member = self._member
        member.own.is_sealed = False
        member.settle()
        if not member.own.is_active and not member.take_over():
            raise UnreachableError("another node took the lock before policies and tokens were in")
        put_policies(self.core, self.options.policies)
        missing = [
            token
            for token in self.options.tokens
            if self.core.tokens.find(token.id.get_secret_value()) is None
        ]
        put_tokens(self.core, missing)
        if self.options.state is InitialState.SEALED:
            member.seal(member.own)

    def _take_as_it_is(self) -> None:
        given = self.options.root_token
        if given:
            token = self.core.tokens.find(given)
            if token is None or "root" not in token.policies:
                raise UsageError("the storage is initialized already, with another root token")
            self.root_token = given
        self.cluster.nodes[0].is_sealed = self.options.state is not InitialState.ACTIVE

    def _initialize(self) -> None:
        self._start_up()
        for node in self.cluster.nodes:
            node.is_sealed = False
        self.cluster.start()
        put_policies(self.core, self.options.policies)
        put_tokens(self.core, self.options.tokens)
        if self.options.state is InitialState.SEALED:
            for node in self.cluster.nodes:
                self.cluster.seal(node)

    def _start_up(self) -> None:
        options = self.options
        if not self.root_token:
            self.root_token = options.root_token or f"s.{random_name()}"
            self.unseal_key = options.unseal_key or secrets.token_hex(32)
        start_up(
            self.core,
            self.cluster.nodes[0],
            root_token=self.root_token,
            key=bytes.fromhex(self.unseal_key),
            is_dev=options.is_dev,
        )

    def set_address(self, node: Node, address: str) -> None:
        """Tell a node where it can be reached: its own URL, without a final slash."""
        scheme, _, rest = address.partition("://")
        host, _, port = rest.rpartition(":")
        node.address = address
        if self.member is not None:
            # The one thing that no two processes can have in common.
            node.name = rest
        # The port for the traffic between nodes, which the mock does not open, is the next one.
        node.cluster_address = f"https://{host}:{int(port) + 1}" if scheme else address
