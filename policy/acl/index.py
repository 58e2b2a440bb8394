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


class _Shape:
    """Segment patterns with one head, one number of segments, and `+` in the same places."""

    __slots__ = ("closed", "key", "open", "size")

    def __init__(self, size: int, literals: Sequence[int], grants: Iterable[Grant]) -> None:
        self.size = size
        self.key = _key_function(literals)
        # Closed patterns are found by their literal segments; of an open one the last segment is
        # only a beginning (or a `+`, which fits anything), so several can fit, best first.
        self.closed: dict[Any, Grant] = {}
        self.open: dict[Any, list[tuple[str, Grant]]] = {}
        for grant in sorted(grants, key=lambda g: g.pattern.rank, reverse=True):
            segments = grant.pattern.text.split("/")
            key = self.key(segments)
            if grant.pattern.is_open:
                last = "" if segments[-1] == "+" else segments[-1]
                self.open.setdefault(key, []).append((last, grant))
            else:
                self.closed[key] = grant

    def best(self, segments: Sequence[str]) -> Grant | None:
        """The best pattern of this shape that matches."""
        if self.closed:
            return self.closed.get(self.key(segments)) if len(segments) == self.size else None
        if len(segments) >= self.size:
            segment = segments[self.size - 1]
            for beginning, grant in self.open.get(self.key(segments), ()):
                if segment.startswith(beginning):
                    return grant
        return None

    def all(self, segments: Sequence[str]) -> Iterator[Grant]:
        """Every pattern of this shape that matches."""
        if self.closed:
            grant = self.best(segments)
            if grant is not None:
                yield grant
        elif len(segments) >= self.size:
            segment = segments[self.size - 1]
            for beginning, grant in self.open.get(self.key(segments), ()):
                if segment.startswith(beginning):
                    yield grant


def _key_function(literals: Sequence[int]) -> Callable[[Sequence[str]], Any]:
    """Picks the literal segments of a path; `itemgetter` takes at least one position."""
    return itemgetter(*literals) if literals else lambda _: ()


class _Head(NamedTuple):
    """All patterns with one head.

    `before` and `behind` are tiers of shapes, in the order of ranking steps 2 and 3; the prefix
    pattern of the head, if there is one, stands between them. `outer` is the next shorter head.
    """

    before: tuple[tuple[_Shape, ...], ...]
    prefix: Grant | None
    behind: tuple[tuple[_Shape, ...], ...]
    outer: _Head | None

    @property
    def answer(self) -> Grant | _Head:
        """The finished answer, where no segment pattern can win: the prefix pattern."""
        return self if self.before or self.prefix is None else self.prefix


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
        if answer.__class__ is not _Head:
            return answer  # type: ignore[return-value]  # a grant or None
        segments = path.split("/")
        head: _Head | None = answer
        while head is not None:
            before, prefix, behind, outer = head
            best = _best(before, segments) or prefix or _best(behind, segments)
            if best is not None:
                return best
            head = outer
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
            for tier in head.before + head.behind:
                for shape in tier:
                    found += shape.all(segments)
            if head.prefix is not None and (all_prefixes or not has_prefix):
                found.append(head.prefix)
                has_prefix = True
            head = head.outer
        return sorted(found, key=lambda grant: grant.pattern.rank, reverse=True)


def _best(tiers: tuple[tuple[_Shape, ...], ...], segments: Sequence[str]) -> Grant | None:
    """The best match of the first tier that has one."""
    for tier in tiers:
        best: Grant | None = None
        for shape in tier:
            grant = shape.best(segments)
            if grant is not None and (best is None or grant.pattern.rank > best.pattern.rank):
                best = grant
        if best is not None:
            return best
    return None


def _head(prefix: Grant | None, segments: Iterable[Grant], outer: _Head | None) -> _Head:
    tiers: dict[tuple[bool, int], dict[tuple[int, tuple[int, ...]], list[Grant]]] = {}
    for grant in segments:
        pattern = grant.pattern
        parts = pattern.text.split("/")
        compared = parts[:-1] if pattern.is_open else parts
        literals = tuple(at for at, part in enumerate(compared) if part != "+")
        tier = (pattern.is_open, pattern.plus_segments)
        tiers.setdefault(tier, {}).setdefault((len(parts), literals), []).append(grant)
    before: list[tuple[_Shape, ...]] = []
    behind: list[tuple[_Shape, ...]] = []
    for tier in sorted(tiers):
        shapes = tuple(
            _Shape(size, literals, grants) for (size, literals), grants in tiers[tier].items()
        )
        is_open, plus_segments = tier
        # A prefix pattern is open, has no `+` segment, and is shorter than any other open pattern
        # of its head.
        (behind if is_open and plus_segments else before).append(shapes)
    return _Head(tuple(before), prefix, tuple(behind), outer)
