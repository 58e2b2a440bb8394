"""What nodes say of themselves without a token: `sys/health`, `sys/leader`, `sys/seal-status`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from policy.errors import UsageError
from policy.preflight import reading
from policy.preflight.address import Address
from policy.preflight.failures import Failure, RequestError
from policy.preflight.snapshot import Leader, Missing, NodeState, Product, Role, Server, Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.preflight.client import Answer, Client
    from policy.preflight.snapshot import Peer

__all__ = ["ask_peers", "leader", "node_state", "server"]

_AT_ONCE: Final = 16
"""So many nodes are asked at the same time: one that is dead holds up no other."""


def node_state(client: Client) -> NodeState:
    """`sys/health`. Raises `RequestError`, also when it is no Vault or OpenBao that answers."""
    answer = client.get("sys/health")
    body = answer.body
    if body is None or "initialized" not in body:
        raise RequestError(Failure.NOT_OURS, _stranger(client, answer))
    return NodeState(
        _role(body),
        reading.text(body, "version"),
        reading.text(body, "cluster_id"),
        reading.text(body, "cluster_name"),
        float(reading.integer(body, "server_time_utc") or 0),
    )


def _role(body: dict[str, Any]) -> Role:
    if body["initialized"] is False:
        return Role.UNINITIALIZED
    if reading.truth(body, "sealed") is not False:
        return Role.SEALED
    if reading.text(body, "replication_dr_mode") == "secondary":
        return Role.SECONDARY
    # A performance standby says that it is a standby as well.
    return Role.ACTIVE if reading.truth(body, "standby") is False else Role.STANDBY


def _stranger(client: Client, answer: Answer) -> str:
    """The phrase for an answer that no Vault gives."""
    name = f"`{client.address}`"
    if answer.is_redirect:
        return f"{name} redirects to `{answer.location}`: give the address of the server itself"
    if "HTTP request to an HTTPS server" in answer.page and not client.address.is_encrypted:
        return f"{name} speaks TLS: write `https://`"
    if answer.body is None:
        return (
            f"{name} answers, but not as Vault or OpenBao would ({answer.words()}): "
            "a proxy or another program stands there"
        )
    return f"{name} answers, but not as Vault or OpenBao would ({answer.words()})"


def server(client: Client) -> Server:
    """The node we were pointed at: its state, product and storage. Raises `RequestError`."""
    state = node_state(client)
    product, storage = Product.UNKNOWN, ""
    try:
        found = client.get("sys/seal-status").body or {}
    except RequestError:
        found = {}
    # Their version numbers overlap; the names of this field do not.
    if "commit_date" in found:
        product = Product.OPENBAO
    elif "build_date" in found or reading.text(found, "version").startswith(("0.", "1.")):
        product = Product.VAULT
    storage = reading.text(found, "storage_type")
    return Server(
        str(client.address),
        state,
        product,
        storage,
        is_encrypted=client.address.is_encrypted,
        is_verified=client.is_verified,
        is_local=client.address.is_local,
    )


def leader(client: Client, clock: float) -> Leader | Unknown:
    """`sys/leader`. `clock` is the server's own time, from which the age of the active node is
    counted: ours may differ."""
    try:
        answer = client.get("sys/leader")
    except RequestError as error:
        return Unknown(Missing.NO_ANSWER, str(error), error.failure)
    has_ha = reading.truth(answer.body or {}, "ha_enabled")
    if answer.status != 200 or answer.body is None or has_ha is None:
        return Unknown(Missing.NOT_UNDERSTOOD, f"`sys/leader` answers {answer.words()}")
    since = reading.text(answer.body, "active_time")
    moment = reading.seconds_since_epoch(since)
    return Leader(
        has_ha,
        is_self=reading.truth(answer.body, "is_self") is True,
        address=reading.text(answer.body, "leader_address"),
        active_seconds=max(clock - moment, 0.0) if moment is not None and clock else None,
        active_since=since if moment is not None else "",
    )


def ask_peers(client: Client, peers: Sequence[Peer]) -> tuple[Peer, ...]:
    """Ask every peer with an API address for its health, all at the same time."""

    def asked(peer: Peer) -> Peer:
        if not peer.address:
            return peer
        try:
            with client.at(Address.parse(peer.address)) as own:
                return replace(peer, state=node_state(own))
        except RequestError as error:
            return replace(peer, state=Unknown(Missing.NO_ANSWER, str(error), error.failure))
        except UsageError as error:
            return replace(peer, state=Unknown(Missing.NOT_UNDERSTOOD, str(error)))

    if not peers:
        return ()
    with ThreadPoolExecutor(min(_AT_ONCE, len(peers))) as pool:
        return tuple(pool.map(asked, peers))
