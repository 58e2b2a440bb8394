"""What happened in one run, as clients and the storage saw it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

__all__ = ["NEVER", "History", "Kind", "Operation", "Outcome", "Stored"]

NEVER: Final = float("inf")
"""When something ended of which nobody has heard."""


class Kind(StrEnum):
    """What a client asked for."""

    WRITE = "write"
    """A value of its own into a register that all share."""
    READ = "read"
    """The value of a register."""
    INSERT = "insert"
    """A key of its own."""
    COUNT = "count"
    """A new version of the one secret; the answer tells its number."""
    LEADER = "leader"
    """Whether this node is the active one."""


class Outcome(StrEnum):
    """What came back."""

    DONE = "done"
    UNKNOWN = "unknown"
    """Whatever is not a success: it may have been done, or may yet be."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One request. `started` and `ended` are seconds on one clock for all clients."""

    kind: Kind
    started: float
    ended: float
    node: int
    key: str = ""
    value: str = ""
    """What was written or read; empty for nothing. For LEADER the name of the node and since when
    it is active, if it is."""
    number: int = 0
    """For COUNT the version."""
    outcome: Outcome = Outcome.DONE


class Stored(NamedTuple):
    """A key as the storage holds it at the end."""

    value: str
    revision: int
    fence: int


@dataclass(slots=True)
class History:
    """Everything that is known of one run."""

    operations: list[Operation] = field(default_factory=list)
    stored: dict[str, Stored] = field(default_factory=dict)
    """What is left of the inserts, by their key."""
    fences: list[tuple[int, int]] = field(default_factory=list)
    """Revision and fence of every record in the storage."""
    seconds_to_recover: float = 0.0
    """The longest time until a write was acknowledged: after the end of all faults, and after one
    more that hit the active node and did not end; `NEVER` if none was."""
