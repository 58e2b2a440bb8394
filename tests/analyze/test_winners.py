"""The largest number among the patterns that match, against brute force."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from policy.analyze import PathSet
from policy.analyze.path_map import (
    combine,
    find,
    relabel,
    split,
    values,
    values_on,
    with_slash,
    with_value,
)
from policy.analyze.winners import winners
from policy.model import Pattern, PatternKind
from tests.analyze.strategies import PATHS, patterns
from tests.properties.profiles import examples

numbered = st.lists(st.tuples(patterns, st.integers(1, 9)), max_size=7)


@examples(300)
@given(given=numbered)
def test_the_largest_number_wins(given: list[tuple[Pattern, int]]) -> None:
    node = winners(given)
    for path in PATHS:
        expected = max((number for p, number in given if p.matches(path)), default=0)
        assert find(node, path) == expected


@examples(150)
@given(one=numbered, other=numbered)
def test_operations_on_nodes_are_those_on_values(
    one: list[tuple[Pattern, int]], other: list[tuple[Pattern, int]]
) -> None:
    a, b = winners(one), winners(other)
    sums = combine(a, b, lambda x, y: 10 * x + y)
    products = combine(a, b, lambda x, y: x * y, zero_stays=True)
    halves = relabel(a, lambda x: x // 2)
    slashed = with_slash(a)
    changed = with_value(a, "a/b", 99)
    sets = split(a)
    for path in PATHS:
        x, y = find(a, path), find(b, path)
        assert find(sums, path) == 10 * x + y
        assert find(products, path) == x * y
        assert find(halves, path) == x // 2
        assert find(slashed, path) == find(a, path + "/")
        assert find(changed, path) == (99 if path == "a/b" else x)
        assert [n for n, node in sets.items() if find(node, path)] == ([x] if x else [])
    assert set(sets) == values(a) - {0}
    assert with_value(changed, "a/b", find(a, "a/b")) is a


def test_all_first_bytes_together_are_everything() -> None:
    """The byte behind `.` is the slash, with which no segment begins."""
    beginnings = [
        Pattern(PatternKind.PREFIX, chr(byte), True) for byte in range(256) if byte != ord("/")
    ]
    inside = Pattern(PatternKind.PREFIX, "/", True)
    empty = Pattern(PatternKind.EXACT, "", False)
    assert PathSet.matching(*beginnings, inside, empty) == PathSet.everything()
    last = Pattern(PatternKind.PREFIX, "\xff\xff", True)
    assert PathSet.matching(last) <= PathSet.matching(Pattern(PatternKind.PREFIX, "\xff", True))


@examples(300)
@given(given=numbered, within=st.lists(patterns, max_size=3))
def test_only_the_marked_paths_are_told_apart(
    given: list[tuple[Pattern, int]], within: list[Pattern]
) -> None:
    node, whole = winners(given, within), winners(given)
    for path in PATHS:
        inside = any(pattern.matches(path) for pattern in within)
        assert find(node, path) == (find(whole, path) if inside else 0)


@examples(300)
@given(given=numbered, pattern=patterns)
def test_values_on_a_pattern_are_those_of_its_paths(
    given: list[tuple[Pattern, int]], pattern: Pattern
) -> None:
    node = winners(given)
    found = values_on(node, pattern)
    assert {find(node, path) for path in PATHS if pattern.matches(path)} <= found
    only = relabel(node, lambda number: number + 1)
    within = winners([(pattern, 1)])
    assert found == {n - 1 for n in values(combine(within, only, min_or_zero)) if n}


def min_or_zero(inside: int, number: int) -> int:
    return number if inside else 0
