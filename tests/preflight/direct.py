"""The step-down without the command line, and without asking whether it is a go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.preflight import Address, Client, execute, gather, tls_context
from policy.preflight.secret import Secret
from policy.preflight.settings import Settings

if TYPE_CHECKING:
    from policy.preflight import Execution, Snapshot

__all__ = ["executed", "snapshot_of"]


def snapshot_of(address: str, token: str) -> tuple[Snapshot, Client, Secret]:
    settings = Settings(Address.parse(address), Secret(token), request_seconds=5)
    client = Client(settings.address, tls_context(settings.tls), settings.tls, 5)
    return gather(settings, client), client, settings.token


def executed(
    address: str, token: str, limit: float = 20.0, *, at: str = "", lines: list[str] | None = None
) -> Execution:
    """Look at a node, and step it down, whatever the verdict; the request may go elsewhere."""
    snapshot, client, secret = snapshot_of(address, token)
    progress = (lines if lines is not None else []).append
    with client.at(Address.parse(at or address)) as other, client:
        return execute(other, secret, snapshot, limit, progress)
