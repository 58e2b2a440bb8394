"""What was found out before a step-down, as values: the whole input of the verdict.

Whatever could not be found out is an `Unknown` with its reason, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy.evaluate import Decision
    from policy.preflight.failures import Failure

__all__ = [
    "Leader",
    "Missing",
    "NodeState",
    "Peer",
    "Product",
    "Role",
    "Server",
    "Snapshot",
    "TokenFacts",
    "Unknown",
    "Uses",
]


class Missing(StrEnum):
    """Why something is not known."""

    DENIED = "denied"
    """The token may not ask."""
    INVALID = "invalid"
    """The server does not accept the token at all."""
    NOT_ASKED = "not-asked"
    """We did not ask: it would have cost something, or could have no answer."""
    ABSENT = "absent"
    """There is no such thing."""
    NO_ANSWER = "no-answer"
    NOT_UNDERSTOOD = "not-understood"


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that could not be found out. `text` is one phrase that says why."""

    why: Missing
    text: str
    failure: Failure | None = None
    """What happened on the way, if it was that."""


class Product(StrEnum):
    """Who answers."""

    OPENBAO = "OpenBao"
    VAULT = "Vault"
    UNKNOWN = "unknown server"


class Role(StrEnum):
    """What a node says that it is."""

    ACTIVE = "active"
    STANDBY = "standby"
    SECONDARY = "disaster recovery secondary"
    SEALED = "sealed"
    UNINITIALIZED = "not initialized"


@dataclass(frozen=True, slots=True)
class NodeState:
    """`sys/health` of one node."""

    role: Role
    version: str = ""
    cluster_id: str = ""
    """Empty while it is sealed."""
    cluster_name: str = ""
    clock: float = 0.0
    """The node's own clock, in whole seconds since 1970; 0 where it does not say."""


@dataclass(frozen=True, slots=True)
class Server:
    """The node that was asked."""

    address: str
    state: NodeState
    product: Product = Product.UNKNOWN
    storage: str = ""
    """`raft`, `consul`, …; empty where it does not say."""
    is_encrypted: bool = True
    is_verified: bool = True
    is_local: bool = False
    """It is this machine: nothing crosses a network."""


@dataclass(frozen=True, slots=True)
class Leader:
    """`sys/leader`: who is active, as the asked node sees it."""

    has_ha: bool
    is_self: bool = False
    address: str = ""
    """The API address of the active node; empty while nobody is active."""
    active_seconds: float | None = None
    """For how long it has been active; None where nobody says."""
    active_since: str = ""
    """The same moment in the server's own words, which only serve to be compared."""


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """The token, without anything that would be worth hiding."""

    policies: tuple[str, ...]
    identity_policies: tuple[str, ...] = ()
    ttl_seconds: int | None = None
    """None for a token that never expires."""
    kind: str = "service"
    namespace: str = ""
    """Where it was made: empty (root) or ends in a slash."""
    entity_id: str = ""


@dataclass(frozen=True, slots=True)
class Uses:
    """What the questions cost. A token with a limit pays one use for every request."""

    requests: int
    """Requests that carried the token so far."""
    left: int | Unknown | None
    """Uses left now; None is "without limit"."""
    skipped: tuple[str, ...] = ()
    """What was not asked, to leave a use for the step-down."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Another node, from `sys/ha-status`, from autopilot, or named on the command line."""

    address: str
    """Its API address; empty where only raft knows it."""
    cluster_address: str = ""
    state: NodeState | Unknown = Unknown(Missing.NOT_ASKED, "nobody asked it")
    echo_seconds: float | None = None
    """How long ago the active node heard of it."""
    has_vote: bool | None = None
    is_healthy: bool | None = None
    """What autopilot thinks of it."""

    @property
    def name(self) -> str:
        """What to call it."""
        return self.address or self.cluster_address


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that was found out."""

    server: Server
    namespace: str
    """The namespace of the settings, as given; empty for none."""
    leader: Leader | Unknown
    token: TokenFacts | Unknown
    uses: Uses
    capabilities: tuple[str, ...] | Unknown
    """What `sys/capabilities-self` says of `sys/step-down`."""
    offline: Decision | Unknown
    """Our own verdict, from the policies of the token."""
    peers: tuple[Peer, ...] | Unknown
    """All nodes but the active one."""
    failure_tolerance: int | None = None
    """How many raft nodes may be lost, by autopilot; None where nobody says."""
    may_forward: bool = False
    """A standby may hand the request on to the active node."""
