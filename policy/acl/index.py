"""Finds the winning pattern of a path among all prefix and segment patterns of an ACL.

Every such pattern begins with a literal *head*: a prefix pattern is all head, a segment pattern
has one up to its first `+` character. Ranking step 1 says that the longest head wins, so the heads
that are prefixes of a path are tried from the longest to the shortest. Heads nest, so one sorted
list of boundaries tells for every path which head is the longest: a `bisect` finds it.

Patterns with the same head are grouped by *shape*: how many segments, open or closed, and where
the `+` segments are. In one shape a dictionary of the literal segments finds what matches.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from policy.model import PatternKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from policy.acl.grant import Grant

__all__ = ["PatternIndex"]


class _Shape(NamedTuple):
    """Segment patterns with one head, one number of segments, and `+` in the same places.

    `key` picks the literal segments of a path, and `known` has the patterns by them. Of an open
    pattern the last segment is only a beginning (or a `+`, which fits anything) and no part of the
    key: there `known` holds lists of beginnings with their patterns, the best first.
    """

    size: int
    is_open: bool
    key: Callable[[Sequence[str]], Any]
    known: dict[Any, Any]

    @classmethod
    def of(cls, size: int, is_open: bool, literals: Sequence[int], grants: list[Grant]) -> _Shape:
        """The shape of some patterns that have it."""
        # `itemgetter` takes at least one position.
        key = itemgetter(*literals) if literals else lambda _: ()
        known: dict[Any, Any] = {}
        for grant in sorted(grants, key=lambda g: g.pattern.rank, reverse=True):
            segments = grant.pattern.text.split("/")
            if is_open:
                beginning = "" if segments[-1] == "+" else segments[-1]
                known.setdefault(key(segments), []).append((beginning, grant))
            else:
                known[key(segments)] = grant
        return cls(size, is_open, key, known)

    def all(self, segments: Sequence[str]) -> Iterator[Grant]:
        """Every pattern of this shape that matches, the best first."""
        if len(segments) < self.size or (len(segments) > self.size and not self.is_open):
            return
        found = self.known.get(self.key(segments), ())
        if not self.is_open:
            if found:
                yield found
            return
        for beginning, grant in found:
            if segments[self.size - 1].startswith(beginning):
                yield grant


class _Head(NamedTuple):
    """All patterns with one head.

    `tiers` stand in the order of ranking steps 2 and 3: each is a group of shapes between which
    steps 4 and 5 decide, or the prefix pattern of the head. `outer` is the next shorter head.
    """

    tiers: tuple[list[_Shape] | Grant, ...]
    outer: _Head | None

    @property
    def answer(self) -> Grant | _Head:
        """The finished answer, where no segment pattern can win: the prefix pattern."""
        first = self.tiers[0]
        return self if isinstance(first, list) else first


class PatternIndex:
    """An immutable index over the prefix and segment patterns of an ACL."""

    __slots__ = ("_answers", "_heads", "_starts")

    def __init__(self, grants: Iterable[Grant]) -> None:
        by_head: dict[str, tuple[list[Grant], list[Grant]]] = {}
        for grant in grants:
            pattern = grant.pattern
            text = pattern.text[: pattern.first_wildcard]
            group = by_head.setdefault(text, ([], []))
            group[pattern.kind is PatternKind.SEGMENT].append(grant)
        # From boundary to boundary one head is the longest that fits. A head's own stretch ends
        # where its last character, counted up by one, would begin.
        self._starts: list[str] = [""]
        self._heads: list[_Head | None] = [None]
        enclosing: list[tuple[str, _Head]] = []
        for text in sorted(by_head):
            self._close(enclosing, text)
            prefixes, segments = by_head[text]
            outer = enclosing[-1][1] if enclosing else None
            head = _head(prefixes[0] if prefixes else None, segments, outer)
            enclosing.append((text, head))
            self._boundary(text, head)
        self._close(enclosing, None)
        # The answer where there is one already, else the head from which it is to be found.
        self._answers = [None if head is None else head.answer for head in self._heads]

    def _close(self, enclosing: list[tuple[str, _Head]], text: str | None) -> None:
        """End the stretches of all heads that do not enclose `text`."""
        while enclosing and (text is None or not text.startswith(enclosing[-1][0])):
            ended, _ = enclosing.pop()
            if ended:
                after = ended[:-1] + chr(ord(ended[-1]) + 1)
                self._boundary(after, enclosing[-1][1] if enclosing else None)

    def _boundary(self, start: str, head: _Head | None) -> None:
        if self._starts[-1] == start:
            self._heads[-1] = head
        else:
            self._starts.append(start)
            self._heads.append(head)

    def find(self, path: str) -> Grant | None:
        """The winning prefix or segment pattern for a path (byte text), or None."""
        answer = self._answers[bisect_right(self._starts, path) - 1]
        if not isinstance(answer, _Head):
            return answer
        segments = path.split("/")
        count = len(segments)
        head: _Head | None = answer
        while head is not None:
            tiers, head = head
            for tier in tiers:
                if not isinstance(tier, list):
                    return tier  # the prefix pattern
                best: Grant | None = None
                for size, is_open, key, known in tier:
                    if count != size and (count < size or not is_open):
                        continue
                    found = known.get(key(segments))
                    if is_open and found is not None:
                        found = _first_fitting(found, segments[size - 1])
                    if found is not None and (
                        best is None or found.pattern.rank > best.pattern.rank
                    ):
                        best = found
                if best is not None:
                    return best
        return None

    def matches(self, path: str, *, all_prefixes: bool = False) -> list[Grant]:
        """The longest prefix pattern and all segment patterns that match, best first.

        Only the longest prefix pattern is ever considered by a server; `all_prefixes` gives the
        shorter ones too, for people.
        """
        head = self._heads[bisect_right(self._starts, path) - 1]
        segments = path.split("/")
        found: list[Grant] = []
        has_prefix = False
        while head is not None:
            for tier in head.tiers:
                if isinstance(tier, list):
                    for shape in tier:
                        found += shape.all(segments)
                elif all_prefixes or not has_prefix:
                    found.append(tier)
                    has_prefix = True
            head = head.outer
        return sorted(found, key=lambda grant: grant.pattern.rank, reverse=True)


def _first_fitting(found: Sequence[tuple[str, Grant]], segment: str) -> Grant | None:
    for beginning, grant in found:
        if segment.startswith(beginning):
            return grant
    return None


def _head(prefix: Grant | None, segments: Iterable[Grant], outer: _Head | None) -> _Head:
    groups: dict[tuple[bool, int], dict[tuple[int, tuple[int, ...]], list[Grant]]] = {}
    for grant in segments:
        pattern = grant.pattern
        parts = pattern.text.split("/")
        compared = parts[:-1] if pattern.is_open else parts
        literals = tuple(at for at, part in enumerate(compared) if part != "+")
        tier = (pattern.is_open, pattern.plus_segments)
        groups.setdefault(tier, {}).setdefault((len(parts), literals), []).append(grant)
    tiers: list[list[_Shape] | Grant] = []
    for is_open, plus_segments in sorted({*groups, (True, 0)}):
        shapes = groups.get((is_open, plus_segments), {})
        if shapes:
            tiers.append(
                [_Shape.of(size, is_open, literals, g) for (size, literals), g in shapes.items()]
            )
        # A prefix pattern is open, has no `+` segment, and is shorter than any other open pattern
        # of its head.
        if prefix is not None and (is_open, plus_segments) == (True, 0):
            tiers.append(prefix)
    return _Head(tuple(tiers), outer)
