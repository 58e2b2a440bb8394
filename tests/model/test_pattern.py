"""Paths to patterns, what they match, which of two wins. Recorded on OpenBao 2.7.2 as
`path-pattern-*`, `plus-*` and `priority-*`."""

from __future__ import annotations

import pytest

from policy.model import Pattern, PatternKind, byte_text, plain_text

EXACT, PREFIX, SEGMENT = PatternKind


@pytest.mark.parametrize(
    ("path", "kind", "text", "is_open"),
    [
        ("a/b", EXACT, "a/b", False),
        ("", EXACT, "", False),
        ("/", EXACT, "", False),
        ("/a", EXACT, "a", False),
        ("//a", EXACT, "/a", False),
        ("a*b", EXACT, "a*b", False),
        ("*a", EXACT, "*a", False),
        ("a+b", EXACT, "a+b", False),
        ("a+", EXACT, "a+", False),
        ("+a", EXACT, "+a", False),
        ("+a/b", EXACT, "+a/b", False),
        ("*", PREFIX, "", True),
        ("/*", PREFIX, "", True),
        ("a*", PREFIX, "a", True),
        ("a/*", PREFIX, "a/", True),
        ("a**", PREFIX, "a*", True),
        ("*a*", PREFIX, "*a", True),
        ("a+b*", PREFIX, "a+b", True),
        ("+", SEGMENT, "+", False),
        ("+/a", SEGMENT, "+/a", False),
        ("a/+", SEGMENT, "a/+", False),
        ("a/+/*", SEGMENT, "a/+/", True),
        ("a/+/b*", SEGMENT, "a/+/b", True),
        ("c/+d", SEGMENT, "c/+d", False),
        ("c/+d*", SEGMENT, "c/+d", True),
        ("/+", SEGMENT, "+", False),
    ],
)
def test_compile(path: str, kind: PatternKind, text: str, is_open: bool) -> None:
    pattern = Pattern.compile(path)
    assert pattern == (kind, text, is_open)
    assert str(pattern) == path.removeprefix("/")


def test_a_namespace_stands_in_front_and_can_change_the_kind() -> None:
    assert Pattern.compile("+a", "ns1/") == (SEGMENT, "ns1/+a", False)
    assert Pattern.compile("/a", "ns1/") == (EXACT, "ns1/a", False)
    assert Pattern.compile("*", "ns1/") == (PREFIX, "ns1/", True)


@pytest.mark.parametrize("path", ["+*", "a/+*", "a+*", "+*/a", "a/+*b"])
def test_plus_and_star_together_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match="forbidden"):
        Pattern.compile(path)


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("a/b", "a/b", "a a/b/ a/bc /a/b"),
        ("a*", "a ab a/b/c", "b A"),
        ("a/*", "a/ a/b a/b/c", "a ab"),
        ("*", "a a/b", ""),
        ("+", "a", "a/b a/"),
        ("a/+", "a/b a/", "a a/b/c b/a"),
        ("a/+/c", "a/b/c a//c", "a/c a/b/c/ a/b/d"),
        ("a/+/*", "a/b/ a/b/c a/b/c/d a//", "a/b a/ b/b/c"),
        ("a/+/c*", "a/b/c a/b/cd a/b/c/d a/b/cd/e", "a/b/d a/b"),
        ("+/+/*", "a/b/ a/b/c", "a/b"),
        ("a/+d", "a/+d", "a/xd a/d"),
        ("a/+d*", "a/+d a/+de/f", "a/xd"),
        ("é/+", "é/x", "e/x"),
    ],
)
def test_matches(pattern: str, matching: str, others: str) -> None:
    compiled = Pattern.compile(pattern)
    for path in matching.split():
        assert compiled.matches(byte_text(path)), path
    for path in others.split():
        assert not compiled.matches(byte_text(path)), path


@pytest.mark.parametrize(
    ("winner", "loser", "step"),
    [
        ("a/b*", "a/+", 0),
        ("a+/*", "a+/b/+", 0),
        ("a/+", "a/+/*", 1),
        ("a/*", "a/+/*", 2),
        ("+/b*", "+/+/a*", 2),
        ("+/+/ab", "+/a/+", 3),
        ("+/a/+", "+/+/b", 4),
        ("+/é/+", "+/+/aa", 4),
    ],
)
def test_rank(winner: str, loser: str, step: int) -> None:
    """The examples of the specification: who wins, and at which step."""
    one, other = Pattern.compile(winner).rank, Pattern.compile(loser).rank
    assert one > other
    assert next(at for at in range(5) if one[at] != other[at]) == step


@pytest.mark.parametrize("text", ["", "abc", "é", "\U0001f600", "a\udcffb", "\udcc3"])
def test_byte_text_is_one_character_a_byte(text: str) -> None:
    raw = text.encode("utf-8", "surrogateescape")
    assert byte_text(text) == raw.decode("latin-1")
    assert plain_text(byte_text(text)) == text
