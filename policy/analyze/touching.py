"""Which patterns can share a path with some given ones: what keeps a small change small.

Rules that no path of interest can reach need not be looked at. The given patterns form a tree by
segments, and every other pattern is walked down in it; most of them leave it at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model import PatternKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.model import Pattern

__all__ = ["Touching"]


class _Place:
    """What the given patterns say behind some segments."""

    __slots__ = ("ends", "literals", "opens", "plus")

    def __init__(self) -> None:
        self.literals: dict[str, _Place] = {}
        self.plus: _Place | None = None
        self.opens: tuple[str, ...] = ()
        self.ends = False

    def following(self, segment: str, *, is_plus: bool) -> _Place:
        """The place behind one segment, made if there is none."""
        if is_plus:
            if self.plus is None:
                self.plus = _Place()
            return self.plus
        return self.literals.setdefault(segment, _Place())


class Touching:
    """The test. A path counts as the same with and without a final slash, as it does for lists."""

    __slots__ = ("_root",)

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._root = _Place()
        for pattern in patterns:
            words = pattern.text.split("/")
            has_plus = pattern.kind is PatternKind.SEGMENT
            if pattern.is_open:
                self._open(words, has_plus=has_plus)
            else:
                self._closed(words, has_plus=has_plus)
                self._closed([*words, ""], has_plus=has_plus)
            if len(words) > 1 and (not words[-1] or (has_plus and words[-1] == "+")):
                self._closed(words[:-1], has_plus=has_plus)

    def _walk(self, words: list[str], *, has_plus: bool) -> _Place:
        place = self._root
        for word in words:
            place = place.following(word, is_plus=has_plus and word == "+")
        return place

    def _closed(self, words: list[str], *, has_plus: bool) -> None:
        self._walk(words, has_plus=has_plus).ends = True

    def _open(self, words: list[str], *, has_plus: bool) -> None:
        place = self._walk(words[:-1], has_plus=has_plus)
        last = "" if has_plus and words[-1] == "+" else words[-1]
        place.opens = (*place.opens, last)

    def __contains__(self, pattern: Pattern) -> bool:
        words = pattern.text.split("/")
        has_plus = pattern.kind is PatternKind.SEGMENT
        last = len(words) - 1

        def walk(place: _Place, at: int) -> bool:
            word = words[at]
            any_segment = has_plus and word == "+"
            if at == last and pattern.is_open:
                if any_segment or not word:
                    return bool(place.literals or place.opens or place.plus)
                return (
                    place.plus is not None
                    or any(literal.startswith(word) for literal in place.literals)
                    or any(o.startswith(word) or word.startswith(o) for o in place.opens)
                )
            if place.opens and (any_segment or word.startswith(place.opens)):
                return True
            following = place.plus
            if following is not None and (
                following.ends if at == last else walk(following, at + 1)
            ):
                return True
            if any_segment:
                return any(
                    inner.ends if at == last else walk(inner, at + 1)
                    for inner in place.literals.values()
                )
            literal = place.literals.get(word)
            if literal is None:
                return False
            return literal.ends if at == last else walk(literal, at + 1)

        return walk(self._root, 0)
