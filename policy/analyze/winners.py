"""Many patterns with numbers into one `Node`: the largest number that matches, for every path.

The patterns form a tree, one level a segment, in which many share their beginnings. A path can
be in several places of the tree at once, since `+` goes along with every literal. For each set of
places that can occur, one node is made: the subset construction, over segments instead of bytes.

Where only some paths are of interest, the patterns that tell which are *marks* in the same tree.
From a set of places that leads to no mark there is nothing to say, so nothing is made there.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from policy.analyze.limits import Budget, check_segments
from policy.analyze.path_map import Node, after, constant, make
from policy.model import PatternKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from policy.model import Pattern

__all__ = ["winners"]


class _Place:
    """A place in the tree of patterns: what the patterns say that got here."""

    __slots__ = ("end", "is_marked", "leads", "literals", "marks", "opens", "plus")

    def __init__(self) -> None:
        self.literals: dict[str, _Place] = {}
        self.plus: _Place | None = None
        self.opens: dict[str, int] = {}
        """Open patterns whose last segment stands here, by how it begins."""
        self.end = 0
        """The closed pattern that ends with the segment that led here."""
        self.marks: list[str] = []
        """Open marks whose last segment stands here: how it begins."""
        self.is_marked = False
        """Whether a closed mark ends with the segment that led here."""
        self.leads = False
        """Whether a mark goes on from here."""


def winners(
    patterns: Iterable[tuple[Pattern, int]],
    within: Iterable[Pattern] | None = None,
    join: Callable[[int, int], int] = max,
) -> Node:
    """For every path the largest number among the patterns that match it; 0 where none does, and
    where none of `within` does.

    `join` makes one number of two, where not the larger one is wanted. As with `max`, their order
    must not matter, nor one that comes again, and 0 changes nothing. Raises `AnalysisLimitError`.
    """
    root = _Place()
    for pattern, number in patterns:
        check_segments(pattern.text)
        *_, place = _way(root, pattern)
        if pattern.is_open:
            opening = _opening(pattern)
            place.opens[opening] = join(place.opens.get(opening, 0), number)
        else:
            place.end = join(place.end, number)
    for pattern in within or ():
        _mark(root, pattern)
    return _Construction(join).node((root,), 0, within is None)


def _mark(root: _Place, pattern: Pattern) -> None:
    # Marks follow rules, which have been checked, and may have a slash more.
    *before, place = _way(root, pattern)
    for earlier in before:
        earlier.leads = True
    if pattern.is_open:
        place.leads = True
        place.marks.append(_opening(pattern))
    else:
        place.is_marked = True


def _opening(pattern: Pattern) -> str:
    """How the last segment of an open pattern begins."""
    last = pattern.text.rpartition("/")[2]
    return "" if last == "+" and pattern.kind is PatternKind.SEGMENT else last


def _way(place: _Place, pattern: Pattern) -> list[_Place]:
    """The places on the way of a pattern; of an open one, without its last segment."""
    segments = pattern.text.split("/")
    is_plus = pattern.kind is PatternKind.SEGMENT
    if pattern.is_open:
        segments.pop()
    way = [place]
    for segment in segments:
        if is_plus and segment == "+":
            if place.plus is None:
                place.plus = _Place()
            place = place.plus
        else:
            following = place.literals.get(segment)
            if following is None:
                following = place.literals[segment] = _Place()
            place = following
        way.append(place)
    return way


class _Construction:
    """The nodes made so far, by the places they stand for."""

    def __init__(self, join: Callable[[int, int], int]) -> None:
        self._join = join
        self._known: dict[tuple[tuple[_Place, ...], int, bool], Node] = {}
        self._budget = Budget()

    def node(self, places: tuple[_Place, ...], floor: int, marked: bool) -> Node:
        """The node of a set of places; `floor` is the number of the open patterns that match
        already, and `marked` tells whether an open mark does."""
        if not marked and not any(place.leads for place in places):
            return constant(0)
        if not places:
            return constant(floor)
        key = places, floor, marked
        node = self._known.get(key)
        if node is None:
            node = self._known[key] = self._make(places, floor, marked)
        return node

    def _make(self, places: tuple[_Place, ...], floor: int, marked: bool) -> Node:
        join = self._join
        literals: dict[str, tuple[_Place, ...]] = {}
        opens: dict[str, int] = {}
        marks: set[str] = set()
        for place in places:
            for segment, following in place.literals.items():
                literals[segment] = (*literals.get(segment, ()), following)
            for prefix, number in place.opens.items():
                opens[prefix] = join(opens.get(prefix, 0), number)
            if not marked:
                marks.update(place.marks)
        plus = tuple(place.plus for place in places if place.plus is not None)
        plus_end = reduce(join, (place.end for place in plus), 0)
        plus_marked = any(place.is_marked for place in plus)
        breaks: list[str] = []
        ends: list[int] = []
        rests: list[Node] = []

        def piece(start: str, best: int, marked: bool, literal: tuple[_Place, ...] = ()) -> None:
            end = 0
            if marked or plus_marked or any(place.is_marked for place in literal):
                end = join(best, plus_end)
                for place in literal:
                    end = join(end, place.end)
            if breaks and breaks[-1] == start:
                breaks.pop(), ends.pop(), rests.pop()
            breaks.append(start)
            ends.append(end)
            rests.append(self.node((*plus, *literal), best, marked))

        best, marked = join(floor, opens.pop("", 0)), marked or "" in marks
        piece("", best, marked)
        # Prefixes nest: the innermost stands last, with where it stops and what holds behind it.
        inside: list[tuple[str | None, int, bool]] = []
        for key in sorted({*literals, *opens, *marks}):
            while inside and inside[-1][0] is not None and inside[-1][0] <= key:
                stop, best, marked = inside.pop()
                piece(stop or "", best, marked)
            if key and (key in opens or key in marks):
                inside.append((after(key), best, marked))
                best, marked = join(best, opens.get(key, 0)), marked or key in marks
                piece(key, best, marked)
            if key in literals:
                piece(key, best, marked, literals[key])
                piece(key + "\0", best, marked)
        for stop, best, marked in reversed(inside):
            if stop is not None:
                piece(stop, best, marked)
        self._budget.spend(len(breaks))
        return make(breaks, ends, rests)
