"""Is there HA, is this the active node, and can another take over?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from policy.preflight.failures import Failure
from policy.preflight.finding import Check, Finding, Level
from policy.preflight.snapshot import Leader, Missing, Role, Unknown
from policy.preflight.token_findings import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.preflight.snapshot import Peer, Snapshot

__all__ = ["HOLD_OFF_SECONDS", "Readiness", "cluster_findings", "readiness"]

HOLD_OFF_SECONDS: Final = 10
"""For so long a node that has stepped down may not become active (OpenBao 2.7.2, observed; Vault,
read)."""
_FRESH_ECHO_SECONDS: Final = 15.0
"""A standby that works is heard of every few seconds (OpenBao 2.7.2: five at most)."""
_STALE_ECHO_SECONDS: Final = 30.0


class Readiness(NamedTuple):
    """Whether a peer can become active. `able` is None where it cannot be told."""

    able: bool | None
    why: str


def cluster_findings(snapshot: Snapshot) -> Iterator[Finding]:
    """Everything about the node that was asked, and its peers."""
    yield from _connection(snapshot)
    role = snapshot.server.state.role
    if role in (Role.SEALED, Role.UNINITIALIZED, Role.SECONDARY):
        yield Finding(
            Check.NODE, Level.NO, f"the node is {_shown(role)}: it cannot step down", _HINTS[role]
        )
        return
    leader = snapshot.leader
    if isinstance(leader, Unknown):
        yield Finding(Check.NODE, Level.UNKNOWN, f"who is active is not known ({leader.text})")
        return
    if not leader.has_ha:
        yield Finding(
            Check.NODE,
            Level.NO,
            "HA is off: a step-down answers 204 to anybody and does nothing",
            "a server without HA is restarted, not stepped down",
        )
        return
    yield from _active(snapshot, leader)
    if leader.address or leader.is_self:
        yield from _timing(leader)
        yield from _standbys(snapshot)
        yield from _raft(snapshot)


_HINTS: Final = {
    Role.SEALED: "unseal it, or ask another node of the cluster",
    Role.UNINITIALIZED: "ask a node of the cluster that is in use",
    Role.SECONDARY: "ask the primary cluster",
}


def _shown(role: Role) -> str:
    return f"a {role}" if role is Role.SECONDARY else role.value


def _connection(snapshot: Snapshot) -> Iterator[Finding]:
    server = snapshot.server
    if not server.is_encrypted and not server.is_local:
        yield Finding(Check.CONNECTION, Level.WARNING, "no TLS: the token crosses the network bare")
    elif server.is_encrypted and not server.is_verified:
        yield Finding(
            Check.CONNECTION,
            Level.WARNING,
            "the certificate is not checked (`VAULT_SKIP_VERIFY`): anybody may answer",
        )


def _active(snapshot: Snapshot, leader: Leader) -> Iterator[Finding]:
    if leader.is_self:
        since = leader.active_seconds
        text = "HA is on, and this node is active"
        yield Finding(
            Check.NODE, Level.OK, text if since is None else f"{text}, for {duration(since)}"
        )
    elif not leader.address:
        yield Finding(
            Check.NODE,
            Level.NO,
            "no node is active: a step-down would answer 500",
            "wait until one is; if none comes, look at the logs of the nodes",
        )
    elif snapshot.may_forward:
        yield Finding(
            Check.NODE,
            Level.WARNING,
            f"this node is a standby: it forwards, and `{leader.address}` steps down, not this one",
        )
    else:
        yield Finding(
            Check.NODE,
            Level.NO,
            f"this node is a standby: there is nothing to step down; `{leader.address}` is active",
            "upgrade this node as it is; or `--address` the active one; or `--forward` to let "
            "this one hand the request on",
        )


def _timing(leader: Leader) -> Iterator[Finding]:
    since = leader.active_seconds
    if since is None:
        yield Finding(
            Check.TIMING,
            Level.WARNING,
            "since when the node is active is not known: if a node has stepped down within the "
            f"last {HOLD_OFF_SECONDS} seconds, wait",
        )
    elif since < HOLD_OFF_SECONDS:
        yield Finding(
            Check.TIMING,
            Level.NO,
            f"the active node has been active for {since:.0f} s only: if another has just stepped "
            "down, raft may hand the lead to that one, which then sleeps and nobody is active",
            f"ask again in {HOLD_OFF_SECONDS - int(since)} s",
        )


def _standbys(snapshot: Snapshot) -> Iterator[Finding]:
    peers = snapshot.peers
    if isinstance(peers, Unknown):
        yield Finding(
            Check.STANDBYS,
            Level.UNKNOWN,
            f"whether a standby can take over is not known ({peers.text})",
            'grant `read` on "sys/ha-status", or name the other nodes with `--standby URL`'
            if peers.why is Missing.DENIED
            else "name the other nodes with `--standby URL`, which takes no token",
        )
        return
    ready = [(peer, readiness(peer, snapshot)) for peer in peers]
    able = [(peer, each) for peer, each in ready if each.able]
    if able:
        yield Finding(
            Check.STANDBYS,
            Level.OK,
            f"{len(able)} of {len(ready)} can take over: {_described(able)}",
        )
    others = [(peer, each) for peer, each in ready if not each.able]
    if not ready:
        yield Finding(
            Check.STANDBYS,
            Level.NO,
            "there is no standby: the same node would be active again after ten seconds, and "
            "nobody until then",
            "for a restart of the only node, plan the gap and restart it",
        )
    elif not able and any(each.able is None for _, each in others):
        yield Finding(
            Check.STANDBYS, Level.UNKNOWN, f"no standby is known to be well: {_described(others)}"
        )
    elif not able:
        yield Finding(Check.STANDBYS, Level.NO, f"no standby can take over: {_described(others)}")
    elif others:
        yield Finding(Check.STANDBYS, Level.WARNING, f"not all are well: {_described(others)}")


def _described(ready: Sequence[tuple[Peer, Readiness]]) -> str:
    return "; ".join(f"`{peer.name}` ({each.why})" for peer, each in ready)


def readiness(peer: Peer, snapshot: Snapshot) -> Readiness:
    """Whether a peer can become active: what is known against it comes first."""
    if peer.has_vote is False:
        return Readiness(False, "raft gives it no vote")
    if peer.is_healthy is False:
        return Readiness(False, "autopilot calls it unhealthy")
    state = peer.state
    if isinstance(state, Unknown):
        return _unreached(peer, state)
    if state.role is not Role.STANDBY:
        return Readiness(False, _shown(state.role))
    ours = snapshot.server.state.cluster_id
    if state.cluster_id and ours and state.cluster_id != ours:
        return Readiness(False, "it belongs to another cluster")
    words = "a healthy voter" if peer.is_healthy else "standby"
    if state.version != snapshot.server.state.version:
        words += f", version {state.version}"
    return Readiness(True, words)


def _unreached(peer: Peer, state: Unknown) -> Readiness:
    """From here it may just be out of reach; then what the active node hears of it counts. A
    connection that is refused says more: the machine is there, and the program is not."""
    echo = peer.echo_seconds
    heard = "" if echo is None else f", the active node heard of it {echo:.0f} s ago"
    if state.failure is Failure.REFUSED:
        return Readiness(None, f"nothing listens there{heard}")
    if echo is not None and echo > _STALE_ECHO_SECONDS:
        return Readiness(False, f"no answer{heard}")
    if echo is not None and echo <= _FRESH_ECHO_SECONDS:
        return Readiness(True, f"not reached from here{heard}")
    if peer.is_healthy:
        return Readiness(True, "not reached from here, a healthy voter")
    return Readiness(None, f"no answer{heard}")


def _raft(snapshot: Snapshot) -> Iterator[Finding]:
    tolerance = snapshot.failure_tolerance
    if tolerance == 0:
        yield Finding(
            Check.RAFT,
            Level.WARNING,
            "raft can lose no node: with the next one that stops, the cluster stops",
            "mend the others before you take the former active node down",
        )
    elif tolerance is not None:
        nodes = "1 node" if tolerance == 1 else f"{tolerance} nodes"
        yield Finding(Check.RAFT, Level.OK, f"raft can lose {nodes}")
