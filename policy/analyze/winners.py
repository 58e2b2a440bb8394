"""Many patterns with numbers into one `Node`: the largest number that matches, for every path.

The patterns form a tree, one level a segment, in which many share their beginnings. A path can
be in several places of the tree at once, since `+` goes along with every literal. For each set of
places that can occur, one node is made: the subset construction, over segments instead of bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.analyze.limits import Budget, check_segments
from policy.analyze.path_map import Node, after, constant, make
from policy.model import PatternKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.model import Pattern

__all__ = ["winners"]


class _Place:
    """A place in the tree of patterns: what the patterns say that got here."""

    __slots__ = ("end", "literals", "opens", "plus")

    def __init__(self) -> None:
        self.literals: dict[str, _Place] = {}
        self.plus: _Place | None = None
        self.opens: dict[str, int] = {}
        """Open patterns whose last segment stands here, by how it begins."""
        self.end = 0
        """The closed pattern that ends with the segment that led here."""


def winners(patterns: Iterable[tuple[Pattern, int]]) -> Node:
    """For every path the largest number among the patterns that match it; 0 where none does.

    Raises `AnalysisLimitError`.
    """
    root = _Place()
    for pattern, number in patterns:
        _add(root, pattern, number)
    return _Construction().node((root,), 0)


def _add(place: _Place, pattern: Pattern, number: int) -> None:
    check_segments(pattern.text)
    segments = pattern.text.split("/")
    is_plus = pattern.kind is PatternKind.SEGMENT
    opening = segments.pop() if pattern.is_open else None
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
    if opening is None:
        place.end = max(place.end, number)
    else:
        if is_plus and opening == "+":
            opening = ""
        place.opens[opening] = max(place.opens.get(opening, 0), number)


class _Construction:
    """The nodes made so far, by the places they stand for."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[_Place, ...], int], Node] = {}
        self._budget = Budget()

    def node(self, places: tuple[_Place, ...], floor: int) -> Node:
        """The node of a set of places; `floor` is the best open pattern that matches already."""
        if not places:
            return constant(floor)
        node = self._known.get((places, floor))
        if node is None:
            node = self._known[places, floor] = self._make(places, floor)
        return node

    def _make(self, places: tuple[_Place, ...], floor: int) -> Node:
        literals: dict[str, tuple[_Place, ...]] = {}
        opens: dict[str, int] = {}
        for place in places:
            for segment, following in place.literals.items():
                literals[segment] = (*literals.get(segment, ()), following)
            for prefix, number in place.opens.items():
                opens[prefix] = max(opens.get(prefix, 0), number)
        plus = tuple(place.plus for place in places if place.plus is not None)
        plus_end = max((place.end for place in plus), default=0)
        breaks: list[str] = []
        ends: list[int] = []
        rests: list[Node] = []

        def piece(start: str, best: int, literal: tuple[_Place, ...] = ()) -> None:
            end = max(best, plus_end, *(place.end for place in literal))
            if breaks and breaks[-1] == start:
                breaks.pop(), ends.pop(), rests.pop()
            breaks.append(start)
            ends.append(end)
            rests.append(self.node((*plus, *literal), best))

        best = max(floor, opens.pop("", 0))
        piece("", best)
        # Prefixes nest: the innermost stands last, with where it stops and what holds behind it.
        inside: list[tuple[str | None, int]] = []
        for key in sorted({*literals, *opens}):
            while inside and inside[-1][0] is not None and inside[-1][0] <= key:
                stop, best = inside.pop()
                piece(stop or "", best)
            if key in opens:
                inside.append((after(key), best))
                best = max(best, opens[key])
                piece(key, best)
            if key in literals:
                piece(key, best, literals[key])
                piece(key + "\0", best)
        for stop, outer in reversed(inside):
            if stop is not None:
                piece(stop, outer)
        self._budget.spend(len(breaks))
        return make(breaks, ends, rests)
