"""What a command says to the shell. The same for every command."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Exit"]


class Exit(IntEnum):
    """Exit codes."""

    YES = 0
    """Allowed, accepted, passed."""
    NO = 1
    """Denied, refused, failed."""
    ERROR = 2
    """It could not be answered: usage, unreadable or broken input."""
    UNDETERMINED = 3
    """It cannot be told: the verdict hangs on something nobody said."""
    INTERRUPTED = 130
    """Ctrl-C, as shells count it."""
