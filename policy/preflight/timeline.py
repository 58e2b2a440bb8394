"""What the sightings of nodes after a step-down amount to. Time comes in as a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

__all__ = ["Ending", "Seen", "Sighting", "Timeline"]

GRACE_SECONDS: Final = 3.0
"""A node that steps down says so within milliseconds (OpenBao 2.7.2). One that is active all this
time, by the same term, did not step down."""


class Seen(StrEnum):
    """What a node looked like."""

    ACTIVE = "active"
    STANDBY = "standby"
    OTHER = "neither active nor standby"
    GONE = "no answer"


class Sighting(NamedTuple):
    """One look at one node."""

    at: float
    """Seconds since the step-down was answered."""
    node: str
    """The address that was asked."""
    seen: Seen
    leader: str = ""
    """The API address that an active node gives for itself."""
    term: str = ""
    """When its time as the active node began, in its own words."""


class Ending(StrEnum):
    """How it ended."""

    CHANGED = "changed"
    """Another node is active."""
    SAME_NODE = "same-node"
    """The node that stepped down is active again: nobody else took over."""
    NOTHING_HAPPENED = "nothing-happened"
    """The request was answered, and the node stayed active all along."""
    NOBODY_YET = "nobody-yet"
    """Time is up; the nodes answer, and none is active."""
    NOT_SEEN = "not-seen"
    """Time is up, and no node answered: nothing is known."""
    REFUSED = "refused"
    """The server did not accept the step-down."""
    INTERRUPTED = "interrupted"


@dataclass(slots=True)
class Timeline:
    """Takes sightings in the order in which they come, and tells how it ended.

    `leader` is the API address of the node that was active before, `addresses` all by which we
    know it, `term` when its time began; empty where it is not known.
    """

    leader: str
    addresses: frozenset[str]
    term: str = ""
    states: dict[str, Seen] = field(default_factory=dict)
    """What every node looked like last."""
    has_stepped_down: bool = False
    """The node was seen in another state than active."""
    active: str = ""
    """The node that is active in the end."""
    gap_seconds: float | None = None
    """From the answer to the step-down until a node was seen active again."""

    def add(self, sighting: Sighting) -> str | None:
        """Take a sighting. Returns a line for people where something is new."""
        before = self.states.get(sighting.node)
        self.states[sighting.node] = sighting.seen
        is_old = sighting.node in self.addresses
        if is_old and sighting.seen in (Seen.STANDBY, Seen.OTHER):
            self.has_stepped_down = True
        if sighting.seen is Seen.ACTIVE and self._begins_anew(sighting, is_old=is_old):
            self.active = sighting.leader or sighting.node
            self.gap_seconds = max(sighting.at, 0.0)
        if before is sighting.seen:
            return None
        return f"{max(sighting.at, 0):7.2f} s  `{sighting.node}`: {sighting.seen}"

    def _begins_anew(self, sighting: Sighting, *, is_old: bool) -> bool:
        if self.active:
            return False
        if not is_old:
            return True
        if sighting.leader and self.leader and sighting.leader != self.leader:
            # Something in between, such as a load balancer, now leads to another node.
            return True
        if sighting.term and self.term:
            return sighting.term != self.term
        return self.has_stepped_down

    def ending(self, now: float, limit: float) -> Ending | None:
        """How it ended, or None while it has not. Both in seconds since the step-down."""
        if self.active:
            is_old = self.active == self.leader or self.active in self.addresses
            return Ending.SAME_NODE if is_old else Ending.CHANGED
        is_active = any(self.states.get(node) is Seen.ACTIVE for node in self.addresses)
        if is_active and now >= GRACE_SECONDS and not self.has_stepped_down:
            return Ending.NOTHING_HAPPENED
        if now < limit:
            return None
        if is_active:
            return Ending.NOTHING_HAPPENED
        has_answer = any(seen is not Seen.GONE for seen in self.states.values())
        return Ending.NOBODY_YET if has_answer else Ending.NOT_SEEN
