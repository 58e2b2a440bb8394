"""One thing that speaks for or against a step-down."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Check", "Finding", "Level"]


class Level(StrEnum):
    """How much a finding weighs, the gravest first."""

    NO = "no"
    """A reason not to do it."""
    UNKNOWN = "unknown"
    """It matters, and could not be found out."""
    WARNING = "warning"
    """To know, and no obstacle."""
    OK = "ok"

    @property
    def rank(self) -> int:
        """Its place in that order."""
        return list(Level).index(self)


class Check(StrEnum):
    """What a finding is about. These words are part of the JSON answer."""

    TOKEN = "token"  # noqa: S105 -- the name of a check
    USES = "uses"
    NAMESPACE = "namespace"
    POLICY = "policy"
    NODE = "node"
    CONNECTION = "connection"
    TIMING = "timing"
    STANDBYS = "standbys"
    RAFT = "raft"


@dataclass(frozen=True, slots=True)
class Finding:
    """`text` is one phrase; `hint` is what to do, if that is known."""

    check: Check
    level: Level
    text: str
    hint: str = ""
