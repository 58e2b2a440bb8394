"""Whether patterns can share a path, against brute force over every short path."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from policy.analyze.touching import Touching
from policy.model import Pattern
from tests.analyze.strategies import PATHS, patterns
from tests.properties.profiles import examples


def met(pattern: Pattern, path: str) -> bool:
    return pattern.matches(path) or pattern.matches(path + "/")


@examples(400)
@given(given=st.lists(patterns, max_size=4), other=patterns)
def test_patterns_that_share_a_path_are_never_missed(given: list[Pattern], other: Pattern) -> None:
    near = Touching(given)
    shared = any(met(other, path) and any(met(one, path) for one in given) for path in PATHS)
    if shared:
        assert other in near


def test_patterns_that_share_none_are_left_out() -> None:
    near = Touching([Pattern.compile("a/b/*"), Pattern.compile("c/+/d"), Pattern.compile("e")])
    for text in ("a/c", "a/c*", "a/+/c", "+/b/*", "c/x/d", "c/*", "e/", "+", "*", "a/b", "a/bc*"):
        expected = text not in ("a/c", "a/c*", "a/bc*")
        assert (Pattern.compile(text) in near) is expected, text


@examples(400)
@given(given=st.lists(patterns, max_size=4))
def test_the_closed_patterns_are_those_with_and_without_a_slash(given: list[Pattern]) -> None:
    near = Touching(given)
    for path in PATHS:
        variants = (path, path + "/", *([path[:-1]] if path.endswith("/") else []))
        expected = any(pattern.matches(each) for pattern in given for each in variants)
        assert any(pattern.matches(path) for pattern in near.patterns) is expected, path
