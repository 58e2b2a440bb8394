"""What can go wrong, and a random order of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random

__all__ = ["Fault", "Trouble", "plan"]

_ANY_NODE_SHARE: Final = 0.3
"""How often a fault hits any node, and not the active one."""


class Trouble(StrEnum):
    """One kind of fault. All but a step-down last for a while."""

    STEP_DOWN = "step-down"
    KILL = "kill -9"
    STOP = "SIGSTOP"
    HANG = "cut off, no answer"
    FAIL = "cut off, errors"
    STORAGE = "storage restarted"
    """For SQLite: the file is locked by somebody else."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: when it begins, in seconds from the start, and for how long it lasts."""

    trouble: Trouble
    begins: float
    lasts: float
    node: int | None
    """None for the node that is active then."""


def plan(dice: random.Random, *, nodes: int, lease: float, seconds: float) -> list[Fault]:
    """Faults for `seconds`, some of them at the same time, shorter and longer than a lease."""
    faults = []
    now = dice.uniform(0.1, 0.4)
    while now < seconds:
        trouble = dice.choice(list(Trouble))
        node = dice.randrange(nodes) if dice.random() < _ANY_NODE_SHARE else None
        longest = lease if trouble is Trouble.STORAGE else 2.5 * lease
        faults.append(Fault(trouble, now, dice.uniform(0.1 * lease, longest), node))
        now += dice.uniform(0.1, 1.5 * lease)
    return faults
