"""The paths one backend declares, and which of them decides for a path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.catalog.facts import Fact

__all__ = ["Entries"]


class Entries:
    """Declared entries, looked up the way the server's router does it.

    Of the entries without a `+` segment the longest that is a string prefix of the path is taken;
    one that ends in `*` then fits, a plain one has to equal the path. Only when that one does not
    fit are the entries with `+` tried, segment by segment (OpenBao 2.7, read in its router and
    checked on a server with and without `sudo`).
    """

    __slots__ = ("_plain", "_segments", "_starts", "beginnings")

    def __init__(self, facts: Iterable[Fact]) -> None:
        plain: list[tuple[str, bool, Fact]] = []
        segments: list[tuple[Pattern, Fact]] = []
        for fact in facts:
            if "+" in fact.pattern.split("/"):
                segments.append((Pattern.compile(fact.pattern), fact))
            else:
                plain.append((fact.pattern.removesuffix("*"), fact.pattern.endswith("*"), fact))
        # Longest first; were one both plain and a prefix, the prefix would hold for more.
        plain.sort(key=lambda entry: (-len(entry[0]), not entry[1]))
        self._plain = plain
        self._starts = tuple({text for text, _, _ in plain})
        self._segments = segments
        self.beginnings = frozenset(
            (*self._starts, *(pattern.text[: pattern.first_wildcard] for pattern, _ in segments))
        )
        """What every path begins with that an entry fits."""

    def find(self, path: str) -> Fact | None:
        """The entry that decides for `path`, relative to the mount."""
        if path.startswith(self._starts):
            for text, is_prefix, fact in self._plain:
                if path.startswith(text):
                    if is_prefix or path == text:
                        return fact
                    break
        for pattern, fact in self._segments:
            if pattern.matches(path):
                return fact
        return None

    def all(self, path: str) -> list[Fact]:
        """Every entry that fits `path`, none hiding another."""
        fitting = [
            fact
            for text, is_prefix, fact in self._plain
            if (path.startswith(text) if is_prefix else path == text)
        ]
        return fitting + [fact for pattern, fact in self._segments if pattern.matches(path)]
