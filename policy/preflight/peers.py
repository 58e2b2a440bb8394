"""The other nodes of the cluster: from `sys/ha-status`, from raft's autopilot, and as named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policy.preflight import reading
from policy.preflight.nodes import ask_peers
from policy.preflight.snapshot import Missing, Peer, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy.preflight.bearer import Bearer
    from policy.preflight.client import Client
    from policy.preflight.snapshot import Server

__all__ = ["Peers", "find_peers"]


class Peers:
    """The peers, or why they are not known; and how many nodes raft can lose."""

    __slots__ = ("failure_tolerance", "found")

    def __init__(self, found: tuple[Peer, ...] | Unknown, failure_tolerance: int | None) -> None:
        self.found = found
        self.failure_tolerance = failure_tolerance


def find_peers(client: Client, bearer: Bearer, server: Server, named: Sequence[str]) -> Peers:
    """Ask the active node for its peers, and the peers for themselves. `named` are addresses of
    standbys that somebody knows: asking those takes no token."""
    listed = _from_ha_status(bearer, server)
    by_raft = _from_autopilot(bearer) if server.storage == "raft" else None
    peers = [] if isinstance(listed, Unknown) else list(listed)
    tolerance = None
    if by_raft is not None:
        votes, tolerance = by_raft
        peers = _merged(peers, votes)
    known = {peer.address for peer in peers}
    peers += [Peer(address) for address in dict.fromkeys(named) if address not in known]
    if isinstance(listed, Unknown) and not peers and by_raft is None:
        return Peers(listed, tolerance)
    return Peers(ask_peers(client, peers), tolerance)


def _from_ha_status(bearer: Bearer, server: Server) -> list[Peer] | Unknown:
    answer = bearer.get("sys/ha-status", "`sys/ha-status`")
    if isinstance(answer, Unknown):
        return answer
    if "nodes" not in answer.data:
        return Unknown(Missing.NOT_UNDERSTOOD, "`sys/ha-status`: there are no nodes in the answer")
    return [
        Peer(
            reading.text(node, "api_address"),
            _bare(reading.text(node, "cluster_address")),
            echo_seconds=_age(reading.text(node, "last_echo"), server.state.clock),
        )
        for node in reading.items(answer.data, "nodes")
        if reading.truth(node, "active_node") is not True
    ]


def _age(moment: str, clock: float) -> float | None:
    then = reading.seconds_since_epoch(moment)
    return None if then is None or not clock else max(clock - then, 0.0)


def _from_autopilot(bearer: Bearer) -> tuple[list[Peer], int | None] | None:
    """The followers that raft knows, and how many nodes it can lose; None where nobody says."""
    answer = bearer.get("sys/storage/raft/autopilot/state", "the state of autopilot")
    if isinstance(answer, Unknown) or "servers" not in answer.data:
        return None
    followers = [
        Peer(
            "",
            reading.text(each, "address"),
            has_vote=reading.text(each, "status") == "voter",
            is_healthy=reading.truth(each, "healthy"),
        )
        for each in reading.items(answer.data, "servers")
        if reading.text(each, "status") != "leader"
    ]
    return followers, reading.integer(answer.data, "failure_tolerance")


def _merged(listed: Iterable[Peer], by_raft: Iterable[Peer]) -> list[Peer]:
    """What raft thinks of each node that the active one lists, and the nodes only raft knows."""
    votes = {peer.cluster_address: peer for peer in by_raft}
    merged = []
    for peer in listed:
        vote = votes.pop(peer.cluster_address, None)
        if vote is not None:
            peer = replace(peer, has_vote=vote.has_vote, is_healthy=vote.is_healthy)
        merged.append(peer)
    return [*merged, *votes.values()]


def _bare(url: str) -> str:
    """A cluster address as raft writes it: without `https://`."""
    return url.partition("://")[2] or url
