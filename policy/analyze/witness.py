"""A member of a set of paths: short, and as readable as the set allows."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from policy.model import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.analyze.path_map import Node

__all__ = ["Form", "witness"]

_WORDS: Final = ("any", "x", "name", "a", "z", "0", "A", "~")
_DOTS: Final = (".", "..")
_READABLE: Final = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_."
_BYTES: Final = (
    *_READABLE,
    *(chr(byte) for byte in range(256) if chr(byte) not in _READABLE and byte != ord("/")),
)


class Form(Enum):
    """Which paths count as members.

    A server answers without asking any rule when a path has an empty segment inside, a segment
    `.` or `..`, or an unprintable character. Leading slashes are dropped (OpenBao 2.7.2).
    """

    ANY = "any"
    """Every text."""
    REQUEST = "request"
    """What a request can have; a final slash may be there."""
    WITHOUT_SLASH = "without-slash"
    """The same without a final slash: writes, and what is listed before its slash is appended."""


@lru_cache(maxsize=256)  # operations that change together ask about the same paths
def witness(node: Node, form: Form = Form.ANY) -> str | None:
    """A path (byte text) whose number is not 0; None when there is none of that form."""
    return _Search(form).path(node)


class _Search:
    """Looks for a member with as few segments as possible."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._lengths: dict[tuple[Node, bool], int | None] = {}

    def path(self, node: Node) -> str | None:
        if self._length(node, first=True) is None:
            return None
        segments: list[str] = []
        while True:
            segment, rest = self._step(node, first=not segments)
            segments.append(segment)
            if rest is None:
                return "/".join(segments)
            node = rest

    def _length(self, node: Node, *, first: bool) -> int | None:
        """The number of segments of the shortest member, at least 1."""
        if node.is_constant and not node.ends[0]:
            return None
        key = node, first
        if key in self._lengths:
            return self._lengths[key]
        self._lengths[key] = None
        best: int | None = None
        for at, (end, rest) in enumerate(zip(node.ends, node.rests, strict=True)):
            if end and self._segment(node, at, first=first, final=True) is not None:
                best = 1
                break
            if rest is node:
                continue
            length = self._length(rest, first=False)
            if length is None or (best is not None and best <= length + 1):
                continue
            if self._segment(node, at, first=first, final=False) is not None:
                best = length + 1
        self._lengths[key] = best
        return best

    def _step(self, node: Node, *, first: bool) -> tuple[str, Node | None]:
        """The segment to take, and what comes behind it if the path goes on."""
        found: list[tuple[tuple[bool, int], str, Node | None]] = []
        wanted = self._length(node, first=first)
        for at, (end, rest) in enumerate(zip(node.ends, node.rests, strict=True)):
            is_last = wanted == 1
            if is_last:
                if not end:
                    continue
            elif rest is node or wanted != (self._length(rest, first=False) or -1) + 1:
                continue
            segment = self._segment(node, at, first=first, final=is_last)
            if segment is not None:
                found.append((_ugliness(segment), segment, None if is_last else rest))
        _, segment, following = min(found, key=lambda choice: choice[:2])
        return segment, following

    def _segment(self, node: Node, at: int, *, first: bool, final: bool) -> str | None:
        """A segment of one piece that may stand there."""
        start = node.breaks[at]
        stop = node.breaks[at + 1] if at + 1 < len(node.breaks) else None
        if self._form is Form.ANY:
            # The start of a piece is a segment of it, and its smallest.
            found = (s for s in (*_WORDS, start) if s >= start and (stop is None or s < stop))
            return next(found)
        for segment in _candidates(start, stop):
            if (
                segment >= start
                and (stop is None or segment < stop)
                and self._may_stand(segment, first=first, final=final)
            ):
                return segment
        return None

    def _may_stand(self, segment: str, *, first: bool, final: bool) -> bool:
        if segment:
            return segment not in _DOTS and _is_printable(segment)
        return final and (first or self._form is Form.REQUEST)


def _candidates(start: str, stop: str | None) -> Iterator[str]:
    """Segments that may lie in a piece, the most readable first.

    If any segment that a request can have lies in the piece, one of these does.
    """
    if stop == start + "\0":
        yield start
        return
    # A plain beginning is the shortest name; behind a hyphen or the like more should follow.
    if start[-1:].isalnum() and start.isprintable():
        yield start
    yield from _WORDS
    # Behind a literal the piece starts with a zero byte.
    name = start.rstrip("\0")
    yield from (name + word for word in _WORDS)
    yield start
    # Whatever lies in the piece goes on behind its start, or first differs from it by a larger
    # byte. Up to there it is as printable as the whole: half a character counts as printable.
    for length in range(len(start), -1, -1):
        if not _is_printable(start[:length]):
            continue
        lowest = start[length] if length < len(start) else ""
        for byte in _BYTES:
            if byte > lowest:
                yield start[:length] + byte
    for dots in ("", *_DOTS):
        yield from (dots + byte for byte in _BYTES)


def _is_printable(segment: str) -> bool:
    """As the server sees it: bytes that are not UTF-8 are."""
    if segment.isascii():
        return segment.isprintable()
    return all(c.isprintable() or "\ud800" <= c <= "\udfff" for c in plain_text(segment))


def _ugliness(segment: str) -> tuple[bool, int]:
    return (not (segment and segment.isascii() and segment.isprintable()), len(segment))
