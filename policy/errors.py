"""The exceptions of this package.

    PolicyError                 everything raised on purpose; carries diagnostics
    ├── SourceError             a text that cannot be read: missing, unreadable, too large
    ├── InvalidPolicyError      a text the server would refuse, or that a limit of ours refuses
    ├── InventoryError          a token, identity, mount table or request file that does not hold
    └── UsageError              a question that makes no sense: unknown dialect, operation, method

A denial is never an exception: it is a `Decision`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.diagnostics import Diagnostic

__all__ = ["InvalidPolicyError", "InventoryError", "PolicyError", "SourceError", "UsageError"]


class PolicyError(Exception):
    """Base of every exception this package raises on purpose.

    `diagnostics` holds every problem that was found, not the first only; it may be empty when
    the problem has no place in a text.
    """

    def __init__(self, message: str, diagnostics: Iterable[Diagnostic] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.diagnostics = tuple(diagnostics)

    def __str__(self) -> str:
        if not self.diagnostics:
            return self.message
        return "\n\n".join(diagnostic.render() for diagnostic in self.diagnostics)


class SourceError(PolicyError):
    """A text could not be read, or is larger than any server takes."""


class InvalidPolicyError(PolicyError):
    """A policy text is refused. `diagnostics` says where and why, all problems at once."""


class InventoryError(PolicyError):
    """A token, identity, mount table or request description does not hold."""


class UsageError(PolicyError, ValueError):
    """A question that cannot be asked, such as one that names an unknown operation."""
