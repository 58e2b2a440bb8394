"""Which declared entry decides, on small lists that no server has but every list must obey."""

from __future__ import annotations

import pytest

from policy.catalog import Fact, FactKind
from policy.catalog.entries import Entries


def declared(*patterns: str) -> Entries:
    return Entries(
        Fact(pattern, FactKind.SUDO, pattern, "m/", "plugin", "router", ("here: a test",))
        for pattern in patterns
    )


@pytest.mark.parametrize(
    ("patterns", "path", "winner"),
    [
        (("a*",), "a", "a*"),
        (("a*",), "ab/c", "a*"),
        (("a*", "abc"), "ab", "a*"),
        (("a*", "abc"), "abc", "abc"),
        # The longest entry is taken, and it does not fit: the shorter one does not step in.
        (("a*", "abc"), "abcd", None),
        (("abc", "a*", "abcd*"), "abcde", "abcd*"),
        (("abc", "abc*"), "abcd", "abc*"),
        (("abc*", "abc"), "abcd", "abc*"),
        (("*",), "", "*"),
        (("*", "a"), "ab", None),
        # Entries with a `+` segment come after all others, and step in.
        (("a/*", "a/+/b"), "a/x/b", "a/*"),
        (("a/x", "a/+/b"), "a/x/b", "a/+/b"),
        (("a/+/b",), "a//b", "a/+/b"),
        (("a/+/b",), "a/x/y/b", None),
        (("a/+/b",), "a/x/bc", None),
        (("a/+/b*",), "a/x/bc/d", "a/+/b*"),
        (("a/+/b/*",), "a/x/b", None),
        (("a/+/b/*",), "a/x/b/", "a/+/b/*"),
        (("a+",), "a+", "a+"),
        (("a+",), "ab", None),
        ((), "a", None),
    ],
)
def test_the_longest_entry_decides(
    patterns: tuple[str, ...], path: str, winner: str | None
) -> None:
    found = declared(*patterns).find(path)
    assert (None if found is None else found.pattern) == winner


def test_all_entries_that_fit() -> None:
    entries = declared("a*", "abc", "abcd", "a/+", "+/x*", "b*")
    assert {fact.pattern for fact in entries.all("abc")} == {"a*", "abc"}
    assert {fact.pattern for fact in entries.all("a/xy")} == {"a*", "a/+", "+/x*"}
    assert entries.all("c") == []
