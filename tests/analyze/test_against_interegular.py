"""Sets of paths against another library that knows regular languages, byte by byte."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from policy.analyze import PathSet
from policy.model import Pattern, PatternKind
from tests.analyze.strategies import patterns
from tests.properties.profiles import examples

interegular = pytest.importorskip("interegular")


def expression(pattern: Pattern) -> str:
    """The pattern as a regular expression."""
    segments = pattern.text.split("/")
    is_segment = pattern.kind is PatternKind.SEGMENT
    words = ["[^/]*" if is_segment and s == "+" else re.escape(s) for s in segments]
    tail = "([^/]|/)*" if pattern.is_open else ""
    if pattern.is_open and is_segment and segments[-1] == "+":
        words[-1] = ""
    return "/".join(words) + tail


@examples(150)
@given(one=patterns, other=patterns)
def test_sets_of_two_patterns_agree(one: Pattern, other: Pattern) -> None:
    parsed = [interegular.parse_pattern(expression(pattern)) for pattern in (one, other)]
    none = interegular.patterns.REFlags(0)
    alphabet = interegular.fsm.Alphabet.union(*(p.get_alphabet(none) for p in parsed))[0]
    a, b = (p.to_fsm(alphabet) for p in parsed)
    x, y = PathSet.matching(one), PathSet.matching(other)
    assert x.isdisjoint(y) is a.isdisjoint(b)
    assert (x <= y) is a.issubset(b)
    assert (x == y) is (a == b)
    assert bool(x - y) is not (a - b).empty()
    found = (x - y).witness()
    assert found is None or (a - b).accepts(found)
