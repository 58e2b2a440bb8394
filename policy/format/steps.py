"""Recursion for trees that nest deeper than Python's own goes.

A step is a generator that yields the steps it is made of, where a function would call itself:
`yield self._value(item.value)`.
"""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["Steps", "run"]

Steps = Iterator["Steps"]


def run(steps: Steps) -> None:
    """Take all steps, in order, each to its end before the next."""
    pending = [steps]
    while pending:
        try:
            pending.append(next(pending[-1]))
        except StopIteration:
            pending.pop()
