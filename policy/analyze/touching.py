"""Which patterns can share a path with some given ones: what keeps a small change small.

Rules that no path of interest can reach need not be looked at. Most patterns leave at once: two
that share a path begin alike up to the first wildcard of one of them. The others are walked down
in the tree that the given patterns form by their segments.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from policy.model import Pattern, PatternKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Touching", "head_of", "slash_variants"]


class Touching:
    """The test. A path counts as the same with and without a final slash, as it does for lists."""

    __slots__ = ("_heads", "_root", "patterns")

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        given = tuple(patterns)
        self.patterns = tuple(dict.fromkeys(same for p in given for same in slash_variants(p)))
        """The given ones, so that each path they match is matched with and without its slash."""
        self._heads: list[str] = []
        for head in sorted({head_of(pattern) for pattern in given}):
            if not self._heads or not head.startswith(self._heads[-1]):
                self._heads.append(head)
        self._root = _Place()
        for pattern in self.patterns:
            self._root.add(pattern)

    def __contains__(self, pattern: Pattern) -> bool:
        head, heads = head_of(pattern), self._heads
        at = bisect_right(heads, head)
        if (at and head.startswith(heads[at - 1])) or (
            at < len(heads) and heads[at].startswith(head)
        ):
            has_plus = pattern.kind is PatternKind.SEGMENT
            words = pattern.text.split("/")
            return _shares(self._root, words, 0, has_plus=has_plus, is_open=pattern.is_open)
        return False


def head_of(pattern: Pattern) -> str:
    """The text in front of the first wildcard."""
    text = pattern.text
    return text.partition("+")[0] if pattern.kind is PatternKind.SEGMENT else text


def slash_variants(pattern: Pattern) -> Iterator[Pattern]:
    """Patterns for the same paths, and for those with one slash more or less behind them."""
    yield pattern
    kind, text, is_open = pattern
    words = text.split("/")
    if not is_open:
        yield Pattern(kind, text + "/", False)
    if len(words) > 1 and (not words[-1] or (kind is PatternKind.SEGMENT and words[-1] == "+")):
        shorter = "/".join(words[:-1])
        has_plus = kind is PatternKind.SEGMENT and "+" in words[:-1]
        yield Pattern(PatternKind.SEGMENT if has_plus else PatternKind.EXACT, shorter, False)


class _Place:
    """What the given patterns say behind some segments."""

    __slots__ = ("ends", "literals", "opens", "plus")

    def __init__(self) -> None:
        self.literals: dict[str, _Place] = {}
        self.plus: _Place | None = None
        self.opens: tuple[str, ...] = ()
        self.ends = False

    def add(self, pattern: Pattern) -> None:
        """Put a pattern into the tree below this place."""
        words = pattern.text.split("/")
        has_plus = pattern.kind is PatternKind.SEGMENT
        last = words.pop() if pattern.is_open else None
        place = self
        for word in words:
            if has_plus and word == "+":
                place.plus = place.plus or _Place()
                place = place.plus
            else:
                place = place.literals.setdefault(word, _Place())
        if last is None:
            place.ends = True
        else:
            place.opens = (*place.opens, "" if has_plus and last == "+" else last)


def _shares(place: _Place, words: Sequence[str], at: int, *, has_plus: bool, is_open: bool) -> bool:
    """Whether a pattern, from its segment `at` on, has a path that leads on from a place."""
    word, is_last = words[at], at == len(words) - 1
    any_segment = has_plus and word == "+"
    if is_last and is_open:
        if any_segment or not word:
            return bool(place.literals or place.opens or place.plus)
        return (
            place.plus is not None
            or any(literal.startswith(word) for literal in place.literals)
            or any(o.startswith(word) or word.startswith(o) for o in place.opens)
        )
    if place.opens and (any_segment or word.startswith(place.opens)):
        return True
    following = list(place.literals.values()) if any_segment else []
    if place.plus is not None:
        following.append(place.plus)
    if not any_segment and (literal := place.literals.get(word)) is not None:
        following.append(literal)
    return any(
        inner.ends if is_last else _shares(inner, words, at + 1, has_plus=has_plus, is_open=is_open)
        for inner in following
    )
