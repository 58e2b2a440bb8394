"""Finds the winning pattern of a path among all prefix and segment patterns of an ACL.

Every such pattern begins with a literal *head*: a prefix pattern is all head, a segment pattern
has one up to its first `+` character. Ranking step 1 says that the longest head wins, so the heads
that are prefixes of a path are tried from the longest to the shortest. Heads nest, so one sorted
list of boundaries tells for every path which head is the longest: a `bisect` finds it.

Patterns with the same head are grouped by *shape*: how many segments, open or closed, and where
the `+` segments are. In one shape a dictionary of the literal segments finds what matches; those
before the first `+` need no look, since the head fits. Which shapes can match a path depends on
how many slashes it has, and is worked out beforehand.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from policy.model import PatternKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from policy.acl.grant import Grant

__all__ = ["Levels", "PatternIndex", "Search"]

Outcome: TypeAlias = "Search | Grant | None"
"""The winning pattern, or how to find it."""
Levels: TypeAlias = list[Outcome]

_MOST_SLASHES = 24
"""Longer paths share a level: a hostile pattern must not make the lists long."""


class _Shape(NamedTuple):
    """Segment patterns with one head, one number of segments, and `+` in the same places.

    `key` picks the literal segments of a path that the head does not cover, and `known` has the
    patterns by them. Of an open pattern the last segment is only a beginning (or a `+`, which fits
    anything) and no part of the key: there `known` holds lists of beginnings with their patterns,
    the best first.
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

    def fits(self, size: int) -> bool:
        """Whether a path of so many segments can match at all."""
        return size == self.size or (size > self.size and self.is_open)

    def all(self, segments: Sequence[str]) -> Iterator[Grant]:
        """Every pattern of this shape that matches, the best first."""
        if not self.fits(len(segments)):
            return
        found = self.known.get(self.key(segments), ())
        if not self.is_open:
            if found:
                yield found
            return
        for beginning, grant in found:
            if segments[self.size - 1].startswith(beginning):
                yield grant


class Search(NamedTuple):
    """What is left to look at for some paths: groups of shapes, each better than the next.

    Within a group ranking steps 4 and 5 decide. Where no shape matches, `otherwise` tells.
    """

    groups: list[list[_Shape]]
    otherwise: Outcome

    def find(self, path: str) -> Grant | None:
        """The winning pattern for a path (byte text), or None."""
        segments = path.split("/")
        count = len(segments)
        outcome: Outcome = self
        while isinstance(outcome, Search):
            groups, outcome = outcome
            for group in groups:
                best: Grant | None = None
                for size, is_open, key, known in group:
                    if count < size or (count > size and not is_open):
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
        return outcome


class _Head(NamedTuple):
    """All patterns with one head.

    `tiers` stand in the order of ranking steps 2 and 3: each is a group of shapes, or the prefix
    pattern of the head. `outer` is the next shorter head. `levels` tells the outcome by the number
    of slashes in a path; the last is for any larger number too.
    """

    tiers: list[list[_Shape] | Grant]
    outer: _Head | None
    levels: Levels

    @classmethod
    def of(cls, tiers: list[list[_Shape] | Grant], outer: _Head | None) -> _Head:
        """The head with these tiers."""
        beyond: Levels = outer.levels if outer else [None]
        sizes = [shape.size for tier in tiers if isinstance(tier, list) for shape in tier]
        # One for each length that a pattern has, and one for what is longer.
        last = min(max([*sizes, len(beyond) - 1]), _MOST_SLASHES)
        levels = [
            _outcome(tiers, slashes + 1, slashes == last, _at(beyond, slashes))
            for slashes in range(last + 1)
        ]
        return cls(tiers, outer, levels)

    @property
    def answer(self) -> Grant | Levels | None:
        """The outcome, where it is known and the same for all paths, else the levels."""
        first = self.levels[0]
        if isinstance(first, Search) or any(level is not first for level in self.levels):
            return self.levels
        return first


