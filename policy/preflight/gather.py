"""Finding everything out, in the order of its worth: a token with few uses pays for the first."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from policy.model import STEP_DOWN
from policy.preflight import nodes, reading
from policy.preflight.address import Address
from policy.preflight.bearer import Bearer
from policy.preflight.failures import RequestError
from policy.preflight.offline import offline_decision
from policy.preflight.peers import Peers, find_peers
from policy.preflight.snapshot import (
    Leader,
    Missing,
    Role,
    Server,
    Snapshot,
    TokenFacts,
    Unknown,
    Uses,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.preflight.client import Client
    from policy.preflight.settings import Settings

__all__ = ["gather"]


def gather(
    settings: Settings, client: Client, standbys: Sequence[str] = (), *, may_forward: bool = False
) -> Snapshot:
    """Ask the server, and the nodes it names, everything a verdict hangs on. Changes nothing.

    Raises `RequestError` when the server itself cannot be asked.
    """
    server = nodes.server(client)
    if server.state.role in (Role.SEALED, Role.UNINITIALIZED):
        return _sealed(settings, server, may_forward=may_forward)
    leader = _leader(client, server)
    bearer = Bearer(client, settings.token, leader.address if isinstance(leader, Leader) else "")
    token = _token(bearer)
    capabilities = _capabilities(bearer)
    peers = Peers(Unknown(Missing.NOT_ASKED, "the other nodes: not asked"), None)
    if not isinstance(leader, Unknown) and leader.has_ha:
        peers = find_peers(client, bearer, server, standbys)
    # The policies come last: they cost most.
    offline = (
        Unknown(Missing.NOT_ASKED, "the token could not be looked up")
        if isinstance(token, Unknown)
        else offline_decision(bearer, token, server, server.state.clock or time.time())
    )
    return Snapshot(
        server=server,
        namespace=settings.namespace,
        leader=leader,
        token=token,
        uses=bearer.uses,
        capabilities=capabilities,
        offline=offline,
        peers=peers.found,
        failure_tolerance=peers.failure_tolerance,
        may_forward=may_forward,
    )


def _sealed(settings: Settings, server: Server, *, may_forward: bool) -> Snapshot:
    """All there is to know of a node that answers nothing else."""
    unknown = Unknown(Missing.NOT_ASKED, f"the node is {server.state.role}")
    return Snapshot(
        server=server,
        namespace=settings.namespace,
        leader=unknown,
        token=unknown,
        uses=Uses(0, unknown),
        capabilities=unknown,
        offline=unknown,
        peers=unknown,
        may_forward=may_forward,
    )


def _leader(client: Client, server: Server) -> Leader | Unknown:
    """Who is active, and since when, which only the active node itself says."""
    found = nodes.leader(client, server.state.clock)
    if isinstance(found, Unknown) or found.is_self or not found.address:
        return found
    try:
        with client.at(Address.parse(found.address)) as other:
            own = nodes.leader(other, server.state.clock)
    except (RequestError, ValueError):
        return found
    if isinstance(own, Unknown) or not own.is_self:
        return found
    return Leader(
        has_ha=True,
        is_self=False,
        address=found.address,
        active_seconds=own.active_seconds,
        active_since=own.active_since,
    )


def _token(bearer: Bearer) -> TokenFacts | Unknown:
    answer = bearer.get("auth/token/lookup-self", "the token")
    if isinstance(answer, Unknown):
        if answer.why is Missing.INVALID:
            bearer.give_up()
        else:
            bearer.ask_no_more_than_once()
        return answer
    data = answer.data
    uses = reading.integer(data, "num_uses")
    ttl = reading.integer(data, "ttl")
    if uses is None or ttl is None:
        bearer.ask_no_more_than_once()
        return Unknown(Missing.NOT_UNDERSTOOD, "the token: its uses or TTL are not in the answer")
    bearer.learn(uses)
    return TokenFacts(
        policies=reading.texts(data, "policies"),
        identity_policies=reading.texts(data, "identity_policies"),
        # A TTL of 0 is that of a token without an end; an expired one could not ask.
        ttl_seconds=ttl if data.get("expire_time") is not None or ttl else None,
        kind=reading.text(data, "type") or "service",
        namespace=reading.text(data, "namespace_path"),
        entity_id=reading.text(data, "entity_id"),
    )


def _capabilities(bearer: Bearer) -> tuple[str, ...] | Unknown:
    path = STEP_DOWN.path
    answer = bearer.post(
        "sys/capabilities-self", f"the capabilities on `{path}`", {"paths": [path]}
    )
    if isinstance(answer, Unknown):
        return answer
    found = reading.texts(answer.data, path)
    if not found:
        return Unknown(Missing.NOT_UNDERSTOOD, f"the capabilities on `{path}`: not in the answer")
    return found
