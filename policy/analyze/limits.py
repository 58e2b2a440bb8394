"""Bounds of the analysis: a hostile policy ends in a clear error, not in a hang."""

from __future__ import annotations

from typing import Final

from policy.errors import PolicyError

__all__ = ["MAX_PIECES", "MAX_SEGMENTS", "AnalysisLimitError", "Budget", "check_segments"]

MAX_SEGMENTS: Final = 200
"""The most segments a pattern may have. The longest pattern seen in practice has 12."""

MAX_PIECES: Final = 1_000_000
"""The most pieces one step may make: some seconds of work and some hundred megabytes.

The pieces grow with the number of rules; they multiply only where patterns such as `+/a` and
`b/+` meet by the hundreds on one level, so that every pair is a set of paths of its own.
"""


class AnalysisLimitError(PolicyError):
    """The exact answer would take more room or time than is sensible."""


class Budget:
    """Counts the pieces of one step. Raises `AnalysisLimitError` when there are too many."""

    __slots__ = ("_left", "_whole")

    def __init__(self, pieces: int = MAX_PIECES) -> None:
        self._whole = self._left = pieces

    def spend(self, pieces: int) -> None:
        """Take note of more pieces."""
        self._left -= pieces
        if self._left < 0:
            raise AnalysisLimitError(
                f"too many sets of paths: the patterns cut the paths into more than "
                f"{self._whole:,} pieces; leave out policies with many `+` rules"
            )


def check_segments(text: str) -> None:
    """Raises `AnalysisLimitError` when a pattern has too many segments."""
    count = text.count("/") + 1
    if count > MAX_SEGMENTS:
        raise AnalysisLimitError(
            f"a pattern has {count} segments, the limit of the analysis is {MAX_SEGMENTS}"
        )
