"""One run over a text: where it begins and ends, what was met on the way, what stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lark import Token

    from policy.syntax.nodes import Comment, Flaw

__all__ = ["MAX_NESTING", "NestingError", "Scan", "ScanError", "UnexpectedTokenError"]

MAX_NESTING = 10_000
"""How deep brackets may nest. The server has no limit, but takes time quadratic in the depth: for
lists nested 100,000 deep it was busy for minutes (OpenBao 2.7.2)."""


class ScanError(Exception):
    """Text that is no token. Raised at `offset`; the parser module finds the words for it."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class NestingError(ScanError):
    """Brackets nest deeper than we follow."""


class UnexpectedTokenError(Exception):
    """A token that cannot stand where it stands; what was expected, and what the parser holds."""

    def __init__(self, token: Token, expected: set[str], stack: list[object]) -> None:
        super().__init__(token)
        self.token = token
        self.expected = expected
        self.stack = stack


class Scan:
    """One run over a part of a text, and the comments and flaws met on the way."""

    __slots__ = ("comments", "end", "flaws", "start", "text")

    def __init__(self, text: str, start: int = 0, end: int | None = None) -> None:
        self.text = text
        self.start = start
        self.end = len(text) if end is None else end
        self.comments: list[Comment] = []
        self.flaws: list[Flaw] = []
