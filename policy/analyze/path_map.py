"""A number for every path: the one structure behind sets of paths and partitions.

A `Node` stands for all paths, cut at their slashes. It divides the values the first segment can
have into *pieces*: intervals of the byte order. A literal segment `s` is the interval from `s` up
to the text that follows it directly, `s` and a zero byte; all segments that begin with `p` are the
interval from `p` up to the text that no longer begins so. In each piece a path that ends there
has one number (`ends`), and what comes behind the slash is another node (`rests`).

Neighbouring pieces always differ, every start of a piece is a segment itself, and equal nodes are
one object. So a function from paths to numbers has exactly one node, and equality is identity.
The numbers mean what the caller likes: 0 and 1 for sets, positions in a list of rules elsewhere.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

from policy.analyze.limits import Budget, check_segments
from policy.model import PatternKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from policy.model import Pattern

__all__ = [
    "Node",
    "after",
    "combine",
    "constant",
    "find",
    "graft",
    "make",
    "pattern_node",
    "relabel",
    "split",
    "union",
    "values",
    "values_on",
    "with_slash",
    "with_value",
]


class Node:
    """A function from paths to numbers. Made by `make` alone, so that equal ones are identical."""

    __slots__ = ("__weakref__", "breaks", "ends", "rests")

    breaks: tuple[str, ...]
    """Where the pieces start, in order; the first is the empty text."""
    ends: tuple[int, ...]
    """For each piece: the number of a path that ends with this segment."""
    rests: tuple[Node, ...]
    """For each piece: the numbers of what comes behind the slash."""

    @property
    def is_constant(self) -> bool:
        """Whether all paths have one number. It is the only node that holds itself."""
        return self.rests[0] is self


_nodes: WeakValueDictionary[tuple[object, ...], Node] = WeakValueDictionary()
_constants: Final[dict[int, Node]] = {}
_lock = Lock()


def constant(number: int) -> Node:
    """Every path has this number."""
    node = _constants.get(number)
    if node is None:
        with _lock:
            node = _constants.get(number)
            if node is None:
                node = Node()
                node.breaks, node.ends, node.rests = ("",), (number,), (node,)
                _constants[number] = node
    return node


def make(breaks: Sequence[str], ends: Sequence[int], rests: Sequence[Node]) -> Node:
    """The node with these pieces; neighbours that are equal are made one."""
    new_breaks: list[str] = []
    new_ends: list[int] = []
    new_rests: list[Node] = []
    last_end, last_rest = None, None
    for start, end, rest in zip(breaks, ends, rests, strict=True):
        if rest is not last_rest or end != last_end:
            new_breaks.append(start)
            new_ends.append(end)
            new_rests.append(rest)
            last_end, last_rest = end, rest
    first = new_rests[0]
    if len(new_breaks) == 1 and first.rests[0] is first and first.ends[0] == new_ends[0]:
        return first
    key = (tuple(new_breaks), tuple(new_ends), tuple(new_rests))
    with _lock:
        node = _nodes.get(key)
        if node is None:
            node = Node()
            node.breaks, node.ends, node.rests = key
            _nodes[key] = node
    return node


def after(prefix: str) -> str | None:
    """The first segment behind all that begin with `prefix`; None if there is none.

    The slash is left out: no segment holds one.
    """
    prefix = prefix.rstrip("\xff")
    if not prefix:
        return None
    following = chr(ord(prefix[-1]) + 1)
    return prefix[:-1] + ("0" if following == "/" else following)


def find(node: Node, path: str) -> int:
    """The number of one path (byte text)."""
    for segment in path.split("/"):
        at = bisect_right(node.breaks, segment) - 1
        number, node = node.ends[at], node.rests[at]
    return number


def pattern_node(pattern: Pattern) -> Node:
    """1 for the paths that the pattern matches, 0 for the others."""
    check_segments(pattern.text)
    no, yes = constant(0), constant(1)
    segments = pattern.text.split("/")
    plus = pattern.kind is PatternKind.SEGMENT
    last = segments.pop()
    if plus and last == "+":
        node = make([""], [1], [yes if pattern.is_open else no])
    elif pattern.is_open:
        node = _piece(last, after(last), 1, yes)
    else:
        node = _piece(last, last + "\0", 1, no)
    for segment in reversed(segments):
        if plus and segment == "+":
            node = make([""], [0], [node])
        else:
            node = _piece(segment, segment + "\0", 0, node)
    return node


def _piece(start: str, stop: str | None, end: int, rest: Node) -> Node:
    """One piece that differs from no paths at all."""
    no = constant(0)
    breaks, ends, rests = ([""], [0], [no]) if start else ([], [], [])
    breaks.append(start)
    ends.append(end)
    rests.append(rest)
    if stop is not None:
        breaks.append(stop)
        ends.append(0)
        rests.append(no)
    return make(breaks, ends, rests)


def combine(
    one: Node, other: Node, number: Callable[[int, int], int], *, zero_stays: bool = False
) -> Node:
    """The function whose value is `number` of the values of both.

    `zero_stays` tells that `number` of 0 and anything is 0 (it has to be), which saves looking at
    `other` there.
    Raises `AnalysisLimitError`.
    """
    budget = Budget()
    known: dict[tuple[Node, Node], Node] = {}
    zero = constant(0) if zero_stays else None

    def go(a: Node, b: Node) -> Node:
        if a is zero:
            return a
        if a.rests[0] is a and b.rests[0] is b:
            return constant(number(a.ends[0], b.ends[0]))
        node = known.get((a, b))
        if node is not None:
            return node
        a_breaks, a_ends, a_rests = a.breaks, a.ends, a.rests
        b_breaks, b_ends, b_rests = b.breaks, b.ends, b.rests
        a_last, b_last = len(a_breaks) - 1, len(b_breaks) - 1
        i = j = 0
        start = ""
        breaks: list[str] = []
        ends: list[int] = []
        rests: list[Node] = []
        while True:
            breaks.append(start)
            if a_rests[i] is zero and not a_ends[i]:
                ends.append(0)
                rests.append(a_rests[i])
                if i == a_last:
                    break
                i += 1
                start = a_breaks[i]
                j = bisect_right(b_breaks, start) - 1
                continue
            ends.append(number(a_ends[i], b_ends[j]))
            rests.append(go(a_rests[i], b_rests[j]))
            if i < a_last:
                start = a_breaks[i + 1]
                if j < b_last:
                    other_start = b_breaks[j + 1]
                    if other_start <= start:
                        j += 1
                        if other_start == start:
                            i += 1
                        start = other_start
                    else:
                        i += 1
                else:
                    i += 1
            elif j < b_last:
                j += 1
                start = b_breaks[j]
            else:
                break
        budget.spend(len(breaks))
        node = known[a, b] = make(breaks, ends, rests)
        return node

    return go(one, other)


def relabel(node: Node, number: Callable[[int], int]) -> Node:
    """The function whose value is `number` of the value."""
    known: dict[Node, Node] = {}

    def go(a: Node) -> Node:
        if a.rests[0] is a:
            return constant(number(a.ends[0]))
        new = known.get(a)
        if new is None:
            new = known[a] = make(a.breaks, [number(e) for e in a.ends], [go(r) for r in a.rests])
        return new

    return go(node)


def with_slash(node: Node) -> Node:
    """The function whose value for a path is that of the path with a slash behind it."""
    known: dict[Node, Node] = {}

    def go(a: Node) -> Node:
        if a.rests[0] is a:
            return a
        new = known.get(a)
        if new is None:
            ends = [rest.ends[0] for rest in a.rests]
            new = known[a] = make(a.breaks, ends, [go(rest) for rest in a.rests])
        return new

    return go(node)


def graft(node: Node, segments: Sequence[str], branch: Node) -> Node:
    """`node`, except that paths with something behind these first segments go by `branch`."""
    first, others = segments[0], segments[1:]
    at = bisect_right(node.breaks, first) - 1
    rest = graft(node.rests[at], others, branch) if others else branch
    return _replaced(node, first, node.ends[at], rest)


def with_value(node: Node, path: str, number: int) -> Node:
    """`node`, except that one path has another number."""
    if find(node, path) == number:
        return node
    first, slash, others = path.partition("/")
    at = bisect_right(node.breaks, first) - 1
    end, rest = node.ends[at], node.rests[at]
    if slash:
        return _replaced(node, first, end, with_value(rest, others, number))
    return _replaced(node, first, number, rest)


def _replaced(node: Node, segment: str, end: int, rest: Node) -> Node:
    """`node` with another end and rest for one segment."""
    at = bisect_right(node.breaks, segment) - 1
    breaks, ends, rests = list(node.breaks), list(node.ends), list(node.rests)
    follows = segment + "\0"
    if at + 1 == len(breaks) or breaks[at + 1] != follows:
        breaks.insert(at + 1, follows)
        ends.insert(at + 1, ends[at])
        rests.insert(at + 1, rests[at])
    if breaks[at] == segment:
        ends[at], rests[at] = end, rest
    else:
        breaks.insert(at + 1, segment)
        ends.insert(at + 1, end)
        rests.insert(at + 1, rest)
    return make(breaks, ends, rests)


def split(node: Node) -> dict[int, Node]:
    """For every number but 0, the set (1 or 0) of the paths that have it."""
    known: dict[Node, dict[int, Node]] = {}
    no = constant(0)

    def go(a: Node) -> dict[int, Node]:
        if a.rests[0] is a:
            return {a.ends[0]: constant(1)} if a.ends[0] else {}
        sets = known.get(a)
        if sets is not None:
            return sets
        # For each number the pieces in which it occurs; between them it does not.
        pieces: dict[int, tuple[list[str], list[int], list[Node]]] = {}
        stops = (*a.breaks[1:], None)
        for start, stop, end, rest in zip(a.breaks, stops, a.ends, a.rests, strict=True):
            inner = go(rest)
            for value in {*inner, end} if end else inner:
                found = pieces.get(value)
                if found is None:
                    found = pieces[value] = ([""], [0], [no]) if start else ([], [], [])
                breaks, ends, rests = found
                if breaks and breaks[-1] == start:
                    breaks.pop(), ends.pop(), rests.pop()
                breaks.append(start)
                ends.append(1 if end == value else 0)
                rests.append(inner.get(value, no))
                if stop is not None:
                    breaks.append(stop)
                    ends.append(0)
                    rests.append(no)
        sets = known[a] = {value: make(*found) for value, found in pieces.items()}
        return sets

    return go(node)


@lru_cache(maxsize=1024)
def values(node: Node) -> frozenset[int]:
    """Every number that some path has."""
    found: set[int] = set()
    seen: set[Node] = set()
    pending = [node]
    while pending:
        a = pending.pop()
        if a not in seen:
            seen.add(a)
            found.update(a.ends)
            pending.extend(a.rests)
    return frozenset(found)


def values_on(node: Node, pattern: Pattern) -> set[int]:
    """Every number that some path has which the pattern matches."""
    segments = pattern.text.split("/")
    has_plus = pattern.kind is PatternKind.SEGMENT
    last = len(segments) - 1
    found: set[int] = set()

    def go(a: Node, at: int) -> None:
        segment = segments[at]
        is_open = at == last and pattern.is_open
        if has_plus and segment == "+":
            first, stop = 0, len(a.breaks)
        else:
            end = after(segment) if is_open else segment + "\0"
            first = bisect_right(a.breaks, segment) - 1
            stop = len(a.breaks) if end is None else bisect_left(a.breaks, end)
        if at < last:
            for rest in dict.fromkeys(a.rests[first:stop]):
                go(rest, at + 1)
            return
        found.update(a.ends[first:stop])
        if is_open:
            for rest in dict.fromkeys(a.rests[first:stop]):
                found.update(values(rest))

    go(node, 0)
    return found


def union(nodes: Iterable[Node]) -> Node:
    """The union of sets (1 or 0), pair by pair so that large ones are touched seldom."""
    pending = list(nodes) or [constant(0)]
    while len(pending) > 1:
        pending = [
            combine(pending[at], pending[at + 1], max) if at + 1 < len(pending) else pending[at]
            for at in range(0, len(pending), 2)
        ]
    return pending[0]
