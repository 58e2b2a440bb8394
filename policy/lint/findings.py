"""What the linter finds: a diagnostic, the rule it comes from, and what may be done about it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from policy.diagnostics import Diagnostic, Label, Severity
    from policy.source import Span

__all__ = ["Confidence", "Edit", "Finding", "Fix", "Level", "Problem"]


class Level(StrEnum):
    """How much one wants to hear. Each level includes those before it."""

    REGULAR = "regular"
    """Mistakes. Silence is the normal state of a good policy."""
    PEDANTIC = "pedantic"
    """Also what is harmless, a matter of taste, or a mistake only if a guess is right."""
    AUDIT = "audit"
    """Also what is meant to be there, and that a security review wants to have seen."""

    def includes(self, other: Level) -> bool:
        """Whether findings of the other level are shown at this one."""
        return _ORDER[other] <= _ORDER[self]


_ORDER: Final = {Level.REGULAR: 0, Level.PEDANTIC: 1, Level.AUDIT: 2}


class Confidence(StrEnum):
    """How sure it is that what is said is so; how bad it is, the severity tells."""

    CERTAIN = "certain"
    """Follows from what the server was seen to do."""
    HIGH = "high"
    """Follows from the catalogue, or from what authors nearly always mean."""
    MEDIUM = "medium"
    """Hangs on a guess that the finding names."""


class Edit(NamedTuple):
    """Text to stand in place of a span."""

    span: Span
    text: str


class Fix(NamedTuple):
    """Edits that belong together.

    A safe one is proposed only where no decision changes; that is proved anew before it is
    applied. An unsafe one does what the author probably meant, and so changes decisions.
    """

    message: str
    edits: tuple[Edit, ...]
    is_safe: bool


class Problem(NamedTuple):
    """What the check of a rule yields. `None` leaves the rule's own severity and the like."""

    message: str
    span: Span
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None
    fix: Fix | None = None
    severity: Severity | None = None
    confidence: Confidence | None = None
    level: Level | None = None
    code: str | None = None
    """The name the compiler has for it, where it comes from there."""


class Finding(NamedTuple):
    """One finding of one rule.

    `diagnostic.code` is the rule's id, or the more exact code of the compiler. `fingerprint` stays
    the same when the block it is about moves within its file.
    """

    rule: str
    alias: str
    diagnostic: Diagnostic
    confidence: Confidence
    level: Level
    policy: str
    fingerprint: str
    fix: Fix | None = None
