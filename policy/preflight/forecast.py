"""What will happen, before it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy.preflight.cluster_findings import HOLD_OFF_SECONDS, readiness
from policy.preflight.snapshot import Leader, Product, Unknown

if TYPE_CHECKING:
    from policy.preflight.snapshot import Snapshot

__all__ = ["Forecast", "forecast"]


@dataclass(frozen=True, slots=True)
class Forecast:
    """Who goes and who may come. `lines` tell it to people."""

    steps_down: str
    candidates: tuple[str, ...]
    """Nodes that can take over; which of them does is the storage's business."""
    lines: tuple[str, ...]


def forecast(snapshot: Snapshot) -> Forecast | None:
    """What a step-down would do; None where it would do nothing."""
    leader = snapshot.leader
    if not isinstance(leader, Leader) or not leader.has_ha:
        return None
    node = leader.address or (snapshot.server.address if leader.is_self else "")
    if not node:
        return None
    peers = () if isinstance(snapshot.peers, Unknown) else snapshot.peers
    candidates = tuple(peer.name for peer in peers if readiness(peer, snapshot).able)
    names = [f"`{name}`" for name in candidates]
    gap = "requests meanwhile fail with 500" + (
        ", reads too" if snapshot.server.product is Product.VAULT else ", but for reads on standbys"
    )
    lines = [f"`{node}` stops being active at once and finishes its requests for half a second"]
    if names:
        who = names[0] if len(names) == 1 else f"one of {', '.join(names)}"
        lines.append(
            f"{who} becomes active after about half a second (measured on loopback: 0.5 to 0.6 s); "
            f"{gap}"
        )
        lines.append(
            f"`{node}` cannot become active for {HOLD_OFF_SECONDS} s from then, and stays a standby"
        )
    elif isinstance(snapshot.peers, Unknown):
        lines.append(f"who becomes active then, and when, is not known; {gap}")
    else:
        lines.append(
            f"nobody is active until `{node}` may be again, after {HOLD_OFF_SECONDS} s; {gap}"
        )
    return Forecast(node, candidates, tuple(lines))