def _outcome(
    tiers: Iterable[list[_Shape] | Grant], size: int, is_last: bool, beyond: Outcome
) -> Outcome:
    """The outcome for paths of `size` segments, or also of more; `beyond` is the outer head's."""
    groups: list[list[_Shape]] = []
    for tier in tiers:
        if not isinstance(tier, list):
            beyond = tier  # a prefix pattern always matches
            break
        fitting = [s for s in tier if s.fits(size) or (is_last and s.size > size)]
        if fitting:
            groups.append(fitting)
    return Search(groups, beyond) if groups else beyond


def _at(levels: Levels, slashes: int) -> Outcome:
    return levels[slashes] if slashes < len(levels) else levels[-1]


class PatternIndex:
    """An immutable index over the prefix and segment patterns of an ACL."""

    __slots__ = ("_heads", "answers", "starts")

    def __init__(self, grants: Iterable[Grant]) -> None:
        by_head: dict[str, tuple[list[Grant], list[Grant]]] = {}
        for grant in grants:
            pattern = grant.pattern
            text = pattern.text[: pattern.first_wildcard]
            group = by_head.setdefault(text, ([], []))
            group[pattern.kind is PatternKind.SEGMENT].append(grant)
        # From boundary to boundary one head is the longest that fits. A head's own stretch ends
        # where its last character, counted up by one, would begin.
        self.starts: list[str] = [""]
        """Where the stretches of paths begin that have the same longest head, sorted."""
        self._heads: list[_Head | None] = [None]
        enclosing: list[tuple[str, _Head]] = []
        for text in sorted(by_head):
            self._close(enclosing, text)
            prefixes, segments = by_head[text]
            outer = enclosing[-1][1] if enclosing else None
            head = _head(text, prefixes[0] if prefixes else None, segments, outer)
            enclosing.append((text, head))
            self._boundary(text, head)
        self._close(enclosing, None)
        self.answers = [None if head is None else head.answer for head in self._heads]
        """For each stretch the answer, or what it is by the number of slashes in the path."""

    def _close(self, enclosing: list[tuple[str, _Head]], text: str | None) -> None:
        """End the stretches of all heads that do not enclose `text`."""
        while enclosing and (text is None or not text.startswith(enclosing[-1][0])):
            ended, _ = enclosing.pop()
            if ended:
                after = ended[:-1] + chr(ord(ended[-1]) + 1)
                self._boundary(after, enclosing[-1][1] if enclosing else None)

    def _boundary(self, start: str, head: _Head | None) -> None:
        if self.starts[-1] == start:
            self._heads[-1] = head
        else:
            self.starts.append(start)
            self._heads.append(head)

    def find(self, path: str) -> Grant | None:
        """The winning prefix or segment pattern for a path (byte text), or None."""
        answer = self.answers[bisect_right(self.starts, path) - 1]
        if not isinstance(answer, list):
            return answer
        outcome = _at(answer, path.count("/"))
        return outcome.find(path) if isinstance(outcome, Search) else outcome

    def matches(self, path: str, *, all_prefixes: bool = False) -> list[Grant]:
        """The longest prefix pattern and all segment patterns that match, best first.

        Only the longest prefix pattern is ever considered by a server; `all_prefixes` gives the
        shorter ones too, for people.
        """
        head = self._heads[bisect_right(self.starts, path) - 1]
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


def _head(text: str, prefix: Grant | None, segments: Iterable[Grant], outer: _Head | None) -> _Head:
    covered = text.count("/")
    groups: dict[tuple[bool, int], dict[tuple[int, tuple[int, ...]], list[Grant]]] = {}
    for grant in segments:
        pattern = grant.pattern
        parts = pattern.text.split("/")
        compared = parts[:-1] if pattern.is_open else parts
        literals = tuple(at for at, part in enumerate(compared) if at >= covered and part != "+")
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
    return _Head.of(tiers, outer)
